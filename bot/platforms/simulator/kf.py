"""WeChat customer service, the least of it: what people wrote, and answering within 48 hours.

Source: developer.work.weixin.qq.com/document/path/94670, 94677
"""

from datetime import timedelta

from .endpoint import Answer, Call, wecom
from .errors import Refused


@wecom.post("kf/sync_msg")
def kf_sync_msg(call: Call) -> Answer:
    """Messages after the cursor, of the last three days; never those that the API sent."""
    cursor = call.text("cursor")
    start = int(cursor) if cursor.isdigit() else 0
    limit = call.number("limit", 1000, 1, 1000)
    oldest_s = (call.platform.now() - timedelta(days=3)).timestamp()
    account = call.text("open_kfid")
    taken = call.platform.kf_messages[start : start + limit]
    end = start + len(taken)
    return {
        "next_cursor": str(end),
        "has_more": int(end < len(call.platform.kf_messages)),
        "msg_list": [
            message
            for message in taken
            if message["origin"] != 0
            and (not account or message["open_kfid"] == account)
            and float(str(message["send_time"])) >= oldest_s
        ],
    }


@wecom.post("kf/send_msg")
def kf_send_msg(call: Call) -> Answer:
    """Up to five messages in the 48 hours after each message of the customer."""
    person, account, kind = call.text("touser"), call.text("open_kfid"), call.text("msgtype")
    if not person or not account or not call.mapping(kind):
        raise Refused(40063)
    mine = [
        one for one in call.platform.kf_messages if one["external_userid"] == person and one["open_kfid"] == account
    ]
    asked = max((index for index, one in enumerate(mine) if one["origin"] == 3), default=None)
    if asked is None:
        raise Refused(95018)
    if float(str(mine[asked]["send_time"])) < (call.platform.now() - timedelta(hours=48)).timestamp():
        raise Refused(95002)
    if len(mine) - asked - 1 >= 5:
        raise Refused(95001)
    msgid = call.text("msgid") or call.platform.ids.text(32)
    call.platform.kf_messages.append(
        {
            "msgid": msgid,
            "open_kfid": account,
            "external_userid": person,
            "send_time": call.platform.now_s(),
            "origin": 0,
            "msgtype": kind,
            kind: call.mapping(kind),
        }
    )
    call.platform.show(person, f"kf:{account}", account, kind, call.mapping(kind))
    return {"msgid": msgid}
