"""Runs a bot in the roles that a process was given, until it is told to stop."""

import asyncio
import gc
import signal
from collections.abc import Callable, Collection
from contextlib import nullcontext
from typing import Literal

from aiohttp import web

from bot import log
from bot.app import Bot
from bot.errors import SettingsError
from bot.runtime import process
from bot.settings import PREFIX, host_and_port
from bot.storage.sole import alone
from bot.web.intake import LOOK_S

logger = log.get(__name__)
Role = Literal["web", "worker", "scheduler"]
ALL: tuple[Role, ...] = ("web", "worker", "scheduler")
ANSWERS_WITHIN_S = 5.0
"""How long requests under way may take after the word to stop, and then what they brought to be kept."""
NEW_BEFORE_LOOKING = 20_000
"""Objects that are new since garbage was last looked for; Python's own 700 are soon reached."""


async def serve(bot: Bot, roles: Collection[Role], ready: Callable[[], None] | None = None) -> None:
    """Run until SIGINT or SIGTERM (or `bot.stopping`), then finish what is in hand. `ready` is told when doors open."""
    with alone(bot.store.database) if "worker" in roles else nullcontext():
        await _serve(bot, roles, ready)


async def _serve(bot: Bot, roles: Collection[Role], ready: Callable[[], None] | None) -> None:
    _listen_for_signals(bot.stopping)
    _collect_seldom()
    runner = await _open_doors(bot, roles)
    async with asyncio.TaskGroup() as tasks:
        intake = tasks.create_task(bot.intake.run(), name="intake")
        tasks.create_task(process.every(LOOK_S, bot.intake.measure, bot.stopping), name="backlog")
        tasks.create_task(bot.look_after(), name="edited files")
        if "worker" in roles:
            tasks.create_task(bot.work(), name="work")
        if "scheduler" in roles:
            tasks.create_task(bot.keep_time(), name="time")
        if ready is not None:
            ready()
        await bot.stopping.wait()
        if runner is not None:
            await runner.cleanup()
        bot.intake.stop()
        await asyncio.wait([intake], timeout=ANSWERS_WITHIN_S)
        intake.cancel()  # whoever still waits was not answered, and comes again


async def _open_doors(bot: Bot, roles: Collection[Role]) -> web.AppRunner | None:
    """All of them, or, where there are none, those for whoever looks after the bot.

    Where processes share a database they may share the doors' port too: the kernel deals out the connections.
    """
    if "web" in roles:
        return await _open(bot.web, "LISTEN", bot.settings.listen, is_shared=not bot.store.database.is_sqlite)
    health = bot.settings.health_listen
    return await _open(bot.health, "HEALTH_LISTEN", health) if health else None


async def _open(app: web.Application, setting: str, listen: str, *, is_shared: bool = False) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=ANSWERS_WITHIN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, *host_and_port(listen), reuse_port=is_shared or None).start()
    except OSError as error:
        await runner.cleanup()
        raise SettingsError(f"{PREFIX}{setting} {listen} cannot be used: {error.strerror}") from error
    logger.info("doors open", listen=listen)
    return runner


def _collect_seldom() -> None:
    """What start-up built stays: looking through it again and again for garbage costs a third of the door.

    And what a few dozen requests hold while they wait together is not garbage either.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_BEFORE_LOOKING, 20, 20)


def _listen_for_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
