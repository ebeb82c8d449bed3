"""Lin commands the bot from the app conversation."""

import pytest
from sqlmodel import select

from bot.model.tables import Post
from bot.platforms.simulator.cast import INTERNAL_GROUP
from handlers import staff
from tests.world import World


async def ask(world: World, who: str, text: str) -> str:
    before = len(world.wecom.inbox_of(who))
    await world.wecom.tell(who, text)
    await world.settle()
    said = [one for one in world.wecom.inbox_of(who)[before:] if one.sender != who]
    return "\n".join(str(one.content.get("content", "")) for one in said)


@pytest.mark.parametrize(
    ("english", "chinese"), [("/help", "/帮助"), ("/groups", "/群"), ("/lead", "/线索"), ("/sop", "/流程")]
)
async def test_a_command_has_two_names(world: World, english: str, chinese: str) -> None:
    said = await ask(world, "lin", english)
    assert said
    assert said == await ask(world, "lin", chinese)


async def test_help_names_what_the_asker_may_do(world: World) -> None:
    world.wecom.add_staff("temp", "临时", 3)
    await world.bot.store.work(staff.begin)
    await world.settle()
    assert "/群发" in await ask(world, "lin", "/help")
    assert "/群发" not in await ask(world, "temp", "/help")


async def test_who_may_not_is_told_so_in_one_line(world: World) -> None:
    said = await ask(world, "zhou", f"/post {INTERNAL_GROUP} at 20:00 大家好")
    assert said
    assert "\n" not in said.strip()
    assert world.read(select(Post)) == []


async def test_a_command_written_wrongly_is_answered_with_its_form(world: World) -> None:
    said = await ask(world, "lin", "/report fortnight")
    assert "/报告 [日|周|月]" in said
    assert "\n" not in said


async def test_a_report_comes_with_a_picture(world: World) -> None:
    await ask(world, "lin", "/report week")
    kinds = [one.kind for one in world.wecom.inbox_of("lin")]
    assert "image" in kinds
    assert world.wecom.calls("media/upload")


async def test_a_command_delivered_three_times_is_answered_once(world: World) -> None:
    await world.wecom.tell("lin", "/help", deliveries=3)
    await world.settle()
    assert len(world.wecom.calls("message/send")) == 1


async def test_who_and_tag_and_why(world: World) -> None:
    spring = await world.wecom.contact_way(state="spring", staff="zhou")
    await world.wecom.scan(spring, by="mei")
    await world.settle()
    assert "梅" in await ask(world, "lin", "/who 梅")
    await ask(world, "lin", "/tag add 梅 兴趣/咖啡")
    assert "兴趣/咖啡" in world.tags("mei")
    assert "spring" in await ask(world, "lin", "/why 梅")
