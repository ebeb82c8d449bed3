"""The official account: answers inside the HTTP reply, and knows its followers as contacts."""

from sqlmodel import select

from bot.model.tables import ExternalContact, Follower
from tests.world import World


async def test_a_keyword_is_answered_inside_the_reply(world: World) -> None:
    await world.wecom.follow("mei")
    reply = await world.wecom.write("mei", "营业时间")
    await world.settle()
    assert reply is not None
    assert "9:00" in str(reply)


async def test_a_new_follower_is_greeted_and_becomes_a_contact(world: World) -> None:
    followed = await world.wecom.follow("mei", scene="spring")
    await world.settle()
    assert "春季" in str(followed.reply)
    [follower] = world.read(select(Follower))
    assert follower.followed_at is not None
    [contact] = world.read(select(ExternalContact).where(ExternalContact.id == follower.contact_id))
    assert contact.union_id


async def test_a_follower_and_a_contact_are_one_person(world: World) -> None:
    await world.wecom.follow("mei")
    await world.settle()
    spring = await world.wecom.contact_way(state="spring", staff="zhou")
    await world.wecom.scan(spring, by="mei")
    await world.settle()
    [follower] = world.read(select(Follower))
    assert follower.contact_id == world.contact("mei").id


async def test_what_a_follower_writes_tags_them(world: World) -> None:
    await world.wecom.follow("mei")
    await world.wecom.write("mei", "口红什么时候有货")
    await world.settle()
    [follower] = world.read(select(Follower))
    assert world.read(select(ExternalContact).where(ExternalContact.id == follower.contact_id))


async def test_a_menu_click_and_leaving(world: World) -> None:
    await world.wecom.follow("mei")
    await world.wecom.click("mei", "offers")
    await world.wecom.unfollow_official("mei")
    await world.settle()
    [follower] = world.read(select(Follower))
    assert follower.unfollowed_at is not None
