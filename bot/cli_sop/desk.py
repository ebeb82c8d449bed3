"""What the commands have in common: settings, library, database, moments, and how answers are printed."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime
from typing import TypeVar

import click
import orjson
from sqlmodel import Session

from bot import i18n
from bot import settings as configuration
from bot.clock import SystemClock
from bot.errors import BadInput
from bot.i18n import _
from bot.model.ids import TraceId
from bot.settings import Settings
from bot.sop.library import Library, load, surroundings_of
from bot.sop.since import read_since
from bot.storage.database import Database
from bot.storage.work import Work

T = TypeVar("T")
PROBLEM = 1
CLOCK = SystemClock()
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def settings() -> Settings:
    """The settings in force; from here on sentences are in their language."""
    found = configuration.load()
    i18n.use(found.language)
    return found


def now() -> datetime:
    return CLOCK.now()


def print_json(value: object) -> None:
    click.echo(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


def library_of(found: Settings) -> Library:
    return load(found.sops, surroundings_of(found))[0]


@contextmanager
def database_of(found: Settings) -> Iterator[Database]:
    database = Database(found.database_url)
    try:
        if database.is_empty:
            raise BadInput(_("the database has no tables yet: run xiaoer migrate first"))
        yield database
    finally:
        database.close()


def look_up(found: Settings, look: Callable[[Session], T]) -> T:
    """Look something up beside a bot that may be running."""
    here = copy_context()  # the language goes along to the reader's thread
    with database_of(found) as database:
        return asyncio.run(database.read(lambda session: here.run(look, session)))


def act_on(found: Settings, act: Callable[[Work], T]) -> T:
    with database_of(found) as database:
        at = now()
        trace = TraceId(f"cli:{int(at.timestamp())}")
        return database.run_here(lambda session: act(Work(session, at, trace, trace)))


def moment_of(found: Settings, word: str) -> datetime:
    """2026-02-01, 2026-02-01T08:00, or how long ago: 7d."""
    try:
        return read_since(word, now(), found.zone)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from error


def say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
