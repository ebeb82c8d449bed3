"""What went wrong: events that were given up, and calls that failed or of which nobody knows whether they arrived."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web
from sqlmodel import Session

from bot import i18n
from bot.community import errcodes, readings
from bot.community import failures as letters
from bot.errors import BadInput
from bot.storage.queries import console as rows
from bot.storage.work import Work
from bot.web.console import names
from bot.web.console.entrance import see
from bot.web.console.page import Desk, Page, before

PATH = "/console/failures"
ACT = PATH + r"/{name:[CE]\d{1,18}}/{act:retry|drop}"
A_PAGE = 50
BY = "console"
"""Who did it, in the audit: the console knows a password, and no names."""


@dataclass(frozen=True)
class _Listed:
    rows: list[Any]
    older: int | None


async def show(desk: Desk, request: web.Request) -> Page:
    return await _shown(desk, request, "")


async def act(desk: Desk, request: web.Request, sent: Mapping[str, str]) -> Page | web.Response:
    """Try a dead letter again, or let it go; the page says what stands in the way."""
    name, is_drop, sure = request.match_info["name"], request.match_info["act"] == "drop", sent.get("sure") == "yes"
    language = i18n.current()

    def do(work: Work) -> None:
        i18n.use(language)  # the reader's, on the database's thread too
        if is_drop:
            letters.drop(work, name, BY)
        else:
            letters.retry(work, name, BY, sure=sure)

    try:
        await desk.store.work(do)
    except BadInput as error:
        return replace(await _shown(desk, request, str(error)), status=409)
    return see(PATH)


async def _shown(desk: Desk, request: web.Request, complaint: str) -> Page:
    events_before, calls_before = before(request, "events"), before(request, "calls")

    def find(session: Session) -> tuple[_Listed, _Listed, names.Names, str]:
        reading = readings.newest(session)
        events = _page(rows.buried(session, A_PAGE + 1, events_before))
        calls = _page(rows.bad_calls(session, A_PAGE + 1, calls_before))
        known = names.load(session, [{**row.payload, "subject": row.subject} for row in events.rows])
        return events, calls, known, readings.progress(reading, desk.settings.zone) if reading else ""

    events, calls, known, read = await desk.store.read(find)
    found = {"events": events, "calls": calls, "names": known, "errcodes": errcodes, "letters": letters}
    return Page("failures.html", {**found, "complaint": complaint, "reading": read})


def _page(found: Any) -> _Listed:
    listed = list(found[:A_PAGE])
    return _Listed(listed, listed[-1].id if len(found) > A_PAGE else None)
