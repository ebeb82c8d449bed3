"""An official account's callback door: verify, open, read, reply. No I/O, because the answer must leave at once.

`signature` covers token, timestamp and nonce but not the body. So in safe mode only `msg_signature` counts, and a body
without an envelope is refused: whoever saw one valid signature could have written it.

Source: developers.weixin.qq.com/doc/offiaccount/Message_Management/Message_encryption_and_decryption_instructions.html
"""

import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from bot.errors import BadCallback, BadSignature, SettingsError
from bot.model.events import Event
from bot.platforms import xml
from bot.platforms.envelope import Envelope, sign
from bot.platforms.official import events, replies
from bot.platforms.xml import Fields
from bot.settings import PREFIX, OfficialSettings


class Received(NamedTuple):
    """A callback that was found to be the platform's own. `fields` are what a reply is addressed by."""

    event: Event
    dedupe_key: str
    fields: Fields


def verify(settings: OfficialSettings, query: Mapping[str, str]) -> str:
    """Answer the console's test of the address: the echostr as it came, which is not encrypted here."""
    _check(settings, query)
    return query.get("echostr", "")


def read(settings: OfficialSettings, query: Mapping[str, str], body: bytes, now: datetime) -> Received:
    """Verify, open and read a callback; raises `BadSignature` or `BadCallback`."""
    fields = _open(settings, query, xml.parse(body))
    return Received(events.read(fields, now), events.dedupe_key(fields), fields)


def reply_body(
    settings: OfficialSettings,
    fields: Fields,
    reply: replies.Reply | str | None,
    now: datetime,
    nonce: str,
    *,
    encrypted: bool | None = None,
) -> str:
    """What to answer the callback with; without a reply the word that nothing more comes.

    `encrypted` follows the account's mode when it is not given.
    """
    reply = replies.Words(reply) if isinstance(reply, str) else reply
    if reply is None or reply == replies.Words(""):
        return replies.NO_REPLY
    rendered = replies.render(reply, fields, now)
    wanted = settings.mode == "safe" if encrypted is None else encrypted
    return replies.seal(envelope(settings), rendered, now, nonce) if wanted else rendered


def envelope(settings: OfficialSettings) -> Envelope:
    """The account's envelope; raises `SettingsError` when it has no key."""
    if settings.aes_key is None:
        raise SettingsError(f"{PREFIX}OFFICIAL__AES_KEY is not set, but the account's mode is {settings.mode}")
    return _envelope(settings.token.get_secret_value(), settings.aes_key.get_secret_value(), settings.app_id)


@lru_cache(maxsize=4)
def _envelope(token: str, aes_key: str, app_id: str) -> Envelope:
    return Envelope(token, aes_key, app_id)


def _open(settings: OfficialSettings, query: Mapping[str, str], outside: Fields) -> Fields:
    sealed = xml.text(outside, "Encrypt")
    if settings.mode == "safe" or (settings.mode == "compat" and sealed and settings.aes_key):
        if not sealed:
            raise BadCallback("the body holds no Encrypt element")
        signature = _needed(query, "msg_signature")
        return xml.parse(
            envelope(settings).open(signature, _needed(query, "timestamp"), _needed(query, "nonce"), sealed)
        )
    _check(settings, query)
    return outside


def _check(settings: OfficialSettings, query: Mapping[str, str]) -> None:
    """Raise `BadSignature` unless whoever wrote the query knows our token."""
    ours = sign(settings.token.get_secret_value(), _needed(query, "timestamp"), _needed(query, "nonce"))
    if not hmac.compare_digest(ours.encode(), _needed(query, "signature").encode()):
        raise BadSignature("the signature does not match")


def _needed(query: Mapping[str, str], name: str) -> str:
    value = query.get(name)
    if not value:
        raise BadCallback(f"the query holds no {name}")
    return value
