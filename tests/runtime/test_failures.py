"""Dead letters come back by a person's word: once, and with the ending told to whoever planned the call."""

from typing import Any

import pytest
from sqlmodel import select

from bot.community import failures
from bot.errors import BadInput, NotFound
from bot.model.calls import Call
from bot.model.tables import AuditRow, InboxRow, OutboxRow
from bot.storage.work import Work
from tests.world import World

GREETING: dict[str, Any] = {"touser": "zhou", "msgtype": "text", "text": {"content": "你好"}}


async def a_failure(world: World, errcode: int = 40058) -> str:
    world.wecom.faults.fail("message/send", errcode)
    await plan(world)
    return name(world)


async def plan(world: World) -> None:
    def planned(work: Work) -> None:
        work.plan(Call("message/send", GREETING, follow=True, note={"mine": 1}))

    await world.bot.store.work(planned)
    await world.bot.drain()


def mine(world: World) -> OutboxRow:
    """The call planned here, and not what the managers are told of it."""
    rows: list[OutboxRow] = [row for row in world.read(select(OutboxRow)) if row.note == {"mine": 1}]
    return rows[-1]


def name(world: World) -> str:
    return failures.name_of(mine(world))


def state(world: World) -> str:
    return mine(world).state


async def test_a_call_that_is_sent_again_ends_again_and_its_planner_hears_of_it(world: World) -> None:
    dead = await a_failure(world)
    await world.bot.store.work(lambda work: failures.retry(work, dead, "lin"))
    await world.settle()
    assert state(world) == "sent"
    told = [row.payload["outcome"] for row in world.read(select(InboxRow).where(InboxRow.kind == "call.finished"))
            if row.payload["note"] == {"mine": 1}]  # fmt: skip
    assert told == ["failed", "sent"]
    [written] = world.read(select(AuditRow).where(AuditRow.action == "failures.retry"))
    assert (written.actor, written.target, written.detail["was"]) == ("lin", dead, "failed")


async def test_what_may_arrive_twice_is_sent_again_only_by_somebody_who_is_sure(world: World) -> None:
    world.wecom.faults.after("message/send")
    await plan(world)
    dead = name(world)
    assert state(world) == "unknown"
    with pytest.raises(BadInput):
        await world.bot.store.work(lambda work: failures.retry(work, dead, "lin"))
    assert state(world) == "unknown"
    await world.bot.store.work(lambda work: failures.retry(work, dead, "lin", sure=True))
    await world.settle()
    assert state(world) == "sent"
    assert len(world.wecom.calls("message/send")) == 2


async def test_two_people_do_not_send_the_same_call_again_twice(world: World) -> None:
    dead = await a_failure(world)
    await world.bot.store.work(lambda work: failures.retry(work, dead, "lin"))
    with pytest.raises(NotFound):
        await world.bot.store.work(lambda work: failures.retry(work, dead, "boss"))
    await world.settle()
    assert len([call for call in world.wecom.calls("message/send") if call.errcode == 0]) == 1


async def test_what_is_let_go_is_no_failure_any_more(world: World) -> None:
    dead = await a_failure(world)
    assert await world.bot.store.read(lambda session: failures.latest(session, 10))
    await world.bot.store.work(lambda work: failures.drop(work, dead, "lin"))
    assert await world.bot.store.read(lambda session: failures.latest(session, 10)) == []
    assert state(world) == "dropped"


async def test_a_buried_event_is_handled_again(world: World) -> None:
    def bury(work: Work) -> str:
        row = work.session.exec(select(InboxRow)).first()
        assert row is not None
        row.state, row.attempts, row.error = "buried", 8, "KeyError: 'coupon'"
        return failures.name_of(row)

    dead = await world.bot.store.work(bury)
    await world.bot.store.work(lambda work: failures.retry(work, dead, "lin"))
    await world.settle()
    [row] = world.read(select(InboxRow).where(InboxRow.id == int(dead[1:])))
    assert row.state == "done"


@pytest.mark.parametrize("word", ["", "C", "C99999", "34", "C1; DROP TABLE", "X1", "C" + "9" * 30])
async def test_a_name_that_means_nothing_is_refused_in_words(world: World, word: str) -> None:
    with pytest.raises((BadInput, NotFound)):
        await world.bot.store.read(lambda session: failures.get(session, word))
