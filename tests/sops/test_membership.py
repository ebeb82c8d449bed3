"""Entering and leaving segments."""

from datetime import timedelta

import pytest
from sqlmodel import select

from bot.community import tagging
from bot.model.events import SegmentEntered, SegmentExited
from bot.model.tables import (
    Behaviour,
    ContactTag,
    ExternalContact,
    FollowUser,
    GroupMember,
    InboxRow,
    SegmentMember,
    StaffTask,
    TimerRow,
    Touch,
)
from bot.sop import followups, membership, segments
from bot.sop.segment_files import read_file
from bot.storage.ledger import payloads
from bot.storage.work import Work
from tests.sops.town import GROUP, HAO, MEI, START, Town

VIP = "segment: vip\ntitle: VIP\nsubject: contact\nwho: {tag.names: {has_any: [等级/VIP]}}\n"
FRESH = "segment: fresh\ntitle: 新近\nsubject: contact\nwho: {behaviour.order_paid: {count: {gte: 1}, within: 7d}}\n"
BIG = "segment: big\ntitle: 大群\nsubject: group\nwho: {group.contacts: {gte: 2}}\n"


def segment(town: Town, name: str, text: str) -> None:
    path = town.folder / "segments" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    town.read()
    town.advance(timedelta(seconds=1))


def change(town: Town, do: object) -> None:
    """Something that happens, with what follows from it."""

    def unit(work: Work) -> None:
        do(work)  # type: ignore[operator]
        membership.follow(work, town.library)

    town.work(unit)


def tag(work: Work) -> None:
    tagging.add_tags(work, MEI, ["等级/VIP"], source="staff", rule="by hand")


def members(town: Town, name: str) -> list[str]:
    return [row.subject for row in town.rows(SegmentMember) if row.segment == name]


def told(town: Town) -> list[str]:
    events = [row for row in town.rows(InboxRow) if row.kind in (SegmentEntered.kind, SegmentExited.kind)]
    return [f"{row.kind} {row.payload['segment']} {row.subject}" for row in events]


def test_the_first_count_is_silent(town: Town) -> None:
    town.work(tag)
    segment(town, "vip", VIP)
    assert members(town, "vip") == ["contact:1"]
    assert told(town) == []


def test_a_tag_lets_mei_in_at_once_and_its_end_lets_her_out(town: Town) -> None:
    segment(town, "vip", VIP)
    change(town, tag)
    assert members(town, "vip") == ["contact:1"]
    change(town, lambda work: tagging.remove_tags(work, MEI, ["等级/VIP"], rule="by hand"))
    assert members(town, "vip") == []
    assert told(town) == ["segment.entered vip contact:1", "segment.exited vip contact:1"]


def test_entering_starts_an_sop_of_that_segment_alone(town: Town) -> None:
    segment(town, "vip", VIP)
    segment(town, "fresh", FRESH)
    town.sop("contact/vip", "steps: [{do: note, text: a}]\n", trigger="{segment.entered: vip}")
    town.sop("contact/fresh", "steps: [{do: note, text: a}]\n", trigger="{segment.entered: fresh}")
    change(town, tag)
    for row in town.rows(InboxRow):
        event = payloads.read_event(row.kind, row.payload)
        if isinstance(event, SegmentEntered):
            town.hear(event, contact=event.contact_id)
    assert len(town.runs("contact/vip")) == 1
    assert not town.runs("contact/fresh")
    assert town.suppressed("contact/fresh") == []


def test_only_segments_that_ask_about_what_changed_are_judged(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    segment(town, "vip", VIP)
    segment(town, "fresh", FRESH)
    judged: list[int] = []
    which = segments.which
    monkeypatch.setattr(
        segments,
        "which",
        lambda *asked: judged.append(len(asked[1])) or which(*asked),  # type: ignore[func-returns-value]
    )
    change(town, lambda work: setattr(work.session.get(ExternalContact, MEI), "city", "北京"))
    assert judged == []
    change(town, tag)
    assert judged == [1]


def test_time_alone_lets_somebody_out_within_seconds(town: Town) -> None:
    segment(town, "fresh", FRESH)
    town.advance(timedelta(minutes=10))
    change(town, lambda work: work.session.add(Behaviour(contact_id=HAO, name="order.paid", at=town.clock.now())))
    assert members(town, "fresh") == ["contact:2"]
    town.advance(timedelta(days=7))
    assert members(town, "fresh") == ["contact:2"]
    town.advance(timedelta(seconds=5))
    assert members(town, "fresh") == []
    assert told(town)[-1] == "segment.exited fresh contact:2"


TIMED = {
    "silent": "{behaviour.silent_for: {gte: 3h}}",
    "early": "{contact.first_seen_at: {within: 3h}}",
    "untouched": "{not: {touch.touched: {gte: 1, within: 3h}}}",
    "long_gone": "{behaviour.order_paid: {last_at: {not_within: 3h}}}",
    "tagged": "{not: {tag.names: {has_any: [a/b]}}}",
    "soon_over": "{tag.expires_at: {within_next: 3h}}",
    "known_long": "{follow.first_added_at: {not_within: 3h}}",
}


@pytest.mark.parametrize("name", TIMED)
def test_each_kind_of_window_is_left_on_time(town: Town, name: str) -> None:
    """Something happened ten past the hour: three hours later the answer changes, and a full count would say so too."""
    now = START + timedelta(minutes=10)
    town.clock.move_to(now)
    expires_at = now + timedelta(hours=6 if name == "soon_over" else 3)

    def happen(work: Work) -> None:
        work.session.get_one(ExternalContact, HAO).first_seen_at = now
        work.session.exec(select(FollowUser).where(FollowUser.contact_id == HAO)).one().added_at = now
        tag = ContactTag(contact_id=HAO, name="a/b", source="sop", added_at=now, expires_at=expires_at)
        touch = Touch(contact_id=HAO, channel="sms", content="c", sop="s", at=now, dedupe_key="k")
        work.session.add_all([Behaviour(contact_id=HAO, name="order.paid", at=now), tag, touch])

    segment(town, name, f"segment: {name}\ntitle: t\nsubject: contact\nwho: {TIMED[name]}\n")
    change(town, happen)
    before = "contact:2" in members(town, name)
    town.advance(timedelta(hours=3, seconds=-2))
    assert ("contact:2" in members(town, name)) is before
    town.advance(timedelta(seconds=12))
    assert ("contact:2" in members(town, name)) is not before
    at_once = members(town, name)
    town.work(lambda work: membership.recount(work, town.library, name))
    assert members(town, name) == at_once


def test_a_crowd_that_leaves_at_once_leaves_in_batches(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "BATCH", 3)
    town.add(*(ExternalContact(id=n, external_user_id=f"wm{n}", first_seen_at=START) for n in range(10, 20)))
    town.add(*(Behaviour(contact_id=n, name="order.paid", at=START) for n in range(10, 20)))
    segment(town, "fresh", FRESH.replace("7d", "5h"))
    assert len(members(town, "fresh")) == 10
    town.advance(timedelta(hours=5, seconds=10))
    assert members(town, "fresh") == []
    assert len(told(town)) == 10


def test_groups_have_segments_too(town: Town) -> None:
    segment(town, "big", BIG)
    joins = GroupMember(chat_id=GROUP, member_id="wmHAO", contact_id=HAO, joined_at=START, changed_at=START)
    change(town, lambda work: work.session.add(joins))
    assert told(town) == [f"segment.entered big group:{GROUP}"]


def test_staff_have_segments_too(town: Town) -> None:
    segment(town, "busy", "segment: busy\ntitle: t\nsubject: staff\nwho: {staff.open_tasks: {gte: 1}}\n")
    change(town, lambda work: work.session.add(StaffTask(user_id="zhou", text="…", opened_at=START)))
    assert told(town) == ["segment.entered busy staff:zhou"]


def test_a_new_text_is_counted_anew_and_silently(town: Town) -> None:
    segment(town, "vip", VIP)
    change(town, tag)
    before = told(town)
    segment(town, "vip", VIP.replace("等级/VIP", "等级/金卡"))
    assert members(town, "vip") == []
    assert told(town) == before


def test_the_full_count_agrees_with_the_quick_one_and_goes_in_batches(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "BATCH", 3)
    town.add(*(ExternalContact(id=n, external_user_id=f"wm{n}", first_seen_at=START) for n in range(10, 20)))
    segment(town, "vip", VIP)
    town.add(*(ContactTag(contact_id=n, name="等级/VIP", source="sync", added_at=START) for n in range(10, 20)))
    town.advance(membership.EVERY)
    assert len(members(town, "vip")) == 10
    assert len(told(town)) == 10
    town.advance(membership.EVERY)
    assert len(told(town)) == 10


def test_a_contact_who_is_gone_leaves_with_the_next_count(town: Town) -> None:
    segment(town, "vip", VIP)
    town.add(SegmentMember(segment="vip", subject="contact:99", entered_at=START))
    town.advance(membership.EVERY)
    assert members(town, "vip") == []


def test_a_count_goes_no_further_by_a_text_that_is_no_longer_in_force(town: Town) -> None:
    segment(town, "vip", VIP)
    town.work(tag)
    town.work(lambda work: membership.recount(work, town.library, "vip", after=0, digest="another"))
    assert members(town, "vip") == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (VIP.replace("segment: vip", "segment: other"), "X110"),
        (VIP.replace("subject: contact", "subject: shop"), "X103"),
        (VIP.replace("subject: contact", "subject: group"), "X117"),
        (VIP + "colour: red\n", "X101"),
        ("segment: vip\ntitle: V\nsubject: contact\n", "X102"),
        ("segment: vip\ntitle: V\nsubject: contact\nwho: {event.name: a}\n", "X117"),
        ("segment: vip\ntitle: V\nsubject: contact\nwho: {segment.names: {has_any: [a]}}\n", "X117"),
        ("segment: vip\ntitle: V\nsubject: contact\nwho: {contact.cty: a}\n", "X107"),
        ("segment: [", "X100"),
    ],
)
def test_a_bad_segment_is_named(town: Town, text: str, code: str) -> None:
    path = town.folder / "vip.yaml"
    path.write_text(text, encoding="utf-8")
    found, wrong = read_file(path)
    assert found is None
    assert code in [one.code for one in wrong]


def test_a_segment_is_planned_once_an_hour_however_often_it_is_published(town: Town) -> None:
    segment(town, "vip", VIP)
    for _time in range(3):
        town.read()
    waiting = [row for row in town.rows(TimerRow) if row.name == followups.RECOUNT and row.state == "waiting"]
    assert len(waiting) == 1
