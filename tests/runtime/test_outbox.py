"""How calls end: what is tried again, what is given up, and what must never be repeated."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from bot.model.calls import Call
from bot.model.tables import InboxRow, OutboxRow
from bot.storage.ledger.outbox import SEND_TIMEOUT
from bot.storage.work import Work
from tests.world import World

GREETING: dict[str, Any] = {"touser": "zhou", "msgtype": "text", "text": {"content": "你好"}}
REPEATABLE = "externalcontact/get_follow_user_list"


async def plan(world: World, call: Call) -> None:
    def planned(work: Work) -> None:
        work.plan(call)

    await world.bot.store.work(planned)
    await world.bot.drain()


def row(world: World, endpoint: str) -> OutboxRow:
    found: list[OutboxRow] = world.read(select(OutboxRow).where(OutboxRow.endpoint == endpoint))
    return found[-1]


async def test_a_repeatable_call_is_tried_again_until_it_succeeds(world: World) -> None:
    world.wecom.faults.http(REPEATABLE, 502, times=2)
    await plan(world, Call(REPEATABLE, key="k"))
    assert row(world, REPEATABLE).state == "planned"
    await world.advance(timedelta(minutes=1))
    assert row(world, REPEATABLE).state == "sent"
    assert row(world, REPEATABLE).attempts == 3


@pytest.mark.parametrize("fault", ["after", "cut", "garbage"])
async def test_a_message_of_unknown_fate_is_never_sent_twice(world: World, fault: str) -> None:
    getattr(world.wecom.faults, fault)("message/send")
    await plan(world, Call("message/send", GREETING))
    await world.advance(timedelta(hours=1))
    assert row(world, "message/send").state == "unknown"
    assert len(world.wecom.calls("message/send")) <= 1
    # and whoever planned it can hear of it
    told = world.read(select(InboxRow).where(InboxRow.kind == "call.finished"))
    assert any(one.payload["outcome"] == "unknown" for one in told)


async def test_a_busy_platform_is_asked_again(world: World) -> None:
    world.wecom.faults.fail("message/send", -1, times=2)
    await plan(world, Call("message/send", GREETING))
    await world.advance(timedelta(minutes=1))
    assert row(world, "message/send").state == "sent"


async def test_a_final_refusal_is_final(world: World) -> None:
    await plan(world, Call("message/send", {**GREETING, "touser": "nobody"}))
    await world.advance(timedelta(hours=1))
    assert (row(world, "message/send").state, row(world, "message/send").errcode) == ("failed", 81013)
    assert len(world.wecom.calls("message/send")) == 1


async def test_a_limit_rests_the_endpoint_and_loses_nothing(world: World) -> None:
    world.wecom.faults.fail("message/send", 45009, times=1)
    await plan(world, Call("message/send", GREETING))
    await plan(world, Call("message/send", GREETING))
    assert len(world.wecom.calls("message/send")) == 1
    await world.advance(timedelta(minutes=2))
    rows = world.read(select(OutboxRow).where(OutboxRow.endpoint == "message/send"))
    assert [one.state for one in rows] == ["sent", "sent"]


async def test_a_token_that_was_taken_away_is_fetched_anew_once(world: World) -> None:
    world.wecom.faults.fail(REPEATABLE, 42001, times=1)
    before = len(world.wecom.calls("gettoken"))
    await plan(world, Call(REPEATABLE, key="k"))
    assert row(world, REPEATABLE).state == "sent"
    assert len(world.wecom.calls("gettoken")) == before + 1


async def test_a_deadline_that_has_passed_ends_a_call_before_it_leaves(world: World) -> None:
    await plan(world, Call("message/send", GREETING, deadline=world.clock.now() - timedelta(seconds=1)))
    assert row(world, "message/send").state == "expired"
    assert world.wecom.calls("message/send") == []


async def test_no_more_than_twenty_posts_a_minute_reach_a_webhook(world: World) -> None:
    def flood(work: Work) -> None:
        for number in range(30):
            body = {"key": "webhook:社群运营内部群", "msgtype": "text", "text": {"content": str(number)}}
            work.plan(Call("webhook/send", body))

    await world.bot.store.work(flood)
    await world.bot.drain()
    assert len(world.wecom.calls("webhook/send")) == 20
    await world.advance(timedelta(minutes=2))
    calls = world.wecom.calls("webhook/send")
    assert len(calls) == 30
    assert all(call.errcode == 0 for call in calls)


async def test_what_a_dead_sender_left_is_sent_again_only_when_that_is_harmless(world: World) -> None:
    def under_way(work: Work) -> None:
        work.plan(Call(REPEATABLE, key="a"))
        work.plan(Call("message/send", GREETING, key="b"))
        for one in work.session.exec(select(OutboxRow).where(OutboxRow.state == "planned")):
            one.state, one.claimed_until = "sending", work.now + SEND_TIMEOUT

    await world.bot.store.work(under_way)
    await world.bot.drain()
    world.clock.advance(timedelta(minutes=3))
    assert await world.bot.outboxes[0].recover() == 2
    await world.settle()
    assert row(world, REPEATABLE).state == "sent"
    assert row(world, "message/send").state == "unknown"
    assert world.wecom.calls("message/send") == []


async def test_a_token_that_is_refused_at_an_upload_costs_no_welcome(world: World) -> None:
    world.wecom.faults.fail("media/upload", 40014, times=1)
    spring = await world.wecom.contact_way(state="spring", staff="zhou")
    await world.wecom.scan(spring, by="mei")
    await world.settle()
    assert row(world, "externalcontact/send_welcome_msg").state == "sent"


async def test_an_upload_that_fails_has_sent_nothing_and_is_tried_again(world: World) -> None:
    world.wecom.faults.http("media/upload", 502, times=1)
    await world.wecom.tell("lin", "/report day")
    await world.advance(timedelta(minutes=1))
    states = world.read(select(OutboxRow.state).where(OutboxRow.endpoint == "message/send"))
    assert set(states) == {"sent"}


async def test_the_only_process_sends_again_at_once_what_its_last_life_left(world: World) -> None:
    def under_way(work: Work) -> None:
        work.plan(Call(REPEATABLE, key="a"))
        for one in work.session.exec(select(OutboxRow).where(OutboxRow.state == "planned")):
            one.state, one.claimed_until = "sending", work.now + SEND_TIMEOUT

    await world.bot.store.work(under_way)
    assert await world.bot.outboxes[0].recover() == 0
    assert await world.bot.outboxes[0].recover(alone=True) == 1
    await world.settle()
    assert row(world, REPEATABLE).state == "sent"
