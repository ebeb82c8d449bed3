"""What each ending of a call asks for, by the platforms' own tables: again, given up, or nobody knows."""

from datetime import timedelta
from typing import Any

from sqlmodel import select
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from bot.model.calls import Call
from bot.model.ids import TraceId
from bot.model.lanes import Lane
from bot.model.tables import OutboxRow
from bot.runtime.attempts import MOST_ATTEMPTS
from bot.storage.ledger import outbox
from bot.storage.ledger.retries import MAX_ATTEMPTS, backoff
from bot.storage.work import Work
from tests.world import World

GREETING: dict[str, Any] = {"touser": "zhou", "msgtype": "text", "text": {"content": "你好"}}
REPEATABLE = "externalcontact/get_follow_user_list"


async def plan(world: World, *calls: Call) -> None:
    def planned(work: Work) -> None:
        for call in calls:
            work.plan(call)

    await world.bot.store.work(planned)
    await world.bot.drain()


def row(world: World, endpoint: str) -> OutboxRow:
    found: list[OutboxRow] = world.read(select(OutboxRow).where(OutboxRow.endpoint == endpoint))
    return found[-1]


def test_rows_that_failed_together_do_not_come_back_together_and_yet_always_at_the_same_moments() -> None:
    pauses = [backoff(3, row_id) for row_id in range(200)]
    assert len(set(pauses)) > 150
    assert all(timedelta(seconds=3) <= pause <= timedelta(seconds=5) for pause in pauses)
    assert pauses == [backoff(3, row_id) for row_id in range(200)]
    assert max(backoff(attempts, 7) for attempts in range(1, 60)) <= timedelta(minutes=12.5)


async def test_a_message_whose_token_could_not_be_had_has_not_left_and_is_sent_later(world: World) -> None:
    world.wecom.faults.fail("message/send", 42001)
    world.wecom.faults.garbage("gettoken")
    await plan(world, Call("message/send", GREETING))
    assert row(world, "message/send").state == "planned"
    await world.advance(timedelta(minutes=1))
    assert row(world, "message/send").state == "sent"


async def test_a_file_that_did_not_arrive_keeps_its_message_back_and_does_not_make_it_unknown(world: World) -> None:
    world.wecom.faults.after("media/upload")
    picture = {"touser": "zhou", "msgtype": "image", "image": {"media_id": {"$upload": "spring.png", "media": "image"}}}
    await plan(world, Call("message/send", picture))
    assert row(world, "message/send").state == "planned"
    await world.advance(timedelta(minutes=1))
    assert row(world, "message/send").state == "sent"
    assert len(world.wecom.calls("message/send")) == 1


async def test_an_outage_of_an_hour_loses_no_call(world: World) -> None:
    world.wecom.faults.http(REPEATABLE, 503, times=MAX_ATTEMPTS + 4)
    await plan(world, Call(REPEATABLE, key="k"))
    await world.advance(timedelta(hours=2))
    assert row(world, REPEATABLE).state == "sent"
    assert row(world, REPEATABLE).attempts == MAX_ATTEMPTS + 5


async def test_an_outage_without_end_ends_a_call(world: World) -> None:
    world.wecom.faults.http(REPEATABLE, 503, times=100)
    await plan(world, Call(REPEATABLE, key="k"))
    await world.advance(timedelta(hours=4))
    assert (row(world, REPEATABLE).state, row(world, REPEATABLE).attempts) == ("failed", MOST_ATTEMPTS)


async def test_a_platform_that_keeps_saying_no_is_asked_no_more(world: World) -> None:
    world.wecom.faults.fail("message/send", -1, times=100)
    await plan(world, Call("message/send", GREETING))
    await world.advance(timedelta(hours=1))
    assert (row(world, "message/send").state, row(world, "message/send").attempts) == ("failed", MAX_ATTEMPTS)


async def test_a_platform_that_wakes_up_busy_after_an_outage_is_asked_again(world: World) -> None:
    world.wecom.faults.http(REPEATABLE, 502, times=MAX_ATTEMPTS + 1)
    world.wecom.faults.fail(REPEATABLE, -1)
    await plan(world, Call(REPEATABLE, key="k"))
    await world.advance(timedelta(hours=1))
    assert row(world, REPEATABLE).state == "sent"


async def test_a_limit_says_at_once_that_a_call_with_a_deadline_is_too_late(world: World) -> None:
    world.wecom.faults.fail("message/send", 45009)
    deadline = world.clock.now() + timedelta(seconds=20)
    await plan(world, Call("message/send", GREETING, deadline=deadline, lane=Lane.INSTANT))
    assert row(world, "message/send").state == "expired"
    assert row(world, "message/send").errcode == 45009


async def test_an_endpoint_that_says_it_has_had_enough_again_and_again_is_left_alone_for_longer(world: World) -> None:
    world.wecom.faults.fail("message/send", 45009, times=4)
    await plan(world, Call("message/send", GREETING))
    rests = []
    while row(world, "message/send").state == "planned":
        ready_at = row(world, "message/send").ready_at
        rests.append(ready_at - world.clock.now())
        await world.advance(rests[-1])
    assert rests == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]


async def test_too_many_at_the_same_moment_is_a_matter_of_seconds(world: World) -> None:
    world.wecom.faults.fail("message/send", 45033)
    await plan(world, Call("message/send", GREETING), Call("message/send", GREETING))
    await world.advance(timedelta(seconds=5))
    rows = world.read(select(OutboxRow).where(OutboxRow.endpoint == "message/send"))
    assert [one.state for one in rows] == ["sent", "sent"]


async def test_a_reminder_too_many_ends_itself_and_nothing_else(world: World) -> None:
    remind = "externalcontact/remind_groupmsg_send"
    world.wecom.faults.fail(remind, 41094)
    await plan(world, Call(remind, {"msgid": "a"}, key="a"))
    assert (row(world, remind).state, row(world, remind).errcode) == ("failed", 41094)


async def test_a_task_that_is_still_handed_out_is_asked_for_again(world: World) -> None:
    task = "externalcontact/get_groupmsg_task"
    world.wecom.faults.fail(task, 41063)
    await plan(world, Call(task, {"msgid": "none"}, key="a"))
    assert row(world, task).state == "planned"


async def test_whoever_was_taken_for_dead_and_comes_back_changes_nothing(world: World) -> None:
    def claimed(work: Work) -> OutboxRow:
        work.plan(Call(REPEATABLE, key="k"))
        return outbox.claim(work.session, Lane.NORMAL, work.now, 1)[0]

    late = await world.bot.store.work(claimed)
    world.clock.advance(timedelta(minutes=3))
    await world.bot.outboxes[0].recover()
    again = await world.bot.store.work(lambda work: outbox.claim(work.session, Lane.NORMAL, work.now, 1)[0])
    assert again.id == late.id
    told = await world.bot.store.work(
        lambda work: outbox.conclude(work.session, late, "failed", work.now, {}, 0, "too late")
    )
    assert not told
    assert row(world, REPEATABLE).state == "sending"


async def test_every_line_about_a_call_or_an_event_carries_its_trace(world: World) -> None:
    with capture_logs(processors=[merge_contextvars]) as lines:
        world.wecom.faults.fail("message/send", 60020)

        def planned(work: Work) -> None:
            Work(work.session, work.now, TraceId("mine")).plan(Call("message/send", GREETING))

        await world.bot.store.work(planned)
        await world.bot.drain()
    about = [line for line in lines if line.get("endpoint") == "message/send"]
    assert about
    assert all(line["trace_id"] == "mine" for line in about)
