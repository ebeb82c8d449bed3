"""The event that the run last heard: pure functions, missing where the event has no such thing."""

from datetime import datetime
from typing import Any

from bot.model.events import Event, MetricCrossed, Tracked
from bot.sop.filters import kind
from bot.sop.scope import Scope


def _of(event: Event | None, field: str) -> Any:
    """A field of the event; None when it has no such field."""
    return getattr(event, field, None)


def _text(event: Event | None, field: str) -> str | None:
    found = getattr(event, field, None)
    return None if found is None else str(found)


@kind.text
def kind_(scope: Scope) -> str | None:
    """Kind of the event, such as contact.added."""
    return None if scope.event is None else scope.event.kind


@kind.text
def name(scope: Scope) -> str | None:
    """Name of the event inside its kind: subscribe, click, order.paid …"""
    return _text(scope.event, "name")


@kind.text
def state(scope: Scope) -> str | None:
    """State of the live code or join way that was scanned."""
    return _text(scope.event, "state")


@kind.text
def key(scope: Scope) -> str | None:
    """Scene, menu key or address of an official-account event."""
    return _text(scope.event, "event_key")


@kind.text
def user(scope: Scope) -> str | None:
    """Staff member of the event, by user id."""
    return _text(scope.event, "user_id") or scope.user_id


@kind.text
def chat(scope: Scope) -> str | None:
    """Group of the event, by chat id."""
    return _text(scope.event, "chat_id") or scope.chat_id


@kind.text
def change(scope: Scope) -> str | None:
    """What changed about a group: create, dismiss, name, owner or notice."""
    return _text(scope.event, "change")


@kind.number
def scene(scope: Scope) -> int | None:
    """Scene of joining or leaving a group, by WeCom's number."""
    scene: int | None = _of(scope.event, "scene")
    return scene


@kind.text
def button(scope: Scope) -> str | None:
    """Button of a card that was pressed."""
    return _text(scope.event, "button")


@kind.flag
def has_welcome_code(scope: Scope) -> bool | None:
    """Whether the contact can still be greeted with this event."""
    code = _of(scope.event, "welcome_code")
    return None if code is None else bool(code)


@kind.flag
def found(scope: Scope) -> bool | None:
    """Whether the event was found by reading the corp, because its callback never came."""
    found: bool | None = _of(scope.event, "found")
    return found


@kind.date
def at(scope: Scope) -> datetime | None:
    """When the event happened."""
    return None if scope.event is None else scope.event.at


@kind.number
def value(scope: Scope) -> float | None:
    """Figure that crossed its line, in seconds, messages or percent."""
    return scope.event.value if isinstance(scope.event, MetricCrossed) else None


@kind.text
def text(scope: Scope) -> str | None:
    """Words of the message."""
    return _text(scope.event, "text")


@kind.text
def property(scope: Scope, name: str) -> str | None:
    """A property of a tracked event, by its name, as text."""
    found = scope.event.properties.get(name) if isinstance(scope.event, Tracked) else None
    return None if found is None else str(found)


@kind.number
def amount(scope: Scope) -> float | None:
    """Amount of a tracked event."""
    found = scope.event.properties.get("amount") if isinstance(scope.event, Tracked) else None
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None
