"""The message that the run last heard."""

from bot.model.events import MessageReceived
from bot.sop.filters import kind
from bot.sop.scope import Scope


def _message(scope: Scope) -> MessageReceived | None:
    return scope.event if isinstance(scope.event, MessageReceived) else None


@kind.text
def text(scope: Scope) -> str | None:
    """Words of the message."""
    message = _message(scope)
    return message.text if message else None


@kind.text
def channel(scope: Scope) -> str | None:
    """Where the message was written: app, archive, kf, official or aibot."""
    message = _message(scope)
    return message.channel if message else None


@kind.text
def kind_(scope: Scope) -> str | None:
    """Kind of message: text, image, link, miniprogram …"""
    message = _message(scope)
    return message.message_kind if message else None


@kind.number
def length(scope: Scope) -> int | None:
    """Length of the message, in characters."""
    message = _message(scope)
    return len(message.text) if message else None


@kind.flag
def in_group(scope: Scope) -> bool | None:
    """Whether the message was written in a group."""
    message = _message(scope)
    return message.chat_id is not None if message else None


@kind.flag
def from_staff(scope: Scope) -> bool | None:
    """Whether a staff member wrote the message."""
    message = _message(scope)
    return message.user_id is not None if message else None
