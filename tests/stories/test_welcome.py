"""A contact scans a live code and is welcomed."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from bot.model.tables import OutboxRow, StaffTask
from tests.world import World

WELCOME = "externalcontact/send_welcome_msg"


async def test_mei_is_greeted_once_however_often_wecom_retries(world: World) -> None:
    # given the spring live code, staffed by Zhou
    spring = await world.wecom.contact_way(state="spring", staff="zhou")
    # when Mei scans it and the callback arrives four times
    scan = await world.wecom.scan(spring, by="mei", deliveries=4)
    await world.settle()
    # then one welcome is sent, in time, with words and an attachment
    [welcome] = world.wecom.calls(WELCOME)
    assert welcome.at - scan.at < timedelta(seconds=20)
    [body] = world.bodies(WELCOME)
    assert body["text"]["content"]
    assert body["attachments"]
    # and the live code's tag is on her, here and at WeCom
    assert "渠道/春季" in world.tags("mei")
    [mark] = world.bodies("externalcontact/mark_tag")
    assert mark["userid"] == "zhou"


async def test_two_contacts_in_the_same_second_are_both_greeted(world: World) -> None:
    spring = await world.wecom.contact_way(state="spring", staff="zhou")
    world.wecom.add_contact("another")
    await asyncio.gather(world.wecom.scan(spring, by="mei"), world.wecom.scan(spring, by="another"))
    await world.settle()
    assert len(world.wecom.calls(WELCOME)) == 2


async def test_half_added_and_then_confirmed_is_one_welcome(world: World) -> None:
    spring = await world.wecom.contact_way(state="spring", staff="zhou")
    await world.wecom.scan(spring, by="mei", half=True)
    await world.settle()
    assert len(world.wecom.calls(WELCOME)) == 1
    await world.advance(timedelta(minutes=3))
    await world.wecom.accept("zhou", "mei")
    await world.settle()
    assert len(world.wecom.calls(WELCOME)) == 1
    # and the tag, which WeCom refuses for a contact who is only half added, is on her now, there too
    assert "渠道/春季" in world.tags("mei")
    assert "渠道/春季" in world.wecom.tags_of("mei", "zhou")
    assert all(call.errcode == 0 for call in world.wecom.calls("externalcontact/mark_tag"))


async def test_a_busy_welcome_is_tried_again_inside_its_window(world: World) -> None:
    world.wecom.faults.fail(WELCOME, 41096, times=3)
    spring = await world.wecom.contact_way(state="spring", staff="zhou")
    scan = await world.wecom.scan(spring, by="mei")
    await world.advance(timedelta(seconds=30))
    calls = world.wecom.calls(WELCOME)
    assert len(calls) == 4
    assert calls[-1].at - scan.at < timedelta(seconds=20)
    assert calls[-1].errcode == 0


@pytest.mark.parametrize("errcode", [41050, 41051])
async def test_a_welcome_that_cannot_be_sent_is_left_to_the_staff(world: World, errcode: int) -> None:
    world.wecom.faults.fail(WELCOME, errcode, times=1)
    spring = await world.wecom.contact_way(state="spring", staff="zhou")
    await world.wecom.scan(spring, by="mei")
    await world.settle()
    assert len(world.wecom.calls(WELCOME)) == 1
    [row] = world.read(select(OutboxRow).where(OutboxRow.endpoint == WELCOME))
    assert (row.state, row.errcode) == ("failed", errcode)
    [task] = world.read(select(StaffTask))
    assert task.user_id == "zhou"
    assert any(body["touser"] == "zhou" for body in world.bodies("message/send"))
