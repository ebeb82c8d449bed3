"""Passive replies: the answer to a follower that leaves inside the answer to the callback.

Source: developers.weixin.qq.com/doc/offiaccount/Message_Management/Passive_user_reply_message.html
"""

import re
from dataclasses import dataclass
from datetime import datetime

from bot.platforms.envelope import Envelope
from bot.platforms.official.fields import find
from bot.platforms.xml import Fields

NO_REPLY = "success"
"""Tells the platform that we have it: nothing is shown, nothing is sent again. Never encrypted."""
MAX_TEXT_BYTES = 2048
MAX_ARTICLES = 8
ANSWERS_ONE_ARTICLE = frozenset({"text", "image", "voice", "video", "location", "link"})
"""After these kinds of message a reply may hold one article only."""

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Words:
    """A text; what is longer than the platform takes is cut at a character."""

    content: str


@dataclass(frozen=True, slots=True)
class Picture:
    media_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    title: str
    description: str = ""
    picture_url: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class News:
    articles: tuple[Article, ...]


Reply = Words | Picture | News


def render(reply: Reply, asked: Fields, now: datetime) -> str:
    """The reply as XML, to the one who sent the callback `asked`."""
    return "<xml>{}</xml>".format(
        _text("ToUserName", find(asked, "FromUserName"))
        + _text("FromUserName", find(asked, "ToUserName"))
        + f"<CreateTime>{int(now.timestamp())}</CreateTime>"
        + _content(reply, find(asked, "MsgType"))
    )


def seal(envelope: Envelope, reply: str, now: datetime, nonce: str) -> str:
    """The reply in its envelope, for an account in safe mode."""
    timestamp = str(int(now.timestamp()))
    sealed, signature = envelope.seal(reply.encode(), timestamp, nonce)
    return (
        f"<xml>{_text('Encrypt', sealed)}{_text('MsgSignature', signature)}"
        f"<TimeStamp>{timestamp}</TimeStamp>{_text('Nonce', nonce)}</xml>"
    )


def cut(words: str, size_bytes: int = MAX_TEXT_BYTES) -> str:
    """As much of `words` as fits, without half a character."""
    return words.encode()[:size_bytes].decode(errors="ignore")


def _content(reply: Reply, asked_kind: str) -> str:
    match reply:
        case Words(content):
            return _text("MsgType", "text") + _text("Content", cut(_clean(content)))
        case Picture(media_id):
            return _text("MsgType", "image") + f"<Image>{_text('MediaId', media_id)}</Image>"
        case News(articles):
            shown = articles[: 1 if asked_kind in ANSWERS_ONE_ARTICLE else MAX_ARTICLES]
            items = "".join(_article(article) for article in shown)
            count = f"<ArticleCount>{len(shown)}</ArticleCount>"
            return _text("MsgType", "news") + count + f"<Articles>{items}</Articles>"


def _article(article: Article) -> str:
    return "<item>{}</item>".format(
        _text("Title", article.title)
        + _text("Description", article.description)
        + _text("PicUrl", article.picture_url)
        + _text("Url", article.url)
    )


def _text(name: str, value: str) -> str:
    """An element with its text in CDATA, which must not end before the text does."""
    return f"<{name}><![CDATA[{_clean(value).replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"


def _clean(value: str) -> str:
    """Without the characters that XML cannot hold: the follower would read that the account is out of order."""
    return _FORBIDDEN.sub("", value)
