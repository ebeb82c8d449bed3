"""Words become tags and scores, scores become leads, leads find somebody who takes them."""

from datetime import timedelta

import orjson
from sqlmodel import select

from bot.model.tables import ContactTag, Lead, ScoreEntry
from bot.platforms.simulator.cast import CUSTOMER_GROUP
from tests.world import World


async def say(world: World, text: str) -> None:
    await world.wecom.say("hao", text, group=CUSTOMER_GROUP)
    await world.advance(timedelta(seconds=20))


async def test_words_become_tags_once_with_their_reason(world: World) -> None:
    await say(world, "这支口红有优惠吗")
    await say(world, "口红真的好看")
    assert {"兴趣/口红", "价格敏感/是"} <= world.tags("hao")
    rows = world.read(select(ContactTag).where(ContactTag.name == "兴趣/口红"))
    [row] = rows
    assert "口红" in row.evidence
    assert row.rule
    assert row.source


async def test_a_corp_tag_is_marked_at_wecom_once(world: World) -> None:
    world.wecom.add_tag("兴趣", "口红")
    await world.wecom.create_tag("兴趣", "成分")
    await world.settle()
    await say(world, "这支口红什么成分")
    await say(world, "还是口红好")
    assert len(world.bodies("externalcontact/mark_tag")) == 1


async def test_crossing_the_line_alerts_staff_and_all_managers(world: World) -> None:
    await say(world, "这个怎么买，链接发我")
    [lead] = world.read(select(Lead))
    assert lead.state == "new"
    assert {"zhou", "lin", "boss"} <= set(lead.recipients)
    assert world.read(select(ScoreEntry))
    for staff in ("zhou", "lin", "boss"):
        assert len(world.wecom.cards_of(staff)) == 1, staff


async def test_claiming_takes_the_lead_and_changes_everyones_card(world: World) -> None:
    await say(world, "这个怎么买，链接发我")
    await world.wecom.press("zhou", None, next(key for key in world.buttons("zhou") if "claim" in key))
    await world.settle()
    [lead] = world.read(select(Lead))
    assert (lead.state, lead.owner) == ("claimed", "zhou")
    update = world.bodies("message/update_template_card")[-1]
    assert {"zhou", "lin", "boss"} <= set(update["userids"])
    assert "周" in orjson.dumps(update).decode()


async def test_a_lead_that_nobody_claims_climbs(world: World) -> None:
    await say(world, "这个怎么买，链接发我")
    await world.advance(timedelta(hours=3))
    [lead] = world.read(select(Lead))
    assert lead.escalations >= 1


async def test_a_lost_contact_is_an_alert_by_the_same_road(world: World) -> None:
    await world.wecom.unfollow("hao", "zhou")
    await world.settle()
    [lead] = world.read(select(Lead))
    assert lead.kind == "loss"
    assert len(world.wecom.cards_of("zhou")) == 1
    assert len(world.wecom.cards_of("lin")) == 1
