"""What every page of the console works with, and how it becomes HTML."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot import i18n
from bot.settings import Settings
from bot.storage.work import Store
from bot.web.console import masking, words

TEMPLATES = Path(__file__).parent.parent / "templates"
FORMAT = "%Y-%m-%d %H:%M:%S"
MOMENT = re.compile(
    r"20\d\d-(?:0[1-9]|1[0-2])-(?:[01]\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3,6})?(?:Z|[+-]\d\d:[0-5]\d)"
)
"""A moment as the ledgers write it in JSON."""


class Knowledge(Protocol):
    """Which files are not in force, each as `path:line: code message`."""

    @property
    def broken(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class Desk:
    """The settings, the memory and the knowledge: pages look, and only forms change anything."""

    settings: Settings
    store: Store
    knowledge: Knowledge


@dataclass(frozen=True)
class Page:
    """A template and what it is filled with."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


Show = Callable[[Desk, web.Request], Awaitable[Page]]


@cache
def environment(zone: ZoneInfo) -> Environment:
    """Templates in the reader's language and the corp's time zone; all that they are given is escaped."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(_=i18n.gettext, words=words, language=i18n.current)
    made.filters.update(
        by_day=lambda lines: by_day(lines, zone),
        time=lambda at: local(at, zone).strftime("%H:%M:%S"),
        moment=lambda at: local(at, zone).strftime(FORMAT) if at else "—",
        said=lambda key, names: words.said(names, key),
        tone=words.tone,
        masked=masking.masked,
        pretty=pretty,
        compact=lambda value: shown(value, zone),
        shown=lambda value, name: shown(value, zone, name),
    )
    return made


def local(at: datetime, zone: ZoneInfo) -> datetime:
    """The local time; at the ends of the calendar, where there is none, the time as it is."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at.astimezone(UTC)


def by_day(lines: Sequence[Any], zone: ZoneInfo) -> list[tuple[str, list[Any]]]:
    """Lines under the local day on which each was received, in their order."""

    def day(line: Any) -> str:
        at = local(line.row.received_at, zone)
        return f"{at:%Y-%m-%d} {i18n.gettext(words.WEEKDAYS[at.weekday()])}"

    return [(title, list(listed)) for title, listed in groupby(lines, day)]


def pretty(value: Any) -> str:
    """JSON over several lines, masked."""
    return orjson.dumps(masking.masked(value), option=orjson.OPT_INDENT_2, default=str).decode()


def shown(value: Any, zone: ZoneInfo, name: str = "") -> str:
    """A value in one line, as a person would write it, masked; `name` is that of its field."""
    return _written(masking.masked(value, name), zone)


def _written(value: Any, zone: ZoneInfo) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return i18n.gettext("yes") if value else i18n.gettext("no")
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_written(one, zone)}" for key, one in value.items()) or "—"
    if isinstance(value, list):
        return ", ".join(_written(one, zone) for one in value) or "—"
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return local(datetime.fromisoformat(value), zone).strftime(FORMAT)
    return str(value)


def before(request: web.Request, name: str = "before") -> int | None:
    """The id that a page goes back from; None for the newest page."""
    asked = request.query.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and 0 < len(asked) < 19 else None


def asked(request: web.Request, name: str, longest: int = 64) -> str:
    """A filter as it stands in the address."""
    return request.query.get(name, "").strip()[:longest].replace("\x00", "")
