"""Posts that are due: at once in internal groups, by the owner's tap in customer groups, and never forgotten."""

import shutil
from datetime import timedelta
from pathlib import Path

from sqlmodel import select

from bot.model.tables import MassSend, Post
from bot.platforms.simulator.cast import CUSTOMER_GROUP, INTERNAL_GROUP
from tests.world import World
from tests.world import world as a_world

HOUSE = Path(__file__).parents[2]
ADD = "externalcontact/add_msg_template"
REMIND = "externalcontact/remind_groupmsg_send"


async def post(world: World, group: str) -> None:
    await world.wecom.tell("lin", "/sop pause group/evening")
    await world.settle()
    await world.wecom.tell("lin", f"/post {group} at 20:00 今晚福利来啦")
    await world.settle()


async def test_an_internal_group_hears_it_at_eight(world: World) -> None:
    await post(world, INTERNAL_GROUP)
    assert world.wecom.calls("webhook/send") == []
    await world.advance(timedelta(hours=10, minutes=1))
    [said] = world.wecom.calls("webhook/send")
    assert said.at.hour == 12
    assert "今晚福利来啦" in str(said.body)


async def test_a_customer_groups_post_waits_for_its_owner(world: World) -> None:
    await post(world, CUSTOMER_GROUP)
    await world.advance(timedelta(hours=10, minutes=1))
    [task] = world.bodies(ADD)
    assert task["sender"] == "zhou"
    [waiting] = world.wecom.mass_sends_of("zhou")
    await world.wecom.confirm("zhou", waiting)
    await world.advance(timedelta(hours=1))
    [sent] = world.read(select(MassSend))
    assert sent.state == "sent"
    assert world.bodies(REMIND) == []
    [done] = world.read(select(Post))
    assert done.state == "done"


async def test_a_silent_owner_is_reminded_and_then_the_manager_hears_of_it(world: World) -> None:
    await post(world, CUSTOMER_GROUP)
    await world.advance(timedelta(hours=10, minutes=1))
    before = len(world.wecom.inbox_of("lin"))
    await world.advance(timedelta(hours=3))
    assert world.bodies(REMIND)
    [sent] = world.read(select(MassSend))
    assert sent.state == "escalated"
    assert len(world.wecom.inbox_of("lin")) > before


async def test_a_cron_sop_posts_once_on_each_of_its_evenings(tmp_path: Path) -> None:
    """The shipped one posts on the 5th, 15th and 25th of a month; the story begins on 23 November, at ten."""
    sops = tmp_path / "sops"
    (sops / "group").mkdir(parents=True)
    shutil.copy(HOUSE / "sops" / "group" / "evening.yaml", sops / "group")
    async with a_world(tmp_path, sops=sops) as world:
        await world.advance(timedelta(days=1, hours=10, minutes=5))
        assert world.bodies(ADD) == []
        await world.advance(timedelta(days=1))
        assert len(world.bodies(ADD)) == 1
        await world.advance(timedelta(days=10))
        assert len(world.bodies(ADD)) == 2
