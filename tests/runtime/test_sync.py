"""What callbacks did not tell is found by reading the corp, and becomes the events that were lost."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from bot.community import readings
from bot.model.events import MembersChanged
from bot.model.ids import ChatId
from bot.model.tables import Behaviour, CorpReading, CustomerGroup, FollowUser, GroupMember, InboxRow, OutboxRow, Staff
from bot.platforms.simulator.cast import CUSTOMER_GROUP
from bot.runtime import process
from handlers import groups as group_handlers
from handlers import staff
from tests.world import World
from tests.world import world as a_world

A_WHILE = timedelta(minutes=5)
BATCH, DETAILS = "externalcontact/batch/get_by_user", "externalcontact/groupchat/get"


async def read_corp(world: World) -> CorpReading:
    """Let what happened settle, and read the corp."""
    await world.advance(A_WHILE)
    await world.bot.store.work(staff.begin)
    await world.settle()
    reading = world.read(select(CorpReading).order_by(col(CorpReading.started_at)))[-1]
    assert isinstance(reading, CorpReading)
    assert reading.finished_at is not None
    return reading


def found(world: World) -> list[tuple[str, dict[str, Any]]]:
    rows = world.read(select(InboxRow).where(InboxRow.source == "xiaoer").order_by(col(InboxRow.id)))
    return [(row.kind, row.payload) for row in rows if row.payload.get("found")]


def status(world: World, name: str) -> str:
    contact = world.contact(name)
    [follow] = world.read(select(FollowUser).where(FollowUser.contact_id == contact.id))
    return str(follow.status)


async def test_the_first_reading_tells_of_nobody(world: World) -> None:
    assert found(world) == []
    assert status(world, "hao") == "active"
    assert world.contact("hao").name == "浩"


async def test_a_lost_adding_is_found_tagged_and_not_greeted(world: World) -> None:
    spring = await world.wecom.contact_way(state="spring", staff="zhou")
    world.wecom.courier.drop(1)
    scan = await world.wecom.scan(spring, by="mei")
    reading = await read_corp(world)
    [(kind, event)] = found(world)
    assert (kind, reading.found) == ("contact.added", 1)
    assert event["at"].startswith(scan.at.isoformat()[:19])
    assert "渠道/春季" in world.tags("mei")
    assert world.wecom.calls("externalcontact/send_welcome_msg") == []
    assert (await read_corp(world)).found == 0


async def test_a_callback_that_comes_after_all_changes_nothing(world: World) -> None:
    spring = await world.wecom.contact_way(state="spring", staff="zhou")
    world.wecom.courier.hold()
    await world.wecom.scan(spring, by="mei")
    await read_corp(world)
    before = len(world.runs("mei", "contact/spring"))
    world.wecom.courier.release()
    await world.settle()
    contact = world.contact("mei")
    added = world.read(select(Behaviour).where(Behaviour.contact_id == contact.id, Behaviour.name == "contact_added"))
    assert len(added) == 1
    assert len(world.runs("mei", "contact/spring")) == before == 1
    assert len(world.bodies("externalcontact/mark_tag")) == 1


async def test_what_happened_just_now_is_left_to_its_callback(world: World) -> None:
    world.wecom.courier.hold()
    await world.wecom.scan("spring", by="mei")
    await world.bot.store.work(staff.begin)
    await world.settle()
    assert found(world) == []
    world.wecom.courier.release()
    await world.settle()
    assert len(world.wecom.calls("externalcontact/send_welcome_msg")) == 1


async def test_a_lost_removal_is_found(world: World) -> None:
    world.wecom.courier.hold()
    await world.wecom.remove_contact("zhou", "hao")
    await read_corp(world)
    assert [kind for kind, _event in found(world)] == ["contact.removed"]
    assert status(world, "hao") == "removed"
    world.wecom.courier.release()
    await world.settle()
    removed = world.read(select(Behaviour).where(Behaviour.name == "contact_removed"))
    assert len(removed) == 1


async def test_a_lost_confirmation_of_a_half_added_contact_is_found(world: World) -> None:
    await world.wecom.scan("spring", by="mei", half=True)
    await world.settle()
    world.wecom.courier.drop(1)
    await world.wecom.accept("zhou", "mei")
    await read_corp(world)
    assert status(world, "mei") == "active"
    assert len(world.wecom.calls("externalcontact/send_welcome_msg")) == 1


async def test_whoever_came_and_left_a_group_unnoticed_is_found(world: World) -> None:
    world.wecom.courier.drop(2)
    await world.wecom.join(CUSTOMER_GROUP, "mei")
    await world.wecom.leave(CUSTOMER_GROUP, "hao")
    await read_corp(world)
    assert sorted(kind for kind, _event in found(world)) == ["member.joined", "member.left"]
    assert (await read_corp(world)).found == 0


async def test_a_renamed_and_a_dismissed_group_are_found(world: World) -> None:
    world.wecom.courier.hold()
    await world.wecom.rename_group(CUSTOMER_GROUP, "新群名")
    await read_corp(world)
    await world.wecom.dismiss("新群名")
    reading = await read_corp(world)
    assert reading.found == 1
    assert [event["change"] for _kind, event in found(world)] == ["name", "dismiss"]
    [group] = world.read(select(CustomerGroup).where(CustomerGroup.kind == "customer"))
    assert (group.name, group.dismissed_at) == ("新群名", reading.started_at)


async def test_a_group_is_read_anew_when_a_callback_before_was_missed(world: World) -> None:
    world.wecom.courier.drop(1)
    await world.wecom.join(CUSTOMER_GROUP, "mei")
    await world.settle()
    before = len(world.wecom.calls(DETAILS))
    await world.wecom.leave(CUSTOMER_GROUP, "hao")
    await world.advance(timedelta(seconds=5))
    assert len(world.wecom.calls(DETAILS)) == before + 1
    assert [(kind, event["found"]) for kind, event in found(world)] == [("member.joined", True)]
    here = select(GroupMember.member_id).where(col(GroupMember.left_at).is_(None))
    members = {member.id for member in world.wecom.group_of(CUSTOMER_GROUP).members}
    assert set(world.read(here)) == members


async def test_a_crowd_that_comes_at_once_is_taken_over_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_handlers, "MOST_AT_ONCE", 2)
    group = world.wecom.group_of(CUSTOMER_GROUP)
    [before] = world.read(select(CustomerGroup.version).where(CustomerGroup.chat_id == group.chat_id))
    crowd = tuple(f"wmCROWD{number}" for number in range(5))
    event = MembersChanged(at=world.clock.now(), chat_id=ChatId(group.chat_id), change="joined", members=crowd,
                           last_version=before, version="f" * 32)  # fmt: skip
    asked = len(world.wecom.calls(DETAILS))
    await world.bot.store.work(lambda work: work.record(event, "crowd"))
    await world.settle()
    here = world.read(select(GroupMember.member_id).where(col(GroupMember.member_id).startswith("wmCROWD")))
    assert sorted(here) == sorted(crowd)
    sizes = [len(row.payload["members"]) for row in world.read(select(InboxRow).where(InboxRow.kind == event.kind))]
    assert sizes == [5, 2, 2, 1]
    assert world.read(select(CustomerGroup.version).where(CustomerGroup.chat_id == group.chat_id)) == ["f" * 32]
    assert len(world.wecom.calls(DETAILS)) == asked


async def test_members_are_compared_only_when_their_version_is_another(world: World) -> None:
    def forget(work: Any) -> None:
        for member in work.session.exec(select(GroupMember).where(GroupMember.member_id == "lin")):
            work.session.delete(member)

    await world.bot.store.work(forget)
    await read_corp(world)
    assert world.read(select(GroupMember).where(GroupMember.member_id == "lin")) == []
    world.wecom.courier.drop(1)
    await world.wecom.join(CUSTOMER_GROUP, "mei")
    await read_corp(world)
    assert len(world.read(select(GroupMember).where(GroupMember.member_id == "lin"))) == 1


async def test_contacts_come_by_the_hundred_and_not_one_by_one(world: World) -> None:
    for number in range(250):
        world.wecom.add_contact(f"c{number}", joined_accounts=False)
        await world.wecom.befriend("zhou", f"c{number}")
    before = len(world.wecom.calls(BATCH)), len(world.wecom.calls("externalcontact/get"))
    reading = await read_corp(world)
    assert len(world.wecom.calls(BATCH)) == before[0] + 3
    assert len(world.wecom.calls("externalcontact/get")) == before[1]
    assert reading.found == 250


async def test_who_left_the_corp_is_no_longer_staff(world: World) -> None:
    del world.wecom.corp.staff["zhou"]
    world.wecom.corp.relations.clear()
    await read_corp(world)
    assert world.read(select(Staff.status).where(Staff.user_id == "zhou")) == [5]
    assert set(world.read(select(Staff.status).where(Staff.user_id != "zhou"))) == {1}


async def test_a_page_that_cannot_be_read_judges_nobody(world: World) -> None:
    world.wecom.faults.fail(BATCH, 40035, times=1)
    world.wecom.courier.drop(1)
    await world.wecom.remove_contact("zhou", "hao")
    reading = await read_corp(world)
    assert (reading.failed, reading.found) == (1, 0)
    assert "没有结果" in readings.progress(reading, world.bot.settings.zone)
    assert (await read_corp(world)).found == 1


async def test_a_reading_that_was_interrupted_goes_on_where_it_was(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        world.wecom.courier.drop(1)
        await world.wecom.scan("spring", by="mei")
        await world.advance(A_WHILE)
        await world.bot.store.work(staff.begin)
        others: list[process.Steps] = [*world.bot.workers, *world.bot.outboxes]
        await world.bot.scheduler.step()
        for one in others[:5]:  # some of its answers are in, the next questions are only rows
            await one.step()
        start = world.clock.now()
        [reading] = world.read(select(CorpReading).where(col(CorpReading.finished_at).is_(None)))
        assert 0 < reading.asked > reading.answered
        asked = set(world.read(select(OutboxRow.dedupe_key).where(OutboxRow.endpoint != "gettoken")))
    async with a_world(tmp_path, start) as world:
        await world.advance(timedelta(minutes=3))  # whoever died while asking is taken for dead
        await world.bot.outboxes[0].recover()
        await world.advance(timedelta(minutes=3))
        unfinished = world.read(select(CorpReading).where(col(CorpReading.finished_at).is_(None)))
        assert unfinished == []
        assert asked <= set(world.read(select(OutboxRow.dedupe_key)))
        keys = world.read(select(OutboxRow.dedupe_key))
        assert len(keys) == len(set(keys))
