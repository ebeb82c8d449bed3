"""Counting goes on after a restart: what has left in the last hour still counts against the platforms' limits."""

from sqlmodel import Session

from bot.platforms.limits import HOUR, EmbeddedCounters, counters_of
from bot.storage.queries import calls
from bot.storage.work import Store

SCARCE = ("message/send", "webhook/send", "appchat/send")
"""Endpoints of which a person or a group takes a few a minute; the others have room for ten thousand."""


async def recall(store: Store, counters: EmbeddedCounters) -> None:
    """Count what the process before this one has sent."""
    since = store.clock.now() - HOUR

    def look(session: Session) -> None:
        for endpoint in SCARCE:
            for row, at in calls.left_since(session, endpoint, since):
                counters.recall(list(counters_of(row.platform, endpoint, row.body)), at)

    await store.read(look)
