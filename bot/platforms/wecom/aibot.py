"""The AI bot's callback door: JSON in the same envelope, for no receiver in particular.

The bot hears staff who write to it, and groups where it is mentioned. It answers later, by the response code that a
message brings.
Source: developer.work.weixin.qq.com/document/path/100719, 101027, 101031, 101033, 101138
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from bot.errors import BadCallback
from bot.model.events import Event, MessageReceived, UnknownCallback
from bot.model.ids import ChatId, UserId
from bot.platforms.envelope import Envelope
from bot.platforms.wecom.callback import signed
from bot.settings import AiBotSettings

RESPONSE = "aibot/response"
MESSAGES = frozenset({"text", "mixed", "voice", "image", "file"})
_MENTION = re.compile(r"^@\S+\s*")


def envelope(settings: AiBotSettings) -> Envelope:
    return Envelope(settings.token.get_secret_value(), settings.aes_key.get_secret_value(), "")


def read(door: Envelope, query: Mapping[str, str], body: bytes, now: datetime) -> tuple[Event, str]:
    """The event in a callback, and the key by which its repetitions are known."""
    message = _object(door.open(*signed(query), _sealed(body)))
    message_id = str(message.get("msgid") or "")
    user_id = UserId(str(_part(message, "from").get("userid") or ""))
    key = f"aibot:{message_id}"
    if message.get("msgtype") not in MESSAGES or not message_id or not user_id:
        return UnknownCallback(at=now, source="aibot", fields=message), key
    return _message(message, key, user_id, now), key


def _message(message: dict[str, Any], key: str, user_id: UserId, now: datetime) -> MessageReceived:
    """A message names no time of its own: it is now."""
    chat_id = ChatId(str(message.get("chatid") or "")) if message.get("chattype") == "group" else None
    code = parse_qs(urlsplit(str(message.get("response_url") or "")).query).get("response_code", [""])[0]
    words = _words(message)
    return MessageReceived(
        at=now,
        channel="aibot",
        message_id=key,
        text=_MENTION.sub("", words) if chat_id else words,
        message_kind=str(message["msgtype"]),
        user_id=user_id,
        chat_id=chat_id,
        content={"response_code": code},
    )


def _words(message: Mapping[str, Any]) -> str:
    """Text and speech as words; of a mixed message its texts."""
    kind = str(message.get("msgtype"))
    if kind == "mixed":
        parts = _part(message, "mixed").get("msg_item") or []
        return "\n".join(filter(None, (_words(part) for part in parts if isinstance(part, dict))))
    return str(_part(message, kind).get("content") or "") if kind in ("text", "voice") else ""


def _part(message: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = message.get(name)
    return found if isinstance(found, dict) else {}


def _sealed(body: bytes) -> str:
    sealed = _object(body).get("encrypt")
    if not isinstance(sealed, str) or not sealed:
        raise BadCallback("the body holds no encrypt")
    return sealed


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadCallback("the body is not JSON") from error
    if not isinstance(value, dict):
        raise BadCallback("the body is not a JSON object")
    return value
