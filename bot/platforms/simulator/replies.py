"""Passive replies: what the bot may put into the HTTP answer of a callback, opened and checked.

Source: developer.work.weixin.qq.com/document/path/90241; developers.weixin.qq.com (passive user reply)
"""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from . import crypt, xml
from .config import SimulatorConfig
from .deliver import BadReply

SERVICE_FAULT = "该公众号提供的服务出现故障，请稍后再试"


@dataclass(frozen=True, slots=True)
class PassiveReply:
    """`text` is the content of a text reply; `content` holds the fields of any kind."""

    kind: str
    text: str
    content: dict[str, object]
    encrypted: bool


def read_official(config: SimulatorConfig, openid: str, body: str) -> PassiveReply | None:
    """The reply to a follower, or None for an empty body or `success`; raises BadReply for anything else."""
    if body in ("", "success"):
        return None
    try:
        root = xml.parse(body)
        sealed = root.find("Encrypt") is not None
        if sealed and config.official_mode == "plain":
            raise BadReply("encrypted although the account is in plain mode")
        if not sealed and config.official_mode == "safe":
            raise BadReply("plain although the account is in safe mode")
        if sealed:
            root = _open(root, config.official_token, config.official_aes_key, config.official_app_id)
        return _read(root, openid, config.official_id, sealed)
    except (xml.BadXml, crypt.BadEnvelope) as error:
        raise BadReply(str(error)) from error


def read_wecom(config: SimulatorConfig, userid: str, body: str) -> PassiveReply | None:
    """The reply to a member; always encrypted. An empty body is the usual answer."""
    if body in ("", "success", "ok"):
        return None
    try:
        root = _open(xml.parse(body), config.token, config.aes_key, config.corp_id)
        if xml.text_of(root, "MsgType") in ("update_button", "update_template_card"):
            return None  # the server is said to ignore them
        return _read(root, userid, config.corp_id, True)
    except (xml.BadXml, crypt.BadEnvelope) as error:
        raise BadReply(str(error)) from error


def _open(root: Element, token: str, aes_key: str, receive_id: str) -> Element:
    sealed = xml.text_of(root, "Encrypt").strip()
    wanted = crypt.sign(token, xml.text_of(root, "TimeStamp").strip(), xml.text_of(root, "Nonce").strip(), sealed)
    if not crypt.same(xml.text_of(root, "MsgSignature").strip(), wanted):
        raise BadReply("wrong signature")
    return xml.parse(crypt.decrypt(aes_key, sealed, receive_id))


def _read(root: Element, to: str, sender: str, encrypted: bool) -> PassiveReply:
    if xml.text_of(root, "ToUserName") != to or xml.text_of(root, "FromUserName") != sender:
        raise BadReply("ToUserName or FromUserName is not that of this conversation")
    if not xml.text_of(root, "CreateTime").strip().isdigit():
        raise BadReply("CreateTime is not a number")
    kind = xml.text_of(root, "MsgType")
    content = _content(root, kind)
    return PassiveReply(kind, str(content.get("content", "")), content, encrypted)


def _content(root: Element, kind: str) -> dict[str, object]:
    if kind == "text":
        text = xml.text_of(root, "Content")
        if len(text.encode()) > 2048:
            raise BadReply("text longer than 2048 bytes")
        return {"content": text}
    if kind in ("image", "voice", "video"):
        return {"media_id": xml.text_of(root, f"{kind.capitalize()}/MediaId")}
    if kind == "music":
        return {"thumb_media_id": xml.text_of(root, "Music/ThumbMediaId")}
    if kind == "news":
        return {"articles": _articles(root)}
    if kind in ("transfer_customer_service", "transfer_biz_ai_ivr"):
        return {}
    raise BadReply(f"unknown MsgType {kind}")


def _articles(root: Element) -> list[dict[str, str]]:
    items = root.findall("Articles/item")
    if not 1 <= len(items) <= 8 or xml.text_of(root, "ArticleCount").strip() != str(len(items)):
        raise BadReply("ArticleCount is not the number of articles")
    names = {"title": "Title", "description": "Description", "picurl": "PicUrl", "url": "Url"}
    return [{name: item.findtext(tag) or "" for name, tag in names.items()} for item in items]
