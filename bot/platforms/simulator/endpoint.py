"""How an API endpoint is written: a function from a call to an answer, put into a table by its name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from .errors import Refused
from .platform import Platform

Scope = Literal["app", "contact", "archive", "official"]


@dataclass(frozen=True, slots=True)
class Upload:
    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class File:
    """An answer that is not JSON."""

    content: bytes
    filename: str


Answer = dict[str, Any] | File


@dataclass(frozen=True, slots=True)
class Call:
    """One request; a JSON value of the wrong kind is refused as the platform does (40035)."""

    platform: Platform
    query: dict[str, str]
    body: dict[str, Any]
    upload: Upload | None = None
    scope: str = "app"
    raw: bytes = b""

    def text(self, name: str, default: str = "") -> str:
        return str(_typed(self.body.get(name), str, default))

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = int(_typed(self.body.get(name), int, default))
        if not low <= value <= high:
            raise Refused(40035, f"{name} is out of range")
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        return dict(_typed(self.body.get(name), dict, {}))

    def items(self, name: str) -> list[Any]:
        return list(_typed(self.body.get(name), list, []))

    def texts(self, name: str) -> list[str]:
        items = self.items(name)
        if not all(isinstance(item, str) for item in items):
            raise Refused(40035, "Warning: wrong json format.")
        return items

    def flag(self, name: str, default: bool = False) -> bool:
        return bool(_typed(self.body.get(name), (bool, int), default))

    def page(self, items: list[Any], limit: int) -> tuple[list[Any], str]:
        """One page of `items` and the cursor of the next, empty at the end; a strange cursor is 50100."""
        cursor = self.text("cursor")
        if cursor and not cursor.startswith("c"):
            raise Refused(50100, "invalid cursor")
        start = int(cursor[1:]) if cursor[1:].isdigit() else 0
        end = start + limit
        return items[start:end], f"c{end}" if end < len(items) else ""


def _typed(value: Any, kind: type | tuple[type, ...], default: Any) -> Any:
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Refused(40035, "Warning: wrong json format.")
    return value


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Endpoint:
    name: str
    method: Literal["GET", "POST"]
    answer: Handler
    scopes: tuple[str, ...]
    free: bool = False


@dataclass(slots=True)
class Endpoints:
    """The table of one platform's endpoints."""

    default_scopes: tuple[str, ...]
    table: dict[str, Endpoint] = field(default_factory=dict)

    def get(self, name: str, *scopes: str, free: bool = False) -> Callable[[Handler], Handler]:
        return self._put(name, "GET", scopes, free)

    def post(self, name: str, *scopes: str, free: bool = False) -> Callable[[Handler], Handler]:
        return self._put(name, "POST", scopes, free)

    def _put(
        self, name: str, method: Literal["GET", "POST"], scopes: tuple[str, ...], free: bool
    ) -> Callable[[Handler], Handler]:
        def put(handler: Handler) -> Handler:
            self.table[name] = Endpoint(name, method, handler, scopes or self.default_scopes, free)
            return handler

        return put


wecom = Endpoints(("app",))
official = Endpoints(("official", "official stable"))
archive = Endpoints(("archive",))


def limit_text(content: str, limit_bytes: int) -> str:
    """Refuse a text that is too long in UTF-8 (45002)."""
    if len(content.encode()) > limit_bytes:
        raise Refused(45002)
    return content
