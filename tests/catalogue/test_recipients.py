"""Whom an alert reaches: each rule by its name, through the whole bot to the staff's phones."""

import pytest
from sqlmodel import select

from bot.model.tables import Lead
from bot.platforms.simulator.cast import CUSTOMER_GROUP
from tests.catalogue.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="package")


def told(stage: Stage) -> set[str]:
    return {user for body in stage.bodies("message/send") for user in body["touser"].split("|")}


async def alert(stage: Stage, to: str) -> set[str]:
    await stage.do(f"{{do: alert_staff, text: 注意, to: {to}, lead: opportunity}}")
    return told(stage)


@pytest.mark.parametrize(
    ("to", "users"),
    [
        ("event_staff", {"zhou"}),
        ("event_staff_managers", {"lin", "boss"}),
        ("all_followers", {"zhou"}),
        ("first_follower", {"zhou"}),
        ("group_owner", {"zhou", "lin", "boss"}),  # outside a group nobody owns one: never nobody, so all linked
        ("role:admin", {"boss"}),
        ("user:lin", {"lin"}),
        ("department:3", {"lin", "zhou"}),
        ("department:1", {"boss", "lin", "zhou"}),
    ],
)
async def test_a_rule(stage: Stage, to: str, users: set[str]) -> None:
    assert await alert(stage, to) == users


async def test_any_mix_reaches_a_person_once(stage: Stage) -> None:
    """One card, with everybody on it once."""
    everybody = "[event_staff, event_staff_managers, all_followers, role:manager, user:ZHOU, department:3]"
    assert await alert(stage, everybody) == {"zhou", "lin", "boss"}
    [card] = stage.cards()
    assert sorted(card["touser"].split("|")) == ["boss", "lin", "zhou"]
    [lead] = stage.world.read(select(Lead).where(Lead.contact_id == stage.contact_id))
    assert len(lead.recipients) == 3


async def test_all_followers_are_all_who_added_the_contact(stage: Stage) -> None:
    for staff in ("lin", "boss"):
        way = await stage.wecom.contact_way(state=f"{stage.person}{staff}", staff=staff)
        await stage.wecom.scan(way, by=stage.person)
        await stage.settle()
        await stage.advance(seconds=5)
    await stage.sop("  - {do: alert_staff, text: 注意, to: all_followers, lead: risk}", trigger="{event: came.in}")
    await stage.add()
    await stage.track("came.in", {})
    assert told(stage) == {"zhou", "lin", "boss"}
    [lead] = stage.world.read(select(Lead).where(Lead.contact_id == stage.contact_id))
    assert lead.recipients[0] == "lin"  # the first who was added


async def test_the_owner_of_the_group_hears_of_what_is_said_in_it(stage: Stage) -> None:
    step = "  - {do: alert_staff, text: 投诉, to: group_owner, lead: risk}"
    await stage.sop(step, trigger="message.received", head="when: {message.text: {contains: 投诉}}")
    await stage.speak("我要投诉")
    assert told(stage) == {stage.wecom.group_of(CUSTOMER_GROUP).owner}


async def test_nobody_who_works_here_is_left(stage: Stage) -> None:
    """A rule that names somebody who has gone: those linked with the event hear of it instead."""
    await stage.world.bot.store.work(lambda work: stage.retire(work, "gone"))
    assert await alert(stage, "user:gone") == {"zhou", "lin", "boss"}
