"""Somebody breaks a rule in a customer group: a card, a human decides, the bot remembers."""

from datetime import timedelta

import orjson
from sqlmodel import select

from bot.model.tables import AuditRow, HygieneCase, StaffTask
from bot.platforms.simulator.cast import CUSTOMER_GROUP
from bot.platforms.simulator.corp import Shown
from tests.world import World

ADVERT = "姐妹们加V信 abc12345 领免费福利，速来"


def cards(world: World, staff: str) -> list[Shown]:
    return world.wecom.cards_of(staff)


def text_of(card: Shown) -> str:
    return orjson.dumps(card.content).decode()


async def test_an_advert_becomes_one_card_for_owner_and_manager(world: World) -> None:
    # when Hao advertises in the group, in disguise
    await world.wecom.say("hao", ADVERT, group=CUSTOMER_GROUP)
    await world.settle()
    # then Zhou, who owns the group, and Lin, who manages the community, get one card each, of one message
    assert len(world.wecom.calls("message/send")) == 1
    [card], [_same] = cards(world, "zhou"), cards(world, "lin")
    assert "领免费福利" in text_of(card)
    assert "广告引流" in text_of(card)
    # and the verdict holds the span in the original words
    [case] = world.read(select(HygieneCase))
    assert case.state == "open"
    assert any("V信" in ADVERT[start:end] for start, end in case.spans)


async def test_pressing_a_button_decides_once_and_changes_the_card(world: World) -> None:
    await world.wecom.say("hao", ADVERT, group=CUSTOMER_GROUP)
    await world.settle()
    await world.wecom.press("lin", None, world.buttons("lin")[0])
    await world.settle()
    [case] = world.read(select(HygieneCase))
    assert case.state != "open"
    assert case.decided_by == "lin"
    assert world.wecom.calls("message/update_template_card")
    assert any(row.actor == "lin" for row in world.read(select(AuditRow)))


async def test_an_unlisted_link_is_caught_and_a_listed_one_is_not(world: World) -> None:
    await world.wecom.say("hao", "看这个 https://mp.weixin.qq.com/s/abc", group=CUSTOMER_GROUP)
    await world.advance(timedelta(seconds=20))
    assert cards(world, "zhou") == []
    await world.wecom.say("hao", "看这个 https://evil-shop.example.net/x", group=CUSTOMER_GROUP)
    await world.advance(timedelta(seconds=20))
    [case] = world.read(select(HygieneCase))
    assert case.rules == ["link"]
    assert len(cards(world, "zhou")) == 1


async def test_staff_are_not_judged(world: World) -> None:
    await world.wecom.say("zhou", ADVERT, group=CUSTOMER_GROUP)
    await world.settle()
    assert world.read(select(HygieneCase)) == []


async def test_a_removal_that_was_asked_for_is_confirmed_by_the_platform(world: World) -> None:
    await world.wecom.say("hao", ADVERT, group=CUSTOMER_GROUP)
    await world.settle()
    await world.wecom.press("lin", None, next(key for key in world.buttons("lin") if "remove" in key))
    await world.settle()
    [task] = world.read(select(StaffTask))
    assert (task.user_id, task.state) == ("zhou", "open")
    await world.wecom.kick(CUSTOMER_GROUP, "hao", by="zhou")
    await world.advance(timedelta(seconds=5))
    [task] = world.read(select(StaffTask))
    assert task.state == "done"
