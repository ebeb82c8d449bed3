"""Events as the ledgers keep them: plain JSON values."""

from typing import Any

import orjson
from pydantic import TypeAdapter

from bot.model.events import EVENTS, Event

_READERS: dict[str, TypeAdapter[Event]] = {}


def read_event(kind: str, payload: dict[str, Any]) -> Event:
    """The event that `payload` was written from."""
    if kind not in _READERS:
        _READERS[kind] = TypeAdapter(EVENTS[kind])
    return _READERS[kind].validate_python(payload)


def write_event(event: Event) -> dict[str, Any]:
    """An event as plain JSON values."""
    return dict(orjson.loads(orjson.dumps(event)))
