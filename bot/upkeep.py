"""Commands that look after the memory: what failed, backups."""

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
import orjson

from bot import i18n
from bot import settings as configuration
from bot.clock import SystemClock
from bot.community import failures as letters
from bot.i18n import _
from bot.model.ids import TraceId
from bot.model.tables import InboxRow
from bot.storage import backup as copies
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.work import Work

T = TypeVar("T")
file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
names = click.argument("names", nargs=-1, required=True)


def _database_url() -> str:
    settings = configuration.load()
    i18n.use(settings.language)
    return settings.database_url


def _work(do: Callable[[Work], T]) -> T:
    """In one transaction on the bot's database; a bot that runs beside it looks every second."""
    url = _database_url()
    migrate(url)
    database = Database(url)
    try:
        return database.run_here(lambda session: do(Work(session, SystemClock().now(), TraceId(""))))
    finally:
        database.close()


def _me() -> str:
    return f"cli:{getpass.getuser()}"


# ── failures ───────────────────────────────────────────────────────────────────────────────────────────────────────


@click.group()
def failures() -> None:
    """Events and calls that went wrong: look at them, try them again, let them go."""


@failures.command("list")
@click.option("--most", default=50, show_default=True, type=click.IntRange(1, 100_000), help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(most: int, as_json: bool) -> None:
    """The latest first; each begins with its name, E… for an event and C… for a call."""
    found = _work(lambda work: [(_told(row), letters.line(row)) for row in letters.latest(work.session, most)])
    if as_json:
        _print_json([told for told, _line in found])
        return
    for _one, line in found:
        click.echo(line)
    if not found:
        click.echo(_("Nothing has failed."))


@failures.command()
@click.argument("name")
def show(name: str) -> None:
    """Why it went wrong, what was asked, and what trying again would do."""

    def look(work: Work) -> list[str]:
        row = letters.get(work.session, name)
        return [letters.line(row), letters.advice(row), orjson.dumps(_told(row), option=orjson.OPT_INDENT_2).decode()]

    for line in _work(look):
        click.echo(line)


@failures.command()
@names
@click.option("--sure", is_flag=True, help="Also what may arrive twice, because nobody knows whether it did.")
def retry(names: tuple[str, ...], sure: bool) -> None:
    """Try failures again, all of them or, when one cannot be, none."""
    by = _me()
    for line in _work(lambda work: [letters.retry(work, name, by, sure=sure) for name in names]):
        click.echo(line)


@failures.command()
@names
def drop(names: tuple[str, ...]) -> None:
    """Let failures go: they are kept, and no longer shown."""
    by = _me()
    for line in _work(lambda work: [letters.drop(work, name, by) for name in names]):
        click.echo(line)


def _told(row: letters.Failure) -> dict[str, object]:
    told: dict[str, object] = {
        "name": letters.name_of(row),
        "what": row.kind if isinstance(row, InboxRow) else row.endpoint,
        "state": row.state,
        "reason": letters.reason(row),
        "attempts": row.attempts,
        "ended_at": letters.ended_at(row).isoformat(),
        "trace_id": row.trace_id,
    }
    return told if isinstance(row, InboxRow) else {**told, "errcode": row.errcode, "subject": row.subject}


def _print_json(value: object) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


# ── backups ────────────────────────────────────────────────────────────────────────────────────────────────────────


@click.command()
@file
def backup(file: Path) -> None:
    """Write everything that the bot remembers into FILE, while it runs; portable when FILE ends in .gz."""
    copies.backup(_database_url(), file)
    click.echo(_("Written: {file}").format(file=file))


@click.command()
@file
def restore(file: Path) -> None:
    """Put a backup into an empty database; the bot goes on from there at its next start."""
    copies.restore(_database_url(), file)
    click.echo(_("The memory is as it was: {file}").format(file=file))
