"""Notices that people subscribed to, at the official account and in the mini-program: one message for each consent.

Source: developers.weixin.qq.com/doc/service (api_sendsubscribemessage), /miniprogram (subscribeMessage.send)
"""

from . import xml
from .deliver import Letter
from .endpoint import Answer, Call, official
from .errors import Refused
from .official_access import verified_service
from .official_values import read_values


@official.post("message/subscribe/bizsend")
@verified_service
def bizsend(call: Call) -> Answer:
    """How it went is told by subscribe_msg_sent_event; who never agreed, or has had theirs, is 43101."""
    _spend(call)
    open_id, platform = call.text("touser"), call.platform
    sent = {
        "TemplateId": call.text("template_id"),
        "MsgID": platform.ids.number(),
        "ErrorCode": 0,
        "ErrorStatus": "success",
    }
    plain = xml.render(
        {
            "ToUserName": platform.config.official_id,
            "FromUserName": open_id,
            "CreateTime": platform.now_s(),
            "MsgType": "event",
            "Event": "subscribe_msg_sent_event",
            "SubscribeMsgSentEvent": {"List": sent},
        }
    )
    platform.courier.post(Letter("official", "subscribe_msg_sent_event", plain, openid=open_id))
    return {}


@official.post("message/subscribe/send", "miniprogram")
def miniprogram_send(call: Call) -> Answer:
    """With the mini-program's own token, to its own openids."""
    _spend(call)
    return {"errcode": 0, "errmsg": "ok", "msgid": call.platform.ids.number()}


def _spend(call: Call) -> None:
    platform, open_id, template_id = call.platform, call.text("touser"), call.text("template_id")
    fields = platform.official.templates.get(template_id)
    if not open_id:
        raise Refused(40003)
    if fields is None:
        raise Refused(40037)
    values = read_values(call, fields)
    consents = platform.official.consents
    if not consents.get((open_id, template_id)):
        raise Refused(43101)
    consents[open_id, template_id] -= 1
    shown: dict[str, object] = {"template_id": template_id, "values": values, "url": call.text("page")}
    platform.show(open_id, "notices", "official", "template", shown)
