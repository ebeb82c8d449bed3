"""What only a person can mend reaches the persons who can, once an hour and not once a call."""

from datetime import timedelta

import pytest

from bot.model.calls import Call
from bot.model.events import AppEvent
from bot.model.ids import UserId
from bot.storage.work import Work
from tests.world import World

LOOK = "externalcontact/get_follow_user_list"


async def plan(world: World, *calls: Call) -> None:
    def planned(work: Work) -> None:
        for call in calls:
            work.plan(call)

    await world.bot.store.work(planned)
    await world.settle()


def told(world: World, word: str) -> list[str]:
    """What Lin, who manages, has been told with this word in it."""
    texts = [(body["touser"], body.get("text", {}).get("content", "")) for body in world.bodies("message/send")]
    return [text for to, text in texts if "lin" in to.split("|") and word in text]


@pytest.mark.parametrize("errcode", [60020, 48002, 40001])
async def test_managers_hear_of_a_refusal_once_an_hour(world: World, errcode: int) -> None:
    world.wecom.faults.fail(LOOK, errcode, times=100)
    await plan(world, *(Call(LOOK, key=str(number)) for number in range(5)))
    await world.advance(timedelta(minutes=20))
    assert len(told(world, str(errcode))) == 1
    assert "/失败" in told(world, str(errcode))[0]
    await world.advance(timedelta(hours=1))
    world.wecom.faults.clear()
    world.wecom.faults.fail(LOOK, errcode, times=100)
    await plan(world, Call(LOOK, key="later"))
    await world.advance(timedelta(minutes=20))
    assert len(told(world, str(errcode))) == 2


async def test_a_refusal_of_messages_is_not_told_of_for_ever(world: World) -> None:
    world.wecom.faults.fail("message/send", 60020, times=1000)
    await plan(world, Call("message/send", {"touser": "zhou", "msgtype": "text", "text": {"content": "你好"}}))
    await world.advance(timedelta(hours=5))
    assert len(world.wecom.calls("message/send")) == 2


async def test_a_call_that_is_merely_wrong_is_nobodys_trouble(world: World) -> None:
    world.wecom.faults.fail(LOOK, 40058)
    await plan(world, Call(LOOK, key="k"))
    assert told(world, "40058") == []


async def test_what_wecom_warns_of_is_passed_on(world: World) -> None:
    event = AppEvent(at=world.clock.now(), user_id=UserId("sys"), name="inactive_alert")
    await world.bot.store.work(lambda work: work.record(event))
    await world.settle()
    assert len(told(world, "停用")) == 1
