"""The `xiaoer` command."""

import asyncio
import gc
import sys
from collections.abc import Collection, Coroutine
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
import orjson

from bot import i18n, log
from bot import settings as configuration
from bot.errors import BotError, SettingsError
from bot.i18n import _
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.app import Bot

PROBLEM, MISUSE = 1, 2
HOW_OFTEN_S = 0.5
GARBAGE_AFTER = 20_000
"""New objects before garbage is looked for: hundreds of modules make none, and the looking is a tenth of a start."""

ELSEWHERE = {
    "backup": "bot.upkeep",
    "failures": "bot.upkeep",
    "restore": "bot.upkeep",
    "sop": "bot.cli_sop",
    "undo": "bot.cli_sop",
}


class _Commands(click.Group):
    """The commands here, and those of modules that bring half of the house: read when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        found: click.Command = getattr(import_module(ELSEWHERE[cmd_name]), cmd_name)
        return found


@click.group(cls=_Commands)
@click.option("--verbose", is_flag=True, help="Log what happens, step by step.")
@click.version_option(package_name="xiaoer")
def cli(verbose: bool) -> None:
    """Xiaoer (小二): a chat-ops bot for community operations on WeCom and WeChat."""
    log.start("DEBUG" if verbose else "INFO")


def main() -> None:
    """Run the command; what we can say in one line is said in one line."""
    gc.set_threshold(GARBAGE_AFTER)
    try:
        cli(standalone_mode=False)
    except SettingsError as error:
        click.echo(f"xiaoer: {error}", err=True)
        sys.exit(MISUSE)
    except BotError as error:
        click.echo(f"xiaoer: {error}", err=True)
        sys.exit(PROBLEM)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)


def _settings() -> Settings:
    settings = configuration.load()
    i18n.use(settings.language)
    return settings


def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


# ── running ────────────────────────────────────────────────────────────────────────────────────────────────────────


@cli.command("all")
def run_all() -> None:
    """Run everything in one process."""
    _serve(("web", "worker", "scheduler"))


@cli.command()
def web() -> None:
    """Run the doors only: callbacks, signed events, console."""
    _serve(("web",))


@cli.command()
def worker() -> None:
    """Run the workers only: events from the inbox, calls from the outbox."""
    _serve(("worker",))


@cli.command()
def scheduler() -> None:
    """Run the scheduler only: timers and the dates of SOPs."""
    _serve(("scheduler",))


def _serve(roles: Collection[Any]) -> None:
    settings = _settings()
    if settings.wecom is None and settings.official is None:
        raise SettingsError(
            "no platform is set: XIAOER_WECOM__CORP_ID … or XIAOER_OFFICIAL__APP_ID …; `xiaoer demo` needs neither"
        )
    from bot.app import opened  # half of the house: whoever has mistyped a setting hears of it before
    from bot.serve import serve

    async def run() -> None:
        async with opened(settings) as bot:
            await serve(bot, roles, lambda: click.echo(f"http://{settings.listen}/console/"))

    _run(run())


@cli.command()
@click.option("--listen", help="HOST:PORT; the first free port from 8080 when not given.")
def demo(listen: str | None) -> None:
    """Run the bot with a simulated platform and a sample community."""
    from bot import demo as sample
    from bot.app import opened
    from bot.serve import ALL, serve

    log.start("WARNING")
    settings, simulator = sample.prepare(listen)
    i18n.use(settings.language)

    def ready() -> None:
        click.echo(
            _("Xiaoer is ready. Open {address} in a browser.").format(address=f"{settings.public_url}/simulator/")
        )
        click.echo(_("What it did and why: {address}").format(address=f"{settings.public_url}/console/"))
        click.echo(_("Ctrl-C stops it."))

    async def run() -> None:
        async with opened(settings) as bot:
            sample.mount(bot.web, simulator)
            await bot.store.work(lambda work: sample.fill(work, simulator))
            await serve(bot, ALL, ready)

    _run(run())


@cli.command()
def migrate() -> None:
    """Bring the database up to this version's tables."""
    from bot.storage import migrate as migrations

    settings = _settings()
    migrations.migrate(settings.database_url)
    click.echo(_("The database is up to date."))


@cli.command()
def sync() -> None:
    """Read departments, staff, tags, contacts and groups from WeCom now, and find what no callback told of."""
    from bot.app import opened
    from handlers import staff

    settings = _settings()
    if settings.wecom is None:
        raise SettingsError("no corp is set: XIAOER_WECOM__CORP_ID …")

    async def run() -> None:
        async with opened(settings) as bot:
            await _say_how_far(bot, await bot.store.work(staff.begin))

    _run(run())


async def _say_how_far(bot: "Bot", name: str) -> None:
    """Work until a reading of the corp is over, and say how far it is whenever that has changed."""
    from bot.community import readings

    said, work = "", asyncio.create_task(_go_on(bot))
    while True:
        await asyncio.wait([work], timeout=HOW_OFTEN_S)
        reading = await bot.store.read(lambda session: readings.find(session, name))
        if reading is not None and (told := readings.progress(reading, bot.settings.zone)) != said:
            click.echo(said := told)
        if reading is not None and reading.finished_at is not None:
            break
        if work.done():
            work.result()
            await asyncio.sleep(HOW_OFTEN_S)  # something was refused, or another is at it
            work = asyncio.create_task(_go_on(bot))
    await work


async def _go_on(bot: "Bot") -> None:
    """Do what there is to do, unless the bot beside which we run does it."""
    from bot.storage.sole import InUse, alone

    with suppress(InUse), alone(bot.store.database):
        await bot.drain()


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> None:
    """Check the settings, and whether everything that they name can be reached."""
    from bot.doctor import examine

    checks = asyncio.run(examine(_settings()))
    if as_json:
        _print_json([check.__dict__ for check in checks])
    else:
        for check in checks:
            click.echo(f"{'✓' if check.ok else '✗'} {check.name}: {check.message}")
    sys.exit(0 if all(check.ok for check in checks) else PROBLEM)


# ── looking ────────────────────────────────────────────────────────────────────────────────────────────────────────


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def catalogue(as_json: bool) -> None:
    """Print every trigger, split, action and filter."""
    from bot.sop import catalogue as parts

    _settings()
    found = parts.as_dict()
    if as_json:
        _print_json(found)
        return
    for kind, items in found.items():
        click.echo(f"{kind} ({len(items)})")
        for item in items:
            click.echo(f"  {item['name']:<28} {item['summary']}")


@cli.group()
def hygiene() -> None:
    """Group hygiene."""


@hygiene.command("check")
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def hygiene_check(text: str, as_json: bool) -> None:
    """Say which rules of group hygiene a text would break."""
    from bot.community import rules

    reading = rules.judge_message(rules.load(_settings().sops / "rules"), text)
    found = [
        {"rule": one.rule, "start": one.start, "end": one.end, "quote": text[one.start : one.end]}
        for one in reading.breaches
    ]
    _print_found(found, as_json, _("This text breaks no rule."))


@cli.group()
def tagging() -> None:
    """Keyword tagging."""


@tagging.command("check")
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def tagging_check(text: str, as_json: bool) -> None:
    """Say which tags a text would earn its writer."""
    from bot.community import rules

    reading = rules.judge_message(rules.load(_settings().sops / "rules"), text)
    found = [{"rule": one.rule, "words": list(one.words), "tags": list(one.tags)} for one in reading.tags]
    _print_found(found, as_json, _("This text earns no tag."))


def _print_found(found: list[dict[str, Any]], as_json: bool, nothing: str) -> None:
    if as_json:
        _print_json(found)
        return
    for one in found:
        click.echo("  ".join(f"{name}={value}" for name, value in one.items()))
    if not found:
        click.echo(nothing)


def _print_json(value: object) -> None:
    click.echo(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode())
