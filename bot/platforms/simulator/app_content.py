"""What an app message, an app-made group message and a webhook message may hold.

Source: developer.work.weixin.qq.com/document/path/90236, 90248, 99110
"""

import base64
import binascii
import hashlib
from typing import Any

from . import cards
from .attachments import check_media
from .endpoint import Call, limit_text
from .errors import Refused

APP_KINDS = (
    "text", "image", "voice", "video", "file", "textcard", "news", "mpnews", "markdown", "miniprogram_notice",
    "template_card",
)  # fmt: skip


def read_app_content(call: Call, kinds: tuple[str, ...] = APP_KINDS) -> tuple[str, dict[str, Any]]:
    """The kind and the checked content of message/send; a text that is too long is cut, not refused."""
    kind = call.text("msgtype")
    if kind not in kinds:
        raise Refused(40008)
    content = call.mapping(kind)
    if kind == "text":
        if not content.get("content"):
            raise Refused(40063)
        shortened = str(content["content"]).encode()[:2048].decode("utf-8", "ignore")
        return kind, {**content, "content": shortened}
    if kind in ("image", "voice", "video", "file"):
        check_media(call.platform, content.get("media_id"))
    elif kind == "markdown":
        if not content.get("content"):
            raise Refused(40063)
        limit_text(str(content["content"]), 2048)
    elif kind == "textcard":
        _check_textcard(content)
    elif kind == "news":
        _check_articles(content)
    elif kind == "template_card":
        cards.check(content)
    return kind, content


def read_webhook_content(call: Call, key: str) -> tuple[str, dict[str, Any]]:
    kind = call.text("msgtype")
    if kind not in ("text", "markdown", "markdown_v2", "image", "news", "file", "voice", "template_card"):
        raise Refused(40008)
    content = call.mapping(kind)
    if not content:
        raise Refused(93017)
    if kind in ("text", "markdown", "markdown_v2"):
        if not content.get("content"):
            raise Refused(93017)
        limit_text(str(content["content"]), 2048 if kind == "text" else 4096)
    elif kind == "image":
        _check_picture(content)
    elif kind == "news":
        _check_articles(content)
    elif kind in ("file", "voice"):
        media = call.platform.corp.media.get(str(content.get("media_id")))
        if media is None or media.webhook_key != key:
            raise Refused(40007)
    elif content.get("card_type") not in ("text_notice", "news_notice"):
        raise Refused(42021)
    else:
        cards.check(content)
    return kind, content


def _check_textcard(content: dict[str, Any]) -> None:
    if not all(content.get(name) for name in ("title", "description", "url")):
        raise Refused(40063)
    if len(content["title"]) > 128 or len(content["description"]) > 512:
        raise Refused(45002)


def _check_articles(content: dict[str, Any]) -> None:
    articles = content.get("articles")
    if not isinstance(articles, list) or not 1 <= len(articles) <= 8:
        raise Refused(40058, "invalid articles size")
    if any(not article.get("title") for article in articles):
        raise Refused(40063)


def _check_picture(content: dict[str, Any]) -> None:
    """base64 of at most 2 MB, and the md5 of the picture itself."""
    try:
        picture = base64.b64decode(str(content.get("base64")), validate=True)
    except binascii.Error:
        raise Refused(40058, "invalid base64") from None
    if len(picture) > 2 * 2**20:
        raise Refused(93018)
    if hashlib.md5(picture).hexdigest() != content.get("md5"):
        raise Refused(40058, "md5 does not match")
