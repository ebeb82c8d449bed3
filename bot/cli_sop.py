"""`xiaoer sop …` and `xiaoer undo`: check SOPs, try them out, publish them, explain and take back what they did."""

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson
from sqlmodel import Session

from bot import i18n
from bot import settings as configuration
from bot.clock import SystemClock
from bot.errors import BadInput
from bot.i18n import _
from bot.model.ids import TraceId
from bot.model.limits import Limit, Window
from bot.platforms.limits import counters_of
from bot.settings import Settings
from bot.sop.library import Library, load, surroundings_of
from bot.storage.database import Database
from bot.storage.work import Work

T = TypeVar("T")
PROBLEM = 1
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
CLOCK = SystemClock()


@click.group()
def sop() -> None:
    """SOPs: check them, try them out, publish them, explain what they did."""


# ── what they all need ─────────────────────────────────────────────────────────────────────────────────────────────


def settings() -> Settings:
    """The settings in force; from here on sentences are in their language."""
    found = configuration.load()
    i18n.use(found.language)
    return found


def print_json(value: object) -> None:
    click.echo(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


def _library(found: Settings) -> Library:
    return load(found.sops, surroundings_of(found))[0]


@contextmanager
def _database(found: Settings) -> Iterator[Database]:
    database = Database(found.database_url)
    try:
        if database.is_empty:
            raise BadInput(_("the database has no tables yet: run xiaoer migrate first"))
        yield database
    finally:
        database.close()


def _read(found: Settings, look: Callable[[Session], T]) -> T:
    """Look something up beside a bot that may be running."""
    here = copy_context()  # the language goes along to the reader's thread
    with _database(found) as database:
        return asyncio.run(database.read(lambda session: here.run(look, session)))


def _do(found: Settings, act: Callable[[Work], T]) -> T:
    with _database(found) as database:
        now = CLOCK.now()
        trace = TraceId(f"cli:{int(now.timestamp())}")
        return database.run_here(lambda session: act(Work(session, now, trace, trace)))


def _moment(found: Settings, word: str) -> datetime:
    """2026-02-01, 2026-02-01T08:00, or how long ago: 7d."""
    from bot.sop.durations import parse_duration
    from bot.sop.filters.dates import begins, read_moment
    from bot.sop.scope import Scope

    now = CLOCK.now()
    try:
        return now - parse_duration(word)
    except ValueError:
        pass
    try:
        moment = begins(read_moment(word), Scope(subject="contact", now=now, zone=found.zone))
    except ValueError as error:
        sentence = _("{word} is neither a moment such as 2026-02-01 nor how long ago, such as 7d")
        raise click.BadParameter(sentence.format(word=word), param_hint="--since") from error
    if moment > now:
        raise click.BadParameter(_("{word} lies in the future").format(word=word), param_hint="--since")
    return moment


def hearing(found: Settings) -> Any:
    """Brings an event to the SOPs as the bot's own handlers do."""
    from bot.community.rules import Rules
    from bot.model.events import Event
    from bot.runtime.context import Context
    from handlers.journeys import router

    def hear(work: Work, library: Library, event: Event) -> None:
        context = Context(work, found, library, Rules())
        for route in router.routes(event):
            route.handler(event, context)

    return hear


class RehearsedLimits:
    """The platforms' limits on a clock that is moved."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, Limit], Window] = {}

    def until(self, platform: str, endpoint: str, body: dict[str, Any], now: datetime) -> datetime | None:
        windows = [
            self._windows.setdefault((one.name, limit), Window(limit))
            for one in counters_of(platform, endpoint, body)
            for limit in one.limits
        ]
        if waits := [room_at for window in windows if (room_at := window.room_at(now))]:
            return max(waits)
        for window in windows:
            window.add(now)
        return None


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


# ── checking ───────────────────────────────────────────────────────────────────────────────────────────────────────


@sop.command("lint")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@as_json_option
def lint_(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check SOP files, or all of them; exits 1 when there is an error, 2 for a path that is not there."""
    from bot.sop.capabilities import capabilities_of
    from bot.sop.codes import fix_of
    from bot.sop.lint import checked, lint
    from bot.sop.lint_library import lint_library

    found = settings()
    for path in (path for path in paths if not path.exists()):
        raise click.UsageError(_("there is no file or folder {path}").format(path=path))
    asked = list(paths) or [found.sops]
    findings = lint(asked, found.sops, found.media, capabilities_of(found))
    findings = sorted({*findings, *lint_library(asked, found.sops, found.zone)})
    if as_json:
        print_json([{**asdict(finding), "fix": fix_of(finding.code)} for finding in findings])
    else:
        _print(f"{finding} → {fix_of(finding.code)}" for finding in findings)
    errors = sum(finding.level == "error" for finding in findings)
    sentence = _("{files} files looked at: {errors} errors, {warnings} warnings")
    told = sentence.format(files=len(checked(asked)), errors=errors, warnings=len(findings) - errors)
    click.echo(told, err=True)
    sys.exit(PROBLEM if errors else 0)


@sop.command("schema")
def schema_() -> None:
    """Print the language as JSON Schema, for editors."""
    from bot.sop.json_schema import json_schema

    settings()
    print_json(json_schema())


# ── trying out ─────────────────────────────────────────────────────────────────────────────────────────────────────


@sop.command("simulate")
@click.argument("name")
@click.option("--contacts", type=click.IntRange(1, 100_000), default=200, show_default=True)
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed invents the same people.")
@as_json_option
def simulate_(name: str, contacts: int, days: int, seed: int, as_json: bool) -> None:
    """Let invented contacts walk an SOP, by name or file, on a virtual clock. Nothing is sent."""
    from bot.sop import telling
    from bot.sop.release import draft_of
    from bot.sop.simulate import simulate

    found = settings()
    library = _library(found)
    start = CLOCK.now().astimezone(found.zone).replace(hour=8, minute=0, second=0, microsecond=0).astimezone(UTC)
    told = simulate(
        library,
        draft_of(library, name),
        start=start,
        contacts=contacts,
        days=days,
        seed=seed,
        limits=RehearsedLimits(),
    )
    if as_json:
        print_json({**asdict(told), "entered": told.entered})
    else:
        _print(telling.simulated(told, found.zone))


@sop.command("replay")
@click.argument("file")
@click.option("--since", required=True, help="2026-02-01, or how long ago: 7d.")
@as_json_option
def replay_(file: str, since: str, as_json: bool) -> None:
    """Walk a version over the recorded events, without sending, and compare with what happened."""
    from bot.sop import telling
    from bot.sop.release import draft_of
    from bot.sop.replay import replay

    found = settings()
    library = _library(found)
    draft, moment, now = draft_of(library, file), _moment(found, since), CLOCK.now()
    told = _read(found, lambda session: replay(session, library, draft, hearing(found), since=moment, until=now))
    if as_json:
        parts = {"same": told.same, "only_was": told.only_was, "only_would": told.only_would}
        print_json({"sop": told.sop, "digest": told.digest, "since": told.since, "events": told.events, **parts})
    else:
        _print(telling.replayed(told, found.zone))


@sop.command("plan")
@click.argument("file")
@as_json_option
def plan_(file: str, as_json: bool) -> None:
    """Say what publishing a version would change: whom it reaches, with how many messages, until when."""
    from bot.sop import telling

    found = settings()
    told = _planned(found, _library(found), file)
    if as_json:
        print_json(
            {
                "sop": told.sop,
                "digest": told.digest,
                "in_force": told.in_force,
                "at": told.after.at,
                "joins": told.joins,
                "leaves": told.leaves,
                "channels": told.channels,
                "groups": told.groups,
                "all_sent_at": told.all_sent_at,
                "quotas": told.quotas,
            }
        )
    else:
        _print(telling.planned(told, found.zone))


def _planned(found: Settings, library: Library, file: str) -> Any:
    from bot.sop.plan import plan
    from bot.sop.release import draft_of

    draft, hear, now = draft_of(library, file), hearing(found), CLOCK.now()
    return _read(found, lambda session: plan(session, library, draft, hear, now=now, limits=RehearsedLimits()))


# ── publishing ─────────────────────────────────────────────────────────────────────────────────────────────────────


@sop.command("publish")
@click.argument("file")
@click.option("--yes", is_flag=True, help="Do not ask.")
def publish_(file: str, yes: bool) -> None:
    """Put a version in force, after showing what that changes."""
    from bot.sop import release, telling

    found = settings()
    library = _library(found)
    _print(telling.planned(_planned(found, library, file), found.zone))
    if not yes:
        click.confirm(_("Publish it?"), abort=True)
    path = release.publish(library, release.draft_of(library, file))
    click.echo(_("{path} is written; a running bot takes it up within seconds.").format(path=path))


@sop.command("rollback")
@click.argument("name")
@click.option("--to", "digest", default="", help="The beginning of a version's digest; the one before when not given.")
def rollback_(name: str, digest: str) -> None:
    """Put an earlier version in force again; whoever is under way finishes on theirs."""
    from bot.sop import release

    found = settings()
    library = _library(found)
    path = release.publish(library, _do(found, lambda work: release.previous(work, name, digest)))
    click.echo(_("{path} is written; a running bot takes it up within seconds.").format(path=path))


# ── explaining and taking back ─────────────────────────────────────────────────────────────────────────────────────


@sop.command("explain")
@click.argument("contact")
@click.argument("name", required=False)
@as_json_option
def explain_(contact: str, name: str | None, as_json: bool) -> None:
    """Say what a contact got and what not, and why: from what was written down at the time."""
    from bot.community import contacts
    from bot.sop import reasons, release, trace

    found = settings()
    library = _library(found)

    def look(session: Session) -> Any:
        contact_id = contacts.id_of(_contact(session, contact))
        told = trace.explain(session, contact_id, name)
        if name and not (told.runs or told.not_done or library.find(name)):
            raise release.unknown(name, library.sops)
        return told if as_json else list(reasons.lines(session, contact_id, told, found.zone, sop=name))

    told = _read(found, look)
    if as_json:
        print_json(asdict(told))
    else:
        _print(told or [_("No event has ever led to an SOP here.")])


def _contact(session: Session, word: str) -> Any:
    """By number, by external user id, or by a name that only one of them has."""
    from bot.community import contacts
    from bot.errors import NotFound
    from bot.model.ids import ExternalUserId
    from bot.model.tables import ExternalContact
    from bot.storage.queries import lookups

    number = word.removeprefix("#")
    if number.isdecimal() and len(number) < 19:
        known = session.get(ExternalContact, int(number))
    else:
        known = contacts.find(session, external_user_id=ExternalUserId(word))
    if known is None:
        called = [one for one in lookups.contacts_called(session, word, None, 100) if one.name == word]
        known = called[0] if len(called) == 1 else None
    if known is None:
        sentence = _("nobody is known as {word}: give the number, the external user id or the whole name")
        raise NotFound("contact", word, sentence.format(word=word))
    return known


@click.command()
@click.argument("rule")
@click.option("--since", required=True, help="2026-02-01, or how long ago: 2h.")
@click.option("--dry-run", is_flag=True, help="Only say what would be taken back.")
@as_json_option
def undo(rule: str, since: str, dry_run: bool, as_json: bool) -> None:
    """Take back the tags, points and tasks that a rule gave since a moment, and say what cannot be."""
    from bot.sop import telling
    from bot.sop import undo as taking_back

    found = settings()
    moment = _moment(found, since)

    def act(work: Work) -> Any:
        if dry_run:
            return taking_back.find(work, rule, moment)
        return taking_back.undo(work, rule, moment, actor="cli")

    told = _do(found, act)
    if as_json:
        print_json({"rule": told.rule, **taking_back.counts(told), "lasting": told.lasting, "dry_run": dry_run})
    else:
        _print(telling.undone(told, is_trial=dry_run))
