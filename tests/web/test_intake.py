"""What reaches a door is kept before it is answered, and a flood is sent away to come again."""

import asyncio

import pytest

from bot.clock import ManualClock
from bot.model.events import ContactAdded
from bot.model.ids import ExternalUserId, TraceId
from bot.storage.ledger.inbox import Arrival
from bot.storage.work import Store
from bot.web import intake as module
from bot.web.intake import Intake, Overloaded

from . import sample
from .conftest import Client, OpenDoors, kept
from .doors import TRACK, WECOM, added, post_lines, refused, seal, send


def arrival(n: int) -> Arrival:
    event = ContactAdded(at=sample.NOW, user_id=sample.ZHOU, external_user_id=ExternalUserId(f"wm{n}"))
    return Arrival("wecom", event, f"k{n}", TraceId(f"t{n}"))


async def test_many_at_once_share_a_commit(store: Store, intake: Intake) -> None:
    await asyncio.gather(*(intake.keep(arrival(n)) for n in range(500)))
    assert len(kept(store)) == 500


async def test_a_full_door_says_so_and_when_to_come_again(
    open_doors: OpenDoors, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await open_doors(wecom=WECOM)
    monkeypatch.setattr(module, "MOST_WAITING", 0)
    answer = await send(client, seal(added()))
    await refused(answer, 503, "too many")
    assert answer.headers["Retry-After"] == "5"
    monkeypatch.undo()
    assert (await send(client, seal(added()))).status == 200
    assert len(kept(store)) == 1


async def test_arrivals_count_and_not_requests(store: Store) -> None:
    # given a door whose keeper does not come, so that everything waits
    full = Intake(store, 1_000_000)
    waiting = [asyncio.create_task(full.keep(*(arrival(n + k) for n in range(1000)))) for k in (0, 1000)]
    await asyncio.sleep(0)
    # when two requests of a thousand lines each wait
    with pytest.raises(Overloaded):
        await full.keep(arrival(5000))
    # then all of them are kept as soon as he does
    keeper = asyncio.create_task(full.run())
    await asyncio.gather(*waiting)
    await full.keep(arrival(5000))
    full.stop()
    await keeper
    assert len(kept(store)) == 2001


async def test_what_waits_is_kept_before_the_door_closes(store: Store) -> None:
    closing = Intake(store, 1_000_000)
    waiting = [asyncio.create_task(closing.keep(arrival(n))) for n in range(3)]
    await asyncio.sleep(0)
    closing.stop()
    await closing.run()
    await asyncio.gather(*waiting)
    assert len(kept(store)) == 3
    with pytest.raises(Overloaded):
        await closing.keep(arrival(9))


async def test_a_database_that_fails_is_told_without_its_words(
    open_doors: OpenDoors, store: Store, clock: ManualClock
) -> None:
    client = await open_doors(wecom=WECOM, track={"secret": TRACK})
    with store.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE inbox RENAME TO gone")
    await refused(await send(client, seal(added())), 500, "something went wrong")
    line = {"event_id": "1", "event": "e", "at": 1, "openid": "o"}
    await refused(await post_lines(client, "/track", TRACK, [line], clock), 500, "something went wrong")
    await refused(await client.get("/readyz"), 503, "database")
    with store.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO inbox")
    assert (await send(client, seal(added()))).status == 200


async def test_a_caller_who_goes_away_leaves_the_others_in_peace(store: Store) -> None:
    busy = Intake(store, 1_000_000)
    impatient = asyncio.create_task(busy.keep(arrival(1)))
    patient = asyncio.create_task(busy.keep(arrival(2)))
    await asyncio.sleep(0)
    impatient.cancel()
    keeper = asyncio.create_task(busy.run())
    await patient
    busy.stop()
    await keeper
    assert len(kept(store)) == 2


async def test_health_is_told_in_a_word(open_doors: OpenDoors) -> None:
    client: Client = await open_doors()
    for path in ("/healthz", "/readyz"):
        answer = await client.get(path)
        assert (answer.status, await answer.text()) == (200, "ok\n")
    metrics = await (await client.get("/metrics")).text()
    assert "# HELP" in metrics
