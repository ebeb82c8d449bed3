"""The content that welcomes and mass sends share: a text and up to nine attachments.

Source: developer.work.weixin.qq.com/document/path/92137, 92135
"""

from datetime import timedelta
from typing import Any

from .endpoint import Call, limit_text
from .errors import Refused
from .platform import Platform

MEDIA_LIFE = timedelta(days=3)
_KINDS = ("image", "link", "miniprogram", "video", "file")


def read_content(call: Call, longest_bytes: int = 4000) -> list[tuple[str, dict[str, Any]]]:
    """The messages that arrive: the text first, then each attachment as one of its own."""
    text = call.mapping("text").get("content") or ""
    if not isinstance(text, str):
        raise Refused(40035, "Warning: wrong json format.")
    attachments = call.items("attachments")
    if not text and not attachments:
        raise Refused(40063)
    if len(attachments) > 9:
        raise Refused(41064)
    limit_text(text, longest_bytes)
    messages: list[tuple[str, dict[str, Any]]] = [("text", {"content": text})] if text else []
    return messages + [read_attachment(call.platform, attachment) for attachment in attachments]


def read_attachment(platform: Platform, attachment: object) -> tuple[str, dict[str, Any]]:
    if not isinstance(attachment, dict) or attachment.get("msgtype") not in _KINDS:
        raise Refused(41065)
    kind = str(attachment["msgtype"])
    content = attachment.get(kind)
    if not isinstance(content, dict):
        raise Refused(41065)
    if kind == "link":
        _check_link(content)
    elif kind == "miniprogram":
        _check_miniprogram(platform, content)
    elif kind != "image" or not content.get("pic_url"):
        check_media(platform, content.get("media_id"))
    return kind, content


def check_media(platform: Platform, media_id: object) -> None:
    """A media_id of this corp that is younger than three days, and not one that belongs to a webhook."""
    media = platform.corp.media.get(str(media_id))
    if media is None or media.webhook_key is not None or media.created_at + MEDIA_LIFE <= platform.now():
        raise Refused(40007)


def _check_link(content: dict[str, Any]) -> None:
    if not content.get("title") or not content.get("url"):
        raise Refused(41065, "link without title or url")
    limit_text(str(content["title"]), 128)
    limit_text(str(content.get("desc", "")), 512)


def _check_miniprogram(platform: Platform, content: dict[str, Any]) -> None:
    if not all(content.get(name) for name in ("title", "pic_media_id", "appid", "page")):
        raise Refused(41065, "miniprogram without title, picture, appid or page")
    limit_text(str(content["title"]), 64)
    check_media(platform, content["pic_media_id"])
