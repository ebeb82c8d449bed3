"""What counting mass sends promises, over every engine: nobody gets more than the cap, however many count at once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import ManualClock
from bot.community import mass_cap
from bot.storage.database import Database
from bot.storage.queries import mass_counts

MOST = 30


@pytest.fixture
def until(clock: ManualClock) -> datetime:
    return mass_cap.window(clock.now(), "month")[0]


async def test_all_who_count_at_once_stay_below_the_cap(database: Database, until: datetime) -> None:
    async def ask(subject: str) -> bool:
        return await database.run(lambda session: mass_counts.take(session, subject, until, MOST))

    assert sum(await asyncio.gather(*(ask("contact:1") for _send in range(40)))) == MOST
    assert await ask("group:wr1")


def test_what_is_given_back_may_be_taken_again_and_a_new_window_begins_empty(
    database: Database, until: datetime
) -> None:
    def take(at: datetime = until) -> bool:
        return database.run_here(lambda session: mass_counts.take(session, "contact:1", at, 1))

    def give_back() -> bool:
        return database.run_here(lambda session: mass_counts.give_back(session, "contact:1", until))

    assert not give_back()
    assert [take(), take(), take(until + timedelta(days=31))] == [True, False, True]
    assert [give_back(), give_back(), take()] == [True, False, True]


def test_what_the_platform_knows_better_stands(database: Database, until: datetime) -> None:
    database.run_here(lambda session: mass_counts.fill(session, "contact:1", until, MOST))
    assert not database.run_here(lambda session: mass_counts.take(session, "contact:1", until, MOST))
    assert database.run_here(lambda session: mass_counts.forget(session, until + timedelta(days=1), 10)) == 1
    assert database.run_here(lambda session: mass_counts.take(session, "contact:1", until, MOST))


@pytest.mark.parametrize(
    ("now", "cap", "until", "most"),
    [
        (datetime(2026, 2, 28, 15, 59, tzinfo=UTC), "month", datetime(2026, 2, 28, 16, tzinfo=UTC), 28),
        (datetime(2026, 2, 28, 16, 0, tzinfo=UTC), "month", datetime(2026, 3, 31, 16, tzinfo=UTC), 31),
        (datetime(2026, 12, 31, 2, 0, tzinfo=UTC), "month", datetime(2026, 12, 31, 16, tzinfo=UTC), 31),
        (datetime(2026, 11, 29, 2, 0, tzinfo=UTC), "week", datetime(2026, 11, 29, 16, tzinfo=UTC), 7),
        (datetime(2026, 11, 29, 17, 0, tzinfo=UTC), "day", datetime(2026, 11, 30, 16, tzinfo=UTC), 1),
    ],
)
def test_windows_end_at_midnight_in_beijing(now: datetime, cap: str, until: datetime, most: int) -> None:
    assert mass_cap.window(now, cap) == (until, most)
