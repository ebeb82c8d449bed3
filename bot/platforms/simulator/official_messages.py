"""What the official account may send on its own: customer messages by credit, template messages.

Source: developers.weixin.qq.com/doc/service (api_sendcustommessage, api_sendtemplatemessage)
"""

from datetime import timedelta

from . import xml
from .deliver import Letter
from .endpoint import Answer, Call, limit_text, official
from .errors import Refused
from .official import Follower
from .official_access import verified, verified_service
from .official_values import read_values
from .platform import Platform

SAME_ID = timedelta(minutes=10)
_KINDS = ("text", "image", "voice", "video", "music", "news", "mpnews", "mpnewsarticle", "msgmenu", "miniprogrampage")


@official.post("message/custom/send")
@verified
def custom_send(call: Call) -> Answer:
    """Costs a credit that the person gave by writing, tapping, following or scanning (45015, 45047)."""
    follower = call.platform.official.follower(call.text("touser"))
    kind = call.text("msgtype")
    if kind not in _KINDS:
        raise Refused(40008)
    content = call.mapping(kind)
    if not content:
        raise Refused(44002)
    if kind == "news" and len(content.get("articles", [])) != 1:
        raise Refused(45008)
    if kind == "text":
        limit_text(str(content.get("content", "")), 2048)
        if b"\\u" in call.raw:  # escapes are taken literally
            content = {"content": str(content["content"]).encode("unicode_escape").decode()}
    if not follower.receives:
        raise Refused(48002)
    follower.spend(call.platform.now())
    call.platform.show(follower.openid, "official", "official", kind, content)
    return {}


@official.post("message/template/send")
@verified_service
def template_send(call: Call) -> Answer:
    """Accepted now, delivered a moment later: TEMPLATESENDJOBFINISH says how it went."""
    platform = call.platform
    follower = platform.official.follower(call.text("touser"))
    fields = platform.official.templates.get(call.text("template_id"))
    if fields is None:
        raise Refused(40037)
    if not follower.subscribed:
        raise Refused(43004)
    values = read_values(call, fields)
    msgid = platform.ids.number()
    _check_repeat(call, follower)
    if follower.receives:
        shown: dict[str, object] = {"template_id": call.text("template_id"), "values": values, "url": call.text("url")}
        platform.show(follower.openid, "official", "official", "template", shown)
    _finish(platform, follower, msgid)
    return {"errcode": 0, "errmsg": "ok", "msgid": msgid}


def _check_repeat(call: Call, follower: Follower) -> None:
    client_id = call.text("client_msg_id")
    if not client_id:
        return
    seen, now = call.platform.official.client_msg_ids, call.platform.now()
    before = seen.get((follower.openid, client_id))
    if before is not None and now < before + SAME_ID:
        raise Refused(45065, "clientmsgid exist")
    seen[(follower.openid, client_id)] = now


def _finish(platform: Platform, follower: Follower, msgid: int) -> None:
    status = "success" if follower.receives else "failed:user block"
    plain = xml.render(
        {
            "ToUserName": platform.config.official_id,
            "FromUserName": follower.openid,
            "CreateTime": platform.now_s(),
            "MsgType": "event",
            "Event": "TEMPLATESENDJOBFINISH",
            "MsgID": msgid,
            "Status": status,
        }
    )
    platform.courier.post(Letter("official", "TEMPLATESENDJOBFINISH", plain, openid=follower.openid))
