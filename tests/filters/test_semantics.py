"""What peers got wrong: missing values, complements, windows, midnight, time zones."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.model.tables import Behaviour, ContactTag, ExternalContact, GroupMember
from tests.filters.asking import DAY, judge, problems, segment
from tests.sops.town import GROUP, HAO, MEI, START, Town

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    "asked",
    [
        "contact.city: 北京",
        "contact.city: {ne: 北京}",
        "contact.city: {not_in: [北京, 上海]}",
        "contact.city: {not_contains: 北}",
    ],
)
def test_a_missing_value_is_neither_true_nor_false(town: Town, asked: str) -> None:
    assert HAO not in segment(town, asked)


def test_missing_has_to_be_asked_for(town: Town) -> None:
    assert segment(town, "contact.city: missing") == [HAO]
    assert segment(town, "contact.city: exists") == [MEI]
    assert segment(town, "contact.city: {exists: false}") == [HAO]


def test_an_empty_text_is_missing(town: Town) -> None:
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "city", ""))
    assert segment(town, "contact.city: missing") == [MEI, HAO]
    assert segment(town, "contact.city: {ne: 北京}") == []


def test_not_is_the_complement_over_the_audience(town: Town) -> None:
    assert segment(town, "not: {contact.city: 上海}") == [HAO]
    assert segment(town, "not: {contact.city: {ne: 北京}}") == [HAO]


def test_not_in_a_group_leaves_out_who_is_in_it_and_in_another(town: Town) -> None:
    town.add(
        GroupMember(chat_id=GROUP, member_id="wmHAO", contact_id=HAO, joined_at=START, changed_at=START, left_at=START)
    )
    assert segment(town, f"not: {{member.groups: {{has_any: [{GROUP}]}}}}") == [HAO]
    assert segment(town, f"member.groups: {{has_none: [{GROUP}]}}") == [HAO]


def test_a_negative_operator_on_many_values_means_none_of_them(town: Town) -> None:
    for name in ("渠道/春季", "渠道/夏季"):
        town.add(ContactTag(contact_id=MEI, name=name, source=name, added_at=START))
    assert segment(town, "tag.source: {ne: 渠道/春季}") == []
    assert segment(town, "tag.source: {ne: 渠道/秋季}") == [MEI]


@pytest.mark.parametrize(
    ("ago", "inside"), [(timedelta(), True), (7 * DAY, True), (7 * DAY + SECOND, False), (-SECOND, False)]
)
def test_within_seven_days_is_from_then_until_now(town: Town, ago: timedelta, inside: bool) -> None:
    town.add(Behaviour(contact_id=MEI, name="order.paid", at=town.clock.now() - ago))
    found = segment(town, "behaviour.event: {name: order.paid, count: {gte: 1}, within: 7d}")
    assert found == ([MEI] if inside else [])
    found = segment(town, "behaviour.event: {name: order.paid, last_at: {within: 7d}}")
    assert found == ([MEI] if inside else [])


@pytest.mark.parametrize(
    ("hour", "inside"), [(21, False), (22, True), (23, True), (0, True), (7, True), (8, False), (12, False)]
)
def test_a_daily_window_may_cross_midnight(town: Town, hour: int, inside: bool) -> None:
    town.clock.move_to(datetime(2026, 3, 2, hour, 0, tzinfo=UTC) - timedelta(hours=8))
    assert judge(town, 'time.now: {between: ["22:00", "08:00"]}').passed is inside
    assert judge(town, 'time.now: {not_between: ["22:00", "08:00"]}').passed is not inside


def test_a_day_is_a_day_in_shanghai(town: Town) -> None:
    first = datetime(2026, 2, 28, 16, 0, tzinfo=UTC)
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "first_seen_at", first))
    assert segment(town, 'contact.first_seen_at: {before: "2026-03-01"}') == []
    assert segment(town, 'contact.first_seen_at: {between: ["2026-03-01", "2026-03-01"]}') == [MEI]
    assert segment(town, 'contact.first_seen_at: {after: "2026-03-01"}') == [HAO]


@pytest.mark.parametrize(
    ("birthday", "today", "passes"),
    [
        (date(1990, 3, 2), date(2026, 3, 2), True),
        (date(1990, 3, 9), date(2026, 3, 2), True),
        (date(1990, 3, 10), date(2026, 3, 2), False),
        (date(1990, 1, 3), date(2026, 12, 30), True),
        (date(1992, 2, 29), date(2026, 2, 25), True),
        (date(1992, 2, 29), date(2026, 3, 1), False),
        (date(1992, 2, 29), date(2028, 2, 28), True),
        (date(1992, 2, 29), date(2026, 2, 28), True),
    ],
)
def test_anniversaries(town: Town, birthday: date, today: date, passes: bool) -> None:
    town.clock.move_to(datetime(today.year, today.month, today.day, 1, 0, tzinfo=UTC))
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "birthday", birthday))
    assert segment(town, "contact.birthday: {anniversary: 7d}") == ([MEI] if passes else [])


def test_the_29th_of_february_is_celebrated_on_the_28th(town: Town) -> None:
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "birthday", date(1992, 2, 29)))
    for day, passes in ((28, True), (27, False)):
        town.clock.move_to(datetime(2027, 2, day, 1, 0, tzinfo=UTC))
        assert segment(town, "contact.birthday: {anniversary: today}") == ([MEI] if passes else [])


def test_the_anniversary_of_a_moment_is_that_of_its_day_in_shanghai(town: Town) -> None:
    first = datetime(2024, 3, 1, 20, 0, tzinfo=UTC)
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "first_seen_at", first))
    assert MEI in segment(town, "contact.first_seen_at: {anniversary: today}")


def test_removed_and_expired_tags_do_not_count(town: Town) -> None:
    town.add(
        ContactTag(contact_id=MEI, name="渠道/春季", source="sop", added_at=START, removed_at=START),
        ContactTag(contact_id=HAO, name="渠道/春季", source="sop", added_at=START, expires_at=START - DAY),
    )
    assert segment(town, "tag.names: {has_any: [渠道/春季]}") == []
    assert segment(town, "tag.names: {has_none: [渠道/春季]}") == [MEI, HAO]


def test_a_verdict_says_what_was_wanted_and_found(town: Town) -> None:
    town.add(ContactTag(contact_id=MEI, name="渠道/春季", source="sop", added_at=START))
    judgement = judge(
        town, "all: [{contact.city: 北京}, {tag.names: {has_any: [渠道/夏季]}}, {follow.count: {gte: 1}}]"
    )
    assert [(one.name, one.passed, one.wanted, one.found) for one in judgement.verdicts] == [
        ("contact.city", False, "北京", "上海"),
        ("tag.names", False, {"has_any": ["渠道/夏季"]}, ["渠道/春季"]),
        ("follow.count", True, {"gte": 1}, 1),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("contact.cty: 上海", "X107"),
        ("contact.city: {starts: 上}", "X108"),
        ("contact.city: [上海]", "X108"),
        ("contact.city: 3", "X109"),
        ("contact.points: {gte: many}", "X109"),
        ("contact.points: {between: [5, 1]}", "X109"),
        ("contact.points: {gte: true}", "X109"),
        ("contact.first_seen_at: {within: 7}", "X109"),
        ("contact.first_seen_at: {before: yesterday}", "X109"),
        ("contact.phone: '138'", "X108"),
        ("tag.names: 渠道/春季", "X108"),
        ("tag.names: {has_any: 渠道/春季}", "X109"),
        ("behaviour.event: {count: {gte: 1}}", "X109"),
        ("behaviour.event: {name: order.paid}", "X108"),
        ("behaviour.event: {name: order.paid, count: {gte: 1}, within: soon}", "X104"),
        ("time.now: {between: [8, 10]}", "X109"),
        ("all: contact.city", "X103"),
        ("not: 上海", "X103"),
    ],
)
def test_what_cannot_be_asked_is_refused(text: str, code: str) -> None:
    assert code in problems(text)
