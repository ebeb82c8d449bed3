"""Runs a bot in the roles that a process was given, until it is told to stop."""

import asyncio
import gc
import signal
from collections.abc import Callable, Collection
from typing import Literal

from aiohttp import web

from bot import log
from bot.app import Bot
from bot.errors import SettingsError

logger = log.get(__name__)
Role = Literal["web", "worker", "scheduler"]
ALL: tuple[Role, ...] = ("web", "worker", "scheduler")
GRACE_S = 10.0
"""How long requests and calls under way may take to finish after the word to stop."""


async def serve(bot: Bot, roles: Collection[Role], ready: Callable[[], None] | None = None) -> None:
    """Run until SIGINT or SIGTERM (or `bot.stopping`), then finish what is in hand. `ready` is told when doors open."""
    _listen_for_signals(bot.stopping)
    gc.collect()
    gc.freeze()  # what start-up built stays: looking through it again and again for garbage costs a third of the door
    async with asyncio.TaskGroup() as tasks:
        intake = tasks.create_task(bot.intake.run(), name="intake")
        runner = await _open_doors(bot) if "web" in roles else None
        if "worker" in roles:
            tasks.create_task(bot.work(), name="work")
            tasks.create_task(bot.look_after(), name="duties")
        if "scheduler" in roles:
            tasks.create_task(bot.keep_time(), name="time")
        if ready is not None:
            ready()
        await bot.stopping.wait()
        if runner is not None:
            await runner.cleanup()
        bot.intake.stop()
        await asyncio.wait([intake], timeout=GRACE_S)


async def _open_doors(bot: Bot) -> web.AppRunner:
    runner = web.AppRunner(bot.web, access_log=None, shutdown_timeout=GRACE_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, bot.settings.host, bot.settings.port).start()
    except OSError as error:
        await runner.cleanup()
        raise SettingsError(f"XIAOER_LISTEN {bot.settings.listen} cannot be used: {error.strerror}") from error
    logger.info("doors open", listen=bot.settings.listen)
    return runner


def _listen_for_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
