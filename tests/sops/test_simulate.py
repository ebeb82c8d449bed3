"""Simulation: invented people, the real runner, and nothing that leaves the house."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.settings import HOUSE
from bot.sop import crowds
from bot.sop.library import Library, load
from bot.sop.parse import parse
from bot.sop.schema import Sop, spelled, walk
from bot.sop.simulate import Simulated, simulate
from bot.sop.telling import simulated as lines_of

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
HEAD = "sop: contact/t\ntitle: T\nsubject: contact\ntrigger: {trigger}\n"
LIBRARY, _findings = load(HOUSE / "sops")


def sop(body: str, trigger: str = "contact.added") -> Sop:
    found, findings = parse(HEAD.format(trigger=trigger) + body, "t.yaml", "contact/t")
    assert found is not None, findings
    return found


def simulated(body: str, trigger: str = "contact.added", contacts: int = 40, **more: Any) -> Simulated:
    return simulate(Library(), sop(body, trigger), start=START, contacts=contacts, **more)


def test_the_same_seed_gives_the_same_and_another_gives_others() -> None:
    one, again, other = (
        simulate(LIBRARY, LIBRARY.get("contact/spring"), start=START, contacts=25, seed=seed) for seed in (1, 1, 2)
    )
    assert one == again
    assert one.days != other.days


def test_every_contact_comes_once_and_every_way_is_walked() -> None:
    told = simulated("steps: [{if: {contact.city: 上海}, then: [{do: note, text: a}], else: [{exit: 别处}]}]\n")
    assert {way.steps for way in told.ways} == {("if:then", "note:done"), ("if:else", "exit:exited")}
    assert told.entered == sum(way.count for way in told.ways) == 40


def test_triggered_is_entered_and_kept_out() -> None:
    told = simulated("when: {event.state: spring}\nholdout: 20%\nsteps: [{do: note, text: a}]\n")
    assert set(told.suppressed) == {"when", "holdout"}
    assert told.entered + sum(told.suppressed.values()) == 40


def test_what_would_be_sent_is_told_by_day_hour_and_channel() -> None:
    body = "purpose: service\nsteps: [{wait_until: {time: '20:00'}}, {do: send_mass, text: 晚上好}]\n"
    told = simulated(body)
    assert set(told.hours) == {20}
    assert told.channels == {"mass_send": sum(by["mass_send"] for by in told.days.values())}
    assert told.calls["externalcontact/add_msg_template"] == told.channels["mass_send"]
    [quota] = told.quotas
    assert (quota.name, quota.limit, quota.most, quota.over) == ("mass_send a month", 31, 1, 0)


def test_what_would_be_said_is_told_with_its_delay() -> None:
    """Whoever has not agreed gets the service message, and not the offer."""
    first = "{wait: 90m}, {do: message_staff, text: 来客了}"
    body = f"steps: [{first}, {{wait: 1d}}, {{do: send_mass, text: 券}}]\n"
    told = simulated(body)
    staff, offer = told.sayings
    assert (staff.action, staff.text, staff.told, staff.suppressed) == ("message_staff", "来客了", told.entered, 0)
    assert staff.earliest == staff.latest == timedelta(minutes=90)
    assert (offer.action, offer.told) == ("send_mass", told.channels["mass_send"])
    assert offer.suppressed > 0
    assert offer.earliest == timedelta(days=1, minutes=90)
    assert "      40     1h30m    1h30m    1h30m  message_staff “来客了”" in lines_of(told, ZoneInfo("UTC"))


def test_a_quota_is_used_up_and_what_does_not_fit_is_held_back() -> None:
    twice = "steps: [{do: send_mass, text: '{{ now }}'}, {wait: 8h}, {do: send_mass, text: '{{ now }}!'}]\n"
    told = simulated(f"purpose: service\n{twice}", trigger='{cron: "0 9 * * *"}', contacts=4)
    [quota] = told.quotas
    assert (quota.most, quota.over) == (quota.limit, 0)
    assert sum(one.suppressed for one in told.sayings) > 0


def test_half_of_the_people_do_what_is_waited_for() -> None:
    told = simulated("steps: [{wait_for: {event: order.paid, within: 3d}, then: [{goal: true}]}]\n", contacts=60)
    reached = sum(way.count for way in told.ways if way.steps[-1] == "goal:reached")
    assert 15 < reached < 45


def test_limits_hold_calls_back_on_the_virtual_clock() -> None:
    class OneADay:
        def __init__(self) -> None:
            self.free_at = START

        def until(self, platform: str, endpoint: str, body: dict[str, Any], now: datetime) -> datetime | None:
            if now < self.free_at:
                return self.free_at
            self.free_at = now + timedelta(days=1)
            return None

    told = simulated("steps: [{do: send_welcome, text: 你好}]\n", limits=OneADay())
    assert max(sum(by.values()) for by in told.days.values()) == 1


def test_a_date_far_away_is_waited_for() -> None:
    told = simulated("steps: [{do: note, text: 过年好}]\n", trigger="{festival: 春节}", contacts=3)
    assert told.entered == 3
    assert told.began.year == 2027


def test_a_large_crowd_walks_in_blocks_and_comes_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = simulate(LIBRARY, LIBRARY.get("contact/cart"), start=START, contacts=30)
    monkeypatch.setattr(crowds, "BLOCK", 12)
    assert simulate(LIBRARY, LIBRARY.get("contact/cart"), start=START, contacts=30) == whole


BY_HAND = {"group/joined": {"1.then.0"}}
"""Steps that a small town never comes to: a group of 180."""


@pytest.mark.parametrize("name", sorted(LIBRARY.sops))
def test_every_step_of_every_shipped_sop_is_walked(name: str) -> None:
    sop = LIBRARY.get(name)
    told = simulate(LIBRARY, sop, start=START, contacts=30)
    every = {spelled(position) for position, _step in walk(sop.steps)} - BY_HAND.get(name, set())
    assert every - set(told.steps) == set()
    assert not [use for use in told.quotas if use.over]
    outcomes = {step.rpartition(":")[2] for way in told.ways for step in way.steps}
    assert "failed" not in outcomes
