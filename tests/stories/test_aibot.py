"""The AI bot: staff ask it what they ask the app, and are answered there."""

from bot.platforms.simulator.cast import INTERNAL_GROUP
from tests.world import World

ANSWER = "aibot/response"


async def test_its_address_is_verified(world: World) -> None:
    assert await world.wecom.verify("aibot") == "ok"


async def test_a_command_is_answered_where_it_was_asked(world: World) -> None:
    await world.wecom.ask_aibot("lin", "/帮助")
    await world.settle()
    [answer] = world.bodies(ANSWER)
    assert answer["msgtype"] == "markdown"
    assert "/群发" in answer["markdown"]["content"]
    assert world.bodies("message/send") == []


async def test_a_command_in_a_group_is_not_answered_for_all_to_read(world: World) -> None:
    await world.wecom.ask_aibot("lin", "/who 浩", INTERNAL_GROUP)
    await world.settle()
    assert world.bodies(ANSWER) == []


async def test_a_picture_comes_to_the_app(world: World) -> None:
    """The bot's answer holds words alone."""
    await world.wecom.ask_aibot("lin", "/report week")
    await world.settle()
    assert len(world.bodies(ANSWER)) == 1
    assert [body["msgtype"] for body in world.bodies("message/send")] == ["image"]
