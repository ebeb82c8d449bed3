"""Mass sends of the official account: submitted now, told of by MASSSENDJOBFINISH.

Source: developers.weixin.qq.com/doc/service (Batch_Sends)
"""

import zoneinfo

from . import xml
from .deliver import Letter
from .endpoint import Answer, Call, official
from .errors import Refused
from .official_access import verified_service

MONTHLY = 4
_BEIJING = zoneinfo.ZoneInfo("Asia/Shanghai")


@official.post("message/mass/send")
@verified_service
def mass_send(call: Call) -> Answer:
    """To a list of 2 to 10,000 followers (40130, 40032), each at most four times a month; the rest is dropped."""
    platform, open_ids, kind = call.platform, call.texts("touser"), call.text("msgtype")
    if len(open_ids) < 2:
        raise Refused(40130)
    if len(open_ids) > 10_000:
        raise Refused(40032)
    if kind not in ("text", "image", "voice", "mpvideo", "mpnews") or not call.mapping(
        "images" if kind == "image" else kind
    ):
        raise Refused(40008)
    client_id = call.text("clientmsgid")
    if client_id and client_id in platform.official.mass_sends:
        raise Refused(45065, "clientmsgid exist", msg_id=platform.official.mass_sends[client_id])
    number = platform.ids.number()
    if client_id:
        platform.official.mass_sends[client_id] = number
    reached = [one for one in open_ids if _reach(call, one, kind)]
    _finish(call, number, len(open_ids), len(reached))
    return {"errcode": 0, "errmsg": "send job submission success", "msg_id": number}


def _reach(call: Call, open_id: str, kind: str) -> bool:
    platform = call.platform
    follower = platform.official.followers.get(open_id)
    if follower is None or not follower.subscribed or not follower.receives:
        return False
    month = platform.now().astimezone(_BEIJING).strftime("%Y-%m")
    had = platform.official.mass_received.get((open_id, month), 0)
    if had >= MONTHLY:
        return False
    platform.official.mass_received[open_id, month] = had + 1
    platform.show(open_id, "official", "official", kind, call.mapping("images" if kind == "image" else kind))
    return True


def _finish(call: Call, number: int, total: int, sent: int) -> None:
    config = call.platform.config
    plain = xml.render(
        {
            "ToUserName": config.official_id,
            "FromUserName": "oR5GjwPuHdoesNotFollow0000000",
            "CreateTime": call.platform.now_s(),
            "MsgType": "event",
            "Event": "MASSSENDJOBFINISH",
            "MsgID": number,
            "Status": "send success" if sent else "send fail",
            "TotalCount": total,
            "FilterCount": sent,
            "SentCount": sent,
            "ErrorCount": 0,
        }
    )
    call.platform.courier.post(Letter("official", "MASSSENDJOBFINISH", plain))
