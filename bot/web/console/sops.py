"""The SOPs: which are in force, what each has done, and which files are broken."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web
from sqlmodel import Session

from bot.errors import NotFound
from bot.model.tables import Run, SopState, SopVersion
from bot.storage.queries import console as rows
from bot.storage.queries import versions
from bot.storage.queries.sops import states
from bot.web.console import names
from bot.web.console.names import Names
from bot.web.console.page import Desk, Page

COUNTED = timedelta(days=30)
LATEST = 50
_TITLE = re.compile(r"^title:[ \t]*(?P<title>[^#\n]+)", re.MULTILINE)
_FINDING = re.compile(r"(?P<path>.+?):(?P<line>\d+): (?:(?P<code>[A-Z]\d+) )?(?P<reason>.*)", re.DOTALL)


@dataclass(frozen=True)
class Broken:
    """A file that is not in force, and why."""

    path: str
    line: str
    code: str
    reason: str


@dataclass(frozen=True)
class Listed:
    """An SOP in the list, with its runs of the last thirty days by state."""

    state: SopState
    title: str
    version: SopVersion | None
    versions: int
    runs: Mapping[str, int]

    @property
    def standing(self) -> str:
        return standing(self.state)


@dataclass(frozen=True)
class _One:
    state: SopState
    versions: Sequence[SopVersion]
    runs: Sequence[Run]
    counts: Mapping[str, int]
    suppressed: Mapping[str, int]
    names: Names


def standing(state: SopState) -> str:
    if state.broken:
        return "broken"
    return "paused" if state.paused else "in_force"


async def show_all(desk: Desk, _request: web.Request) -> Page:
    since = desk.store.clock.now() - COUNTED

    def find(session: Session) -> list[Listed]:
        in_force, numbers = versions.in_force(session), versions.counts(session)
        runs = rows.runs_by_state(session, since)
        return [
            Listed(
                state,
                title(in_force.get(state.sop)),
                in_force.get(state.sop),
                numbers.get(state.sop, 0),
                runs.get(state.sop, {}),
            )
            for state in states(session)
        ]

    listed = await desk.store.read(find)
    return Page("sops.html", {"listed": listed, "broken": [_broken(finding) for finding in desk.knowledge.broken]})


async def show_one(desk: Desk, request: web.Request) -> Page:
    sop, since = request.match_info["sop"], desk.store.clock.now() - COUNTED

    def find(session: Session) -> _One:
        state = session.get(SopState, sop)
        if state is None:
            raise NotFound("SOP", sop)
        runs = rows.latest_runs(session, sop=sop, limit=LATEST)
        return _One(
            state,
            versions.every(session, sop),
            runs,
            rows.runs_by_state(session, since).get(sop, {}),
            rows.suppressed_by_rule(session, sop, since),
            names.load(session, [{"subject": run.subject, "user_id": run.user_id} for run in runs]),
        )

    one = await desk.store.read(find)
    in_force = next((version for version in one.versions if version.digest == one.state.digest), None)
    values = {"one": one, "in_force": in_force, "title": title(in_force), "standing": standing(one.state)}
    return Page("sop.html", values)


def title(version: SopVersion | None) -> str:
    """The title that an SOP's text gives itself; empty when it has none."""
    found = _TITLE.search(version.source) if version else None
    return found["title"].strip().strip("\"'") if found else ""


def _broken(finding: str) -> Broken:
    parts = _FINDING.fullmatch(finding)
    if parts is None:
        return Broken("", "", "", finding)
    return Broken(parts["path"], parts["line"], parts["code"] or "", parts["reason"])
