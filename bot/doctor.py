"""`xiaoer doctor`: are the settings right, and can everything that they name be reached?"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import aiohttp

from bot.app import platforms
from bot.clock import SystemClock
from bot.errors import BotError, PlatformError, SettingsError, Unreachable
from bot.i18n import _
from bot.platforms.http import Http
from bot.runtime.attempts import Platform
from bot.settings import Settings
from bot.sop.capabilities import capabilities_of, signature_of
from bot.sop.lint import lint
from bot.storage import migrate, servers
from bot.storage.database import Database
from bot.storage.queries import inbox
from bot.storage.servers import Server

TIMEOUT_S = 5.0
CLOCKS_AGREE = timedelta(seconds=1)
OLDEST = {"SQLite": (3, 35), "PostgreSQL": (12,), "Redis": (6, 2)}
"""What our statements need: RETURNING in SQLite, XAUTOCLAIM in Redis. Older PostgreSQL is no longer mended."""
NOT_TRUSTED = {"wecom": 60020, "official": 40164}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, and what to do when it is not well."""

    name: str
    ok: bool
    message: str


async def examine(settings: Settings) -> list[Check]:
    """Every check, in the order in which one would mend things."""
    async with aiohttp.ClientSession() as session:
        adapters = platforms(settings, Http(session, TIMEOUT_S), SystemClock())
        checks = [*await _memory(settings), *_house(settings)]
        return [*checks, *[check async for check in _outside(settings, adapters)]]


def _house(settings: Settings) -> list[Check]:
    return [_database(settings), _sops(settings), _addresses(settings), _people(settings), _secrets(settings)]


async def _memory(settings: Settings) -> list[Check]:
    """The servers that hold the memory: there, new enough, and of one mind about the time."""
    name = "SQLite" if settings.database_url.startswith("sqlite") else "PostgreSQL"
    checks = [await server(name, servers.ask_database(settings.database_url, SystemClock().now))]
    if settings.redis_url:
        checks.append(await server("Redis", servers.ask_redis(settings.redis_url, SystemClock().now)))
    return checks


async def server(name: str, asking: Awaitable[Server]) -> Check:
    """What is to be said of a server that is being asked."""
    try:
        server = await asking
    except SettingsError as error:
        return Check(name, False, str(error))
    except Exception as error:  # whatever the driver raises, it is one line here
        return Check(name, False, _("does not answer: {reason}").format(reason=type(error).__name__))
    oldest = OLDEST[name]
    if _number(server.version) < oldest:
        wanted = ".".join(map(str, oldest))
        return Check(
            name, False, _("{version} is too old: {wanted} or later").format(version=server.version, wanted=wanted)
        )
    if abs(server.behind) > CLOCKS_AGREE:
        return Check(
            name,
            False,
            _("{version}, but its clock and ours are {seconds} s apart").format(
                version=server.version, seconds=f"{abs(server.behind).total_seconds():.1f}"
            ),
        )
    return Check(name, True, server.version)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _database(settings: Settings) -> Check:
    name = _("Database")
    try:
        database = Database(settings.database_url)
        waiting = database.run_here(inbox.waiting) if not migrate.differences(settings.database_url) else None
        database.close()
    except Exception as error:  # whatever the driver raises, it is one line here
        return Check(name, False, _("cannot be used: {reason}").format(reason=type(error).__name__))
    if waiting is None:
        return Check(name, False, _("its tables are not those of this version; run `xiaoer migrate`"))
    return Check(name, True, _("up to date, {count} rows wait").format(count=sum(waiting.values())))


def _sops(settings: Settings) -> Check:
    findings = lint(
        [settings.sops], settings.sops, settings.media, capabilities_of(settings), signature=signature_of(settings)
    )
    errors = [finding for finding in findings if finding.level == "error"]
    if errors:
        return Check("SOP", False, str(errors[0]))
    return Check("SOP", True, _("no errors"))


def _addresses(settings: Settings) -> Check:
    name = _("Public address")
    if settings.public_url.startswith("https://"):
        return Check(name, True, settings.public_url)
    return Check(name, settings.demo, _("XIAOER_PUBLIC_URL should be the https address under which WeCom reaches you"))


def _people(settings: Settings) -> Check:
    name = _("Roles")
    if settings.roles.manager or settings.roles.admin:
        return Check(name, True, ", ".join([*settings.roles.manager, *settings.roles.admin]))
    return Check(
        name, False, _("XIAOER_ROLES__MANAGER names nobody: who would get an alert that nobody else can take?")
    )


def _secrets(settings: Settings) -> Check:
    name = _("Console")
    if settings.console.password is not None or settings.console.open:
        return Check(name, True, _("can be signed in to"))
    return Check(name, False, _("is shut until XIAOER_CONSOLE__PASSWORD is set"))


async def _outside(settings: Settings, adapters: dict[str, Platform]) -> AsyncIterator[Check]:
    if "wecom" in adapters:
        yield await _reach("WeCom", "wecom", adapters["wecom"], "externalcontact/get_follow_user_list", _staff)
        yield await _reach(_("WeCom directory"), "wecom", adapters["wecom"], "department/list", _departments)
    if "official" in adapters:
        yield await _reach(_("Official account"), "official", adapters["official"], "getcallbackip", _reached)
    if not adapters:
        yield Check(_("Platform"), False, _("none is set: XIAOER_WECOM__… or XIAOER_OFFICIAL__…"))


async def _reach(
    name: str, platform: str, adapter: Platform, endpoint: str, praise: Callable[[dict[str, object]], str]
) -> Check:
    asking: Awaitable[dict[str, object]] = adapter.call(endpoint, {})
    try:
        return Check(name, True, praise(await asking))
    except Unreachable as error:
        return Check(name, False, _("no usable answer: {reason}").format(reason=error.reason))
    except PlatformError as error:
        return Check(name, False, _advice(platform, error))
    except BotError as error:
        return Check(name, False, str(error))


def _advice(platform: str, error: PlatformError) -> str:
    if error.errcode == NOT_TRUSTED[platform]:
        return _("errcode {errcode}: this machine's address is not among the trusted IPs of the app").format(
            errcode=error.errcode
        )
    if error.errcode in (40001, 40013, 40125):
        return _("errcode {errcode}: the id or the secret is wrong").format(errcode=error.errcode)
    if error.errcode in (48001, 48002):
        return _("errcode {errcode}: the app lacks the right; allow it to call these interfaces").format(
            errcode=error.errcode
        )
    return _("{endpoint} answered errcode {errcode}").format(endpoint=error.endpoint, errcode=error.errcode)


def _staff(answer: dict[str, object]) -> str:
    staff = answer.get("follow_user")
    return _("{count} staff may have contacts").format(count=len(staff) if isinstance(staff, list) else 0)


def _departments(answer: dict[str, object]) -> str:
    found = answer.get("department")
    return _("{count} departments are visible").format(count=len(found) if isinstance(found, list) else 0)


def _reached(_answer: dict[str, object]) -> str:
    return _("it answers")
