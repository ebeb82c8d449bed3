"""Ages, lunar days, sequences; columns that keep their index."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import select

from bot.model.tables import Behaviour, ExternalContact, Touch
from bot.sop import lunar, segments
from bot.storage.work import Work
from tests.filters.asking import condition, problems, scope, segment
from tests.sops.town import HAO, MEI, START, Town

DAY = timedelta(days=1)


def born(town: Town, day: date) -> None:
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "birthday", day))


@pytest.mark.parametrize(
    ("birthday", "asked", "passes"),
    [
        (date(2008, 3, 2), "18", True),
        (date(2008, 3, 3), "18", False),
        (date(2008, 3, 3), "{gte: 17}", True),
        (date(2007, 3, 2), "{gt: 18}", True),
        (date(2008, 3, 2), "{gt: 18}", False),
        (date(2008, 3, 3), "{lt: 18}", True),
        (date(2007, 3, 3), "{lte: 18}", True),
        (date(2007, 3, 2), "{lte: 18}", False),
        (date(2007, 3, 3), "{between: [18, 20]}", True),
        (date(2007, 3, 3), "{not_between: [18, 20]}", False),
        (date(2007, 3, 3), "{ne: 19}", True),
    ],
)
def test_age_is_counted_in_whole_years(town: Town, birthday: date, asked: str, passes: bool) -> None:
    born(town, birthday)
    assert segment(town, f"contact.age: {asked}") == ([MEI] if passes else [])


def test_whoever_was_born_on_the_29th_is_older_on_the_28th(town: Town) -> None:
    born(town, date(2008, 2, 29))
    town.clock.move_to(START.replace(year=2027, month=2, day=28))
    assert segment(town, "contact.age: 19") == [MEI]


def test_an_unknown_age_is_no_age(town: Town) -> None:
    assert segment(town, "contact.age: {ne: 18}") == []
    assert segment(town, "not: {contact.age: 18}") == [MEI, HAO]


def test_lunar_birthdays_within_a_week(town: Town) -> None:
    born(town, lunar.day_of(1990, 1, 15))  # 元宵, the day after the town's
    assert segment(town, "contact.lunar_birthday: {anniversary: 7d}") == [MEI]
    assert segment(town, "contact.lunar_birthday: {anniversary_in: 1d}") == [MEI]
    assert segment(town, "contact.lunar_birthday: {anniversary_in: today}") == []


@pytest.mark.parametrize(
    ("asked", "members"),
    [
        ("{first: cart.added, then: order.paid, within: 3d}", [MEI]),
        ("{first: cart.added, then: order.paid, within: 1d}", []),
        ("{first: order.paid, then: cart.added, within: 30d}", [HAO]),
        ("{first: cart.added, then: order.paid, within: 3d, is: false}", [HAO]),
        ("{first: cart.added, then: cart.added, within: 3d}", []),
    ],
)
def test_one_thing_after_another(town: Town, asked: str, members: list[int]) -> None:
    town.add(
        Behaviour(contact_id=MEI, name="cart.added", at=START - 5 * DAY),
        Behaviour(contact_id=MEI, name="order.paid", at=START - 3 * DAY),
        Behaviour(contact_id=HAO, name="order.paid", at=START - 5 * DAY),
        Behaviour(contact_id=HAO, name="cart.added", at=START - 3 * DAY),
    )
    assert segment(town, f"behaviour.sequence: {asked}") == members


def test_touch_history(town: Town) -> None:
    for n, days in enumerate((1, 9)):
        at = START - days * DAY
        town.add(Touch(contact_id=MEI, channel="mass", content="c", sop="contact/t", at=at, dedupe_key=f"k{n}"))
    assert segment(town, "touch.at: {within: 7d}") == [MEI]
    assert segment(town, "touch.last_at: {not_within: 12h}") == [MEI]
    assert segment(town, "touch.count: 0") == [HAO]
    assert segment(town, "not: {touch.channel: mass}") == [HAO]


@pytest.mark.parametrize(
    "asked",
    [
        "contact.age: {gte: 18.5}",
        "contact.age: {gte: 200}",
        "contact.birthday: {anniversary_in: 2h}",
        "behaviour.sequence: {first: a.b, then: c.d, within: soon}",
        "behaviour.sequence: {first: a.b, then: c.d}",
    ],
)
def test_nonsense_is_refused(asked: str) -> None:
    assert problems(asked) == ["X109"]


@pytest.mark.parametrize("pattern", ["^(a+)+$", "1[3-9]*", "春.*", "a|b", "x{2,5}", r"\\d*", "(?i)a", "*" * 201])
def test_a_regular_expression_is_refused(pattern: str) -> None:
    assert problems(f"contact.city: {{matches: '{pattern}'}}") == ["X109"]


def test_a_pattern_takes_linear_time(town: Town) -> None:
    """60 pieces that fit in a hundred thousand places each: whoever tried all ways would never come to the end."""
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "company", "a" * 100_000))
    asked = "*".join(["", *["a"] * 60, "b"])
    assert segment(town, f"contact.company: {{matches: '{asked}*'}}") == []
    assert segment(town, f"contact.company: {{matches: '{asked.removesuffix('b')}'}}") == [MEI]


def plan(town: Town, asked: str) -> str:
    """How SQLite looks for the segment."""

    def explain(work: Work) -> str:
        clause = segments.members_clause(condition(asked), scope(town))
        members = select(ExternalContact.id).where(clause)
        sql = members.compile(work.session.get_bind(), compile_kwargs={"literal_binds": True})
        rows = work.session.connection().execute(text(f"EXPLAIN QUERY PLAN {sql}"))
        return " ".join(str(row[-1]) for row in rows)

    return town.work(explain)


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ("contact.first_seen_at: {within: 7d}", "ix_external_contact_first_seen_at"),
        ("contact.first_seen_at: {before: 2026-01-01}", "ix_external_contact_first_seen_at"),
        ("all: [{contact.city: 上海}, {contact.first_seen_at: {within: 7d}}]", "ix_external_contact_first_seen_at"),
        ("behaviour.order_paid: {count: {gte: 1}, within: 7d}", "ix_behaviour_contact"),
        ("tag.names: {has_any: [a/b]}", "contact_tag"),
    ],
)
def test_a_column_keeps_its_index(town: Town, asked: str, index: str) -> None:
    assert index in plan(town, asked)
