"""What counting calls promises, over every place where they may be counted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.model.limits import Counter, Limit
from bot.platforms.limits import Counters, EmbeddedCounters, Limits
from bot.storage.counters import SqlCounters
from bot.storage.database import Database
from bot.storage.queue import EmbeddedQueue
from bot.storage.redis_counters import RedisCounters
from bot.storage.redis_link import linked
from bot.storage.work import Store
from tests import blank
from tests.servers import RedisServer

Adapters = Callable[[], Counters]
"""Makes the counters of one more process."""
MINUTE = timedelta(minutes=1)
SLACK = timedelta(seconds=1)
"""A slot leaves as a whole."""


@pytest.fixture(params=["embedded", "sqlite", "postgresql", "redis"])
async def adapters(request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Adapters]:
    async with _adapters(request, clock, tmp_path) as make:
        yield make


@asynccontextmanager
async def _adapters(request: pytest.FixtureRequest, clock: ManualClock, folder: Path) -> AsyncIterator[Adapters]:
    if request.param == "embedded":
        shared = EmbeddedCounters()
        yield lambda: shared
    elif request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        async with linked(server.url) as redis:
            yield lambda: RedisCounters(redis, clock)
    else:
        is_sqlite = request.param == "sqlite"
        url = blank.sqlite(folder / "xiaoer.db") if is_sqlite else request.getfixturevalue("postgres_url")
        database = Database(url)
        yield lambda: SqlCounters(Store(database, EmbeddedQueue(), clock))
        database.close()


def webhook(name: str = "a") -> list[Counter]:
    return [Counter(f"webhook:{name}", (Limit(20, MINUTE),))]


async def test_all_processes_together_stay_below_a_limit(adapters: Adapters, clock: ManualClock) -> None:
    processes = [adapters() for _process in range(3)]
    asked = [one.take(webhook(), clock.now()) for one in processes for _call in range(10)]
    waits = [room_at for room_at in await asyncio.gather(*asked) if room_at is not None]
    assert len(waits) == 10
    assert all(MINUTE <= room_at - clock.now() <= MINUTE + SLACK for room_at in waits)


async def test_a_window_slides(adapters: Adapters, clock: ManualClock) -> None:
    """However the calls fall, no minute holds more than twenty; and after a minute there is room again."""
    counters, sent = adapters(), list[datetime]()
    for _moment in range(60):
        for _call in range(3):
            if await counters.take(webhook(), clock.now()) is None:
                sent.append(clock.now())
        clock.advance(timedelta(seconds=3.7))
    for first in sent:
        assert sum(first <= at < first + MINUTE for at in sent) <= 20
    assert len(sent) >= 60


async def test_what_does_not_fit_does_not_count(adapters: Adapters, clock: ManualClock) -> None:
    counters = adapters()
    for _call in range(50):
        room_at = await counters.take(webhook(), clock.now())
    assert room_at is not None
    clock.move_to(room_at)
    assert await counters.take(webhook(), clock.now()) is None


async def test_counters_do_not_mix(adapters: Adapters, clock: ManualClock) -> None:
    counters = adapters()
    for _call in range(20):
        await counters.take(webhook("a"), clock.now())
    assert await counters.take(webhook("a"), clock.now()) is not None
    assert await counters.take(webhook("b"), clock.now()) is None


async def test_a_call_counts_against_all_or_none(adapters: Adapters, clock: ManualClock) -> None:
    counters = adapters()
    full, roomy = Counter("full", (Limit(1, MINUTE),)), Counter("roomy", (Limit(2, MINUTE), Limit(5, 60 * MINUTE)))
    assert await counters.take([full, roomy], clock.now()) is None
    for _call in range(5):
        assert await counters.take([full, roomy], clock.now()) is not None
    assert await counters.take([roomy], clock.now()) is None
    assert await counters.take([roomy], clock.now()) is not None


async def test_the_longest_wait_counts(adapters: Adapters, clock: ManualClock) -> None:
    counters = adapters()
    both = [Counter("member:zhou", (Limit(2, MINUTE), Limit(3, 60 * MINUTE)))]
    for _call in range(2):
        assert await counters.take(both, clock.now()) is None
    clock.advance(2 * MINUTE)
    assert await counters.take(both, clock.now()) is None
    room_at = await counters.take(both, clock.now())
    assert room_at is not None
    assert room_at - clock.now() > 55 * MINUTE


async def test_who_rests_rests_for_all_processes(adapters: Adapters, clock: ManualClock) -> None:
    one, other = adapters(), adapters()
    until = clock.now() + MINUTE
    await one.rest("webhook:a", until)
    room_at = await other.take(webhook("a"), clock.now())
    assert room_at is not None
    assert until <= room_at <= until + SLACK
    assert await other.take(webhook("b"), clock.now()) is None
    clock.move_to(room_at)
    assert await other.take(webhook("a"), clock.now()) is None


# ── what the platforms ask for ─────────────────────────────────────────────────────────────────────────────────────


async def left(limits: Limits, count: int, endpoint: str, body: dict[str, object], now: datetime) -> int:
    """How many of so many calls may leave now."""
    return sum([await limits.until("wecom", endpoint, body, now) is None for _call in range(count)])


async def test_no_member_gets_more_than_thirty_messages_a_minute(adapters: Adapters, clock: ManualClock) -> None:
    limits = Limits(adapters())
    assert await left(limits, 40, "message/send", {"touser": "zhou"}, clock.now()) == 30
    assert await left(limits, 1, "message/send", {"touser": "lin|ZHOU"}, clock.now()) == 0
    assert await left(limits, 1, "message/send", {"touser": "lin"}, clock.now()) == 1


async def test_a_webhook_that_has_had_enough_rests_alone(adapters: Adapters, clock: ManualClock) -> None:
    limits, now = Limits(adapters()), clock.now()
    until = await limits.rest("wecom", "webhook/send", {"key": "a"}, 45009, now, MINUTE)
    assert until == now + MINUTE
    assert await left(limits, 1, "webhook/send", {"key": "a"}, now) == 0
    assert await left(limits, 1, "webhook/send", {"key": "b"}, now) == 1


async def test_an_endpoint_that_keeps_saying_no_is_asked_less_and_less_whichever_call_asks(
    adapters: Adapters, clock: ManualClock
) -> None:
    limits, other, rests = Limits(adapters()), Limits(adapters()), []
    for _time in range(8):
        until = await limits.rest("wecom", "user/get", {}, 45009, clock.now(), MINUTE)
        assert await limits.rest("wecom", "user/get", {}, 45009, clock.now(), MINUTE) == until
        assert await other.until("wecom", "user/get", {}, clock.now()) is not None
        rests.append((until - clock.now()) // MINUTE)
        clock.move_to(until)
    assert rests == [1, 2, 4, 8, 16, 32, 60, 60]
    clock.advance(3 * 60 * MINUTE)
    assert await limits.rest("wecom", "user/get", {}, 45009, clock.now(), MINUTE) == clock.now() + MINUTE


@pytest.mark.parametrize(
    ("errcode", "until"),
    [
        (45009, datetime(2026, 11, 23, 16, 0, tzinfo=UTC)),
        (45028, datetime(2026, 11, 23, 16, 0, tzinfo=UTC)),
        (45040, datetime(2026, 11, 30, 16, 0, tzinfo=UTC)),
        (45011, datetime(2026, 11, 23, 2, 1, tzinfo=UTC)),
    ],
)
async def test_an_official_accounts_share_is_renewed_in_beijing(
    clock: ManualClock, errcode: int, until: datetime
) -> None:
    limits = Limits(EmbeddedCounters())
    assert await limits.rest("official", "message/custom/send", {}, errcode, clock.now(), MINUTE) == until
    assert await limits.until("official", "message/custom/send", {}, clock.now()) == until


async def test_what_the_others_have_sent_is_not_guessed_at(redis: RedisServer, clock: ManualClock) -> None:
    async with linked(redis.url) as link:
        limits = Limits(RedisCounters(link, clock))
        redis.stop()
        try:
            room_at = await limits.until("wecom", "message/send", {"touser": "zhou"}, clock.now())
        finally:
            redis.start()
        assert room_at == clock.now() + timedelta(seconds=1)
        assert await limits.until("wecom", "message/send", {"touser": "zhou"}, clock.now()) is None
