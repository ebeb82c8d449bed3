"""What a rehearsal needs of the rest of the house: the bot's own handlers, and the platforms' limits."""

from datetime import datetime
from typing import Any

from bot.community.rules import Rules
from bot.model.events import Event
from bot.model.limits import Limit, Window
from bot.platforms.limits import counters_of
from bot.runtime.context import Context
from bot.settings import Settings
from bot.sop.library import Library
from bot.sop.replay import Hear
from bot.storage.work import Work
from handlers.journeys import router


def hearing(found: Settings) -> Hear:
    """Brings an event to the SOPs as the bot's own handlers do."""

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
