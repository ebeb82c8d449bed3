"""Replaying what was recorded."""

from datetime import datetime, timedelta

from sqlmodel import Session

from bot.cli_sop.rehearse import hearing
from bot.model.ids import SopName
from bot.sop.parse import parse
from bot.sop.replay import Replayed, replay
from bot.sop.schema import Sop
from tests.world import START, World

SPRING = SopName("contact/spring")


async def a_day_in_the_shop(world: World) -> None:
    """People come, talk, buy, complain and leave, while all of the shipped SOPs are in force."""
    spring = await world.wecom.contact_way(state="spring", staff="zhou")
    await world.wecom.scan(spring, by="mei")
    await world.advance(timedelta(minutes=30))
    await world.wecom.scan(spring, by="hao")
    await world.advance(timedelta(hours=3))
    await world.wecom.say("mei", "口红怎么买？", to="zhou")
    await world.advance(timedelta(days=1))


def replayed(world: World, sop: Sop, since: datetime = START) -> Replayed:
    bot = world.bot
    with Session(bot.store.database.engine, expire_on_commit=False) as session:
        return replay(session, bot.knowledge.library, sop, hearing(bot.settings), since=since, until=world.clock.now())


async def test_the_version_in_force_decides_again_what_it_decided(world: World) -> None:
    await a_day_in_the_shop(world)
    for sop in world.bot.knowledge.library:
        told = replayed(world, sop)
        assert told.only_would == [], sop.name
        assert told.only_was == [], sop.name
    assert replayed(world, world.bot.knowledge.library.get(SPRING)).same >= 2


async def test_a_draft_says_who_would_have_got_what(world: World) -> None:
    await a_day_in_the_shop(world)
    text = world.bot.knowledge.library.get(SPRING).source.replace("starts_with: spring", "starts_with: autumn")
    draft, findings = parse(text, "draft.yaml", SPRING)
    assert draft is not None, findings
    told = replayed(world, draft)
    assert {one.rule for one in told.only_would} == {"when"}
    assert {one.subject for one in told.only_was} == {one.subject for one in told.only_would}
    assert all(one.way for one in told.only_was)


async def test_a_replay_sends_nothing_and_changes_nothing(world: World) -> None:
    await a_day_in_the_shop(world)
    before = world.wecom.calls("externalcontact/send_welcome_msg"), world.path("mei", SPRING)
    told = replayed(world, world.bot.knowledge.library.get(SPRING))
    assert told.sent
    await world.settle()
    assert (world.wecom.calls("externalcontact/send_welcome_msg"), world.path("mei", SPRING)) == before
