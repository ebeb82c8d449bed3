"""WeCom's callback door: verify, open, read. No I/O, because the answer must leave at once."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from bot.errors import BadCallback
from bot.model.events import Event
from bot.platforms import xml
from bot.platforms.envelope import Envelope
from bot.platforms.wecom import events
from bot.settings import WeComSettings

OPENS, CLOSES = b"<Encrypt><![CDATA[", b"]]></Encrypt>"


def envelope(settings: WeComSettings) -> Envelope:
    return Envelope(settings.token.get_secret_value(), settings.aes_key.get_secret_value(), settings.corp_id)


def verify(door: Envelope, query: Mapping[str, str]) -> bytes:
    """Answer the console's test of the address: the decrypted echostr.

    Source: developer.work.weixin.qq.com/document/path/90930
    """
    return door.open(*signed(query), _needed(query, "echostr"))


def read(door: Envelope, query: Mapping[str, str], body: bytes, now: datetime) -> tuple[Event, str]:
    """The event in a callback, and the key by which its repetitions are known.

    The key hashes the decrypted text: two contacts who scan one code in the same second differ there, and the official
    advice (FromUserName + CreateTime) would take them for one. The time goes first, so that new keys are neighbours in
    the index: a commit then writes a few of its pages instead of one a row.
    """
    sealed = _sealed(body)
    message = door.open(*signed(query), sealed)
    event = events.read(xml.parse(message), now)
    return event, f"wecom:{int(event.at.timestamp()):010}:{hashlib.blake2b(message, digest_size=16).hexdigest()}"


def _sealed(body: bytes) -> str:
    """What the Encrypt element holds. It is signed and the rest of the body is not, so the rest is not read.

    A body as WeCom writes it is cut at the element; anything else goes through the XML reader.
    """
    if body.startswith(b"<xml>") and body.endswith(b"</xml>") and body.count(b"<Encrypt>") == 1 and b"<!D" not in body:
        _before, _opens, after = body.partition(OPENS)
        sealed, closes, _rest = after.partition(CLOSES)
        if closes:
            return sealed.decode(errors="replace")
    text = xml.text(xml.parse(body), "Encrypt")
    if not text:
        raise BadCallback("the body holds no Encrypt element")
    return text


def signed(query: Mapping[str, str]) -> tuple[str, str, str]:
    return _needed(query, "msg_signature"), _needed(query, "timestamp"), _needed(query, "nonce")


def _needed(query: Mapping[str, str], name: str) -> str:
    value = query.get(name)
    if not value:
        raise BadCallback(f"the query holds no {name}")
    return value
