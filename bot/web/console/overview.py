"""The stream of what came in from outside, and in a line what each led to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlmodel import Session

from bot.i18n import _
from bot.model.tables import InboxRow
from bot.storage.queries import console as rows
from bot.web.console import led_to, masking, names, words
from bot.web.console.led_to import Effects, Phrase
from bot.web.console.names import Named, Names
from bot.web.console.page import Desk, Page, asked, before

A_PAGE = 50
MOST_FOUND = 50
SNIPPET = 80
STATES = ("new", "done", "buried")


@dataclass(frozen=True)
class Asked:
    """The filters of the page."""

    kind: str
    state: str
    who: str
    before: int | None


@dataclass(frozen=True)
class Line:
    """One row of the stream."""

    row: InboxRow
    who: Sequence[Named]
    words: str
    led_to: Sequence[Phrase]


@dataclass(frozen=True)
class _Found:
    rows: Sequence[InboxRow]
    names: Names
    effects: Effects


async def show(desk: Desk, request: web.Request) -> Page:
    filters = Asked(asked(request, "kind"), asked(request, "state"), asked(request, "who"), before(request))
    found = await desk.store.read(lambda session: _find(session, filters))
    lines = [_line(row, found) for row in found.rows[:A_PAGE]]
    older = _older(filters, lines[-1].row.id) if len(found.rows) > A_PAGE else ""
    values = {"lines": lines, "filters": filters, "older": older, "states": STATES}
    return Page("overview.html", values)


def _older(filters: Asked, last: int | None) -> str:
    query = {"kind": filters.kind, "state": filters.state, "who": filters.who, "before": str(last)}
    return "?" + urlencode({name: value for name, value in query.items() if value})


def _find(session: Session, filters: Asked) -> _Found:
    subjects = None
    if filters.who:
        subjects = rows.subjects_of(session, rows.contacts_named(session, filters.who, MOST_FOUND))
    found = rows.stream(
        session, A_PAGE + 1, before_id=filters.before, kind=filters.kind, state=filters.state, subjects=subjects
    )
    known = names.load(session, [{**row.payload, "subject": row.subject} for row in found])
    return _Found(found, known, led_to.load(session, found, known))


def _line(row: InboxRow, found: _Found) -> Line:
    who = found.names.about(row.payload)
    if not who and (subject := found.names.of_subject(row.subject)):
        who = [subject]
    phrases = found.effects.phrases(row, found.names.contacts_of({**row.payload, "subject": row.subject}))
    return Line(row, who, snippet(row.kind, row.payload), phrases)


def snippet(kind: str, payload: Mapping[str, Any]) -> str:
    """What an event says, in a few words."""
    match kind:
        case "message.received" | "staff.wrote":
            said = str(payload.get("text") or f"[{payload.get('message_kind', '')}]")
        case "contact.added" | "contact.half_added":
            said = _("by live code {state}").format(state=payload["state"]) if payload.get("state") else ""
        case "official.event":
            name = str(payload.get("name", ""))
            act = str(payload.get("wire_name", "")) if name == "other" else words.said(words.ACTS, name)
            said = f"{act} {payload.get('event_key', '')}".rstrip()
        case "unknown":
            fields = payload.get("fields") or {}
            said = " ".join(str(fields[name]) for name in ("Event", "ChangeType", "MsgType") if fields.get(name))
        case _:
            said = str(next((payload[name] for name in ("change", "name", "button", "sop") if payload.get(name)), ""))
    said = masking.text(said)
    return said if len(said) <= SNIPPET else f"{said[:SNIPPET]}…"
