"""What went wrong: events that were given up, and calls that failed or of which nobody knows whether they arrived."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlmodel import Session

from bot.storage.queries import console as rows
from bot.web.console import errcodes, names
from bot.web.console.page import Desk, Page, before

A_PAGE = 50


@dataclass(frozen=True)
class _Listed:
    rows: list[Any]
    older: int | None


async def show(desk: Desk, request: web.Request) -> Page:
    events_before, calls_before = before(request, "events"), before(request, "calls")

    def find(session: Session) -> tuple[_Listed, _Listed, names.Names]:
        events = _page(rows.buried(session, A_PAGE + 1, events_before))
        calls = _page(rows.bad_calls(session, A_PAGE + 1, calls_before))
        return events, calls, names.load(session, [{**row.payload, "subject": row.subject} for row in events.rows])

    events, calls, known = await desk.store.read(find)
    return Page("failures.html", {"events": events, "calls": calls, "names": known, "errcodes": errcodes})


def _page(found: Any) -> _Listed:
    listed = list(found[:A_PAGE])
    return _Listed(listed, listed[-1].id if len(found) > A_PAGE else None)
