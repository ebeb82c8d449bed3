"""What leases promise, over every engine."""

import asyncio
from datetime import timedelta

from bot.clock import ManualClock
from bot.storage.database import Database
from bot.storage.leases import Lease

LASTS = timedelta(seconds=3)


def take(database: Database, lease: Lease, clock: ManualClock) -> bool:
    return database.run_here(lambda session: lease.take(session, clock.now()))


def test_one_holder_at_a_time(database: Database, clock: ManualClock) -> None:
    lin, zhou = Lease("scheduler", LASTS), Lease("scheduler", LASTS)
    assert take(database, lin, clock)
    assert not take(database, zhou, clock)
    assert take(database, lin, clock)
    assert take(database, Lease("another", LASTS), clock)


def test_who_renews_keeps_it_and_who_dies_loses_it(database: Database, clock: ManualClock) -> None:
    lin, zhou = Lease("scheduler", LASTS), Lease("scheduler", LASTS)
    for _second in range(10):
        assert take(database, lin, clock)
        assert not take(database, zhou, clock)
        clock.advance(timedelta(seconds=1))
    clock.advance(timedelta(seconds=2))
    assert take(database, zhou, clock)
    assert not take(database, lin, clock)


def test_who_died_with_a_wrong_clock_is_not_waited_for(database: Database, clock: ManualClock) -> None:
    lin, zhou = Lease("scheduler", LASTS), Lease("scheduler", LASTS)
    right = clock.now()
    clock.advance(timedelta(hours=8))
    assert take(database, lin, clock)
    clock.move_to(right)
    assert take(database, zhou, clock)


def test_who_stops_hands_over_at_once(database: Database, clock: ManualClock) -> None:
    lin, zhou = Lease("scheduler", LASTS), Lease("scheduler", LASTS)
    assert take(database, lin, clock)
    database.run_here(zhou.give_back)  # not his to give
    assert not take(database, zhou, clock)
    database.run_here(lin.give_back)
    assert take(database, zhou, clock)


async def test_of_many_who_ask_at_once_one_gets_it(database: Database, clock: ManualClock) -> None:
    async def ask(lease: Lease) -> bool:
        return await database.run(lambda session: lease.take(session, clock.now()))

    asked = [ask(Lease("scheduler", LASTS)) for _process in range(8)]
    assert sum(await asyncio.gather(*asked)) == 1
