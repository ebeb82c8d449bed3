"""Facts about contacts, groups and staff, each as somebody would ask for it."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import SQLModel

from bot.model.tables import (
    Behaviour,
    ContactTag,
    CustomerGroup,
    ExternalContact,
    FollowUser,
    GroupMember,
    Run,
    SegmentMember,
    Staff,
    StepRun,
)
from bot.sop.scope import Subject
from tests.filters.asking import segment
from tests.sops.town import GROUP, HAO, MEI, START, Town

DAY = timedelta(days=1)
OLD = "wrOLD"


def rows() -> Iterator[SQLModel]:
    """Lin found Hao by an acquisition link long ago and lost him; Mei has a tag of each group, and came back."""
    yield FollowUser(
        contact_id=HAO, user_id="lin", add_way=16, state="ad", status="lost", added_at=START - 9 * DAY, changed_at=START
    )
    yield CustomerGroup(chat_id=OLD, name="老群", owner="lin", admins=["zhou"], created_at=START - 90 * DAY)
    yield GroupMember(chat_id=OLD, member_id="zhou", joined_at=START, changed_at=START)
    yield GroupMember(
        chat_id=OLD, member_id="wmMEI", contact_id=MEI, joined_at=START - 9 * DAY, changed_at=START, inviter="lin"
    )
    yield ContactTag(contact_id=MEI, name="渠道/春季", source="rule", rule="r1", added_at=START - 9 * DAY)
    yield ContactTag(
        contact_id=MEI, name="等级/金卡", source="staff", confidence=0.5, added_at=START, expires_at=START + 3 * DAY
    )
    yield SegmentMember(segment="vip", subject="contact:1", entered_at=START - 9 * DAY)
    yield SegmentMember(segment="new", subject="contact:1", entered_at=START)
    for n, state in ((1, "waiting"), (2, "done")):
        yield Run(
            id=n, subject=f"contact:{n}", dedupe_key=str(n), state=state, sop="contact/t", digest="d", started_at=START
        )
    for one, variant in ((1, "A"), (2, "B")):
        yield StepRun(run_id=one, position="0", name="split", outcome=variant, at=START)
        yield StepRun(run_id=one, position="0.A.1", name="wait", outcome="waiting" if one == 1 else "passed", at=START)
    yield Behaviour(contact_id=HAO, name="miniprogram.authorised", at=START)
    yield Behaviour(contact_id=HAO, name="replied", at=START - DAY, user_id="zhou", amount=Decimal(30))
    yield Behaviour(contact_id=HAO, name="replied", at=START - 40 * DAY, user_id="zhou", amount=Decimal(900))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(tmp_path_factory.mktemp("facts"))
    for row in rows():
        town.add(row)

    def tell(work: Any) -> None:
        mei = work.session.get(ExternalContact, MEI)
        mei.city, mei.member_level, mei.rfm, mei.rfm_segment, mei.spread_score = "苏州市", "gold", "5-4-3", "loyal", 7
        mei.fields = {"size": "M", "children": 2, "vip": True}
        hao = work.session.get(ExternalContact, HAO)
        hao.fields = {"size": 40, "children": "2", "vip": "yes"}
        work.session.get(FollowUser, 1).add_way = 16
        work.session.get(Staff, "lin").muted_until = START + DAY

    town.work(tell)
    yield town
    town.database.close()


CONTACTS: list[tuple[str, list[object]]] = [
    ("contact.city_tier: new_first", [MEI]),
    ("contact.city_tier: {ne: first}", [MEI]),
    ("contact.member_level: gold", [MEI]),
    ("contact.rfm_segment: {in: [loyal, champion]}", [MEI]),
    ("contact.rfm: {matches: '5-*'}", [MEI]),
    ("contact.spread_score: {gte: 7}", [MEI]),
    ("contact.official_subscribed: true", [MEI]),
    ("contact.official_subscribed: false", [HAO]),
    ("contact.miniprogram_authorised: true", [HAO]),
    ("contact.field: {name: size, eq: M}", [MEI]),
    ("contact.field: {name: size, missing: true}", [HAO]),
    ("contact.field_number: {name: children, gte: 2}", [MEI]),
    ("contact.field_flag: {name: vip}", [MEI]),
    ("follow.acquisition_link: spring-1", [MEI]),
    ("follow.status: lost", [HAO]),
    ("follow.first_follower: lin", [HAO]),
    ("follow.owner: zhou", [MEI, HAO]),
    ("follow.owner_department: 2", [MEI, HAO]),
    ("group.age: {gte: 90d}", [MEI]),
    ("group.age: {gt: 90d}", []),
    ("member.in_any_group: true", [MEI]),
    ("member.in_any_group: false", [HAO]),
    ("member.role: member", [MEI]),
    ("member.joined_at: {not_within: 7d}", []),
    (f"member.joined_at: {{group: {OLD}, not_within: 7d}}", [MEI]),
    (f"member.joined_at: {{group: {GROUP}, not_within: 7d}}", []),
    ("tag.in_group: {group: 渠道}", [MEI]),
    ("tag.in_group: {group: 道}", []),
    ("tag.in_group: {group: 渠道, is: false}", [HAO]),
    ("tag.added_at: {name: 渠道/春季, not_within: 7d}", [MEI]),
    ("tag.added_at: {name: 等级/金卡, not_within: 7d}", []),
    ("tag.source: {name: 等级/金卡, eq: rule}", []),
    ("tag.source: {name: 渠道/春季, eq: rule}", [MEI]),
    ("tag.rule: {name: 渠道/春季, eq: r1}", [MEI]),
    ("tag.confidence: {name: 等级/金卡, lt: 1}", [MEI]),
    ("tag.expires_at: {within_next: 3d}", [MEI]),
    ("tag.expires_at: {within_next: 2d}", []),
    ("segment.entered_at: {segment: vip, not_within: 7d}", [MEI]),
    ("segment.entered_at: {segment: new, not_within: 7d}", []),
    ("sop.step: {sop: contact/t, has_any: ['0.A.1']}", [MEI]),
    ("sop.variant: {sop: contact/t, has_any: [A]}", [MEI]),
    ("sop.variant: {sop: contact/t, has_any: [B]}", [HAO]),
    ("sop.variant: {sop: contact/u, has_any: [A, B]}", []),
]
STAFF: list[tuple[str, list[object]]] = [
    ("staff.on_shift: true", ["boss", "zhou"]),
    ("staff.on_shift: false", ["lin"]),
    ("staff.avg_response: {lte: 60}", ["zhou"]),
    ("staff.avg_response: {within: 60d, gt: 60}", ["zhou"]),
    ("member.role: admin", ["zhou"]),
]


@pytest.mark.parametrize(("asked", "members"), CONTACTS)
def test_contacts(place: Town, asked: str, members: list[object]) -> None:
    assert segment(place, asked) == members


@pytest.mark.parametrize(("asked", "members"), STAFF)
def test_staff(place: Town, asked: str, members: list[object]) -> None:
    subject: Subject = "staff"
    assert segment(place, asked, subject) == members


def test_groups(place: Town) -> None:
    assert segment(place, "group.age: {gte: 90d}", "group") == [OLD]
