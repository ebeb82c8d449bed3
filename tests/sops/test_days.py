"""Days of people and of the year: birthdays by both calendars, festivals, solar terms, workdays."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.model.tables import ExternalContact
from bot.sop import holidays, lunar
from bot.sop.calendar import next_fire
from bot.sop.parse import parse
from bot.sop.schema import Trigger
from bot.sop.scope import SHANGHAI
from tests.sops.town import MEI, Town

HEAD = "sop: contact/t\ntitle: T\nsubject: contact\nsteps: [{do: note, text: a}]\n"


def trigger(text: str) -> Trigger:
    sop, findings = parse(f"{HEAD}trigger: {text}\n", "t.yaml", "contact/t")
    assert sop is not None, findings
    return sop.trigger


def fires(text: str, after: datetime) -> datetime:
    moment = next_fire(trigger(text), after, SHANGHAI)
    assert moment is not None
    return moment.astimezone(SHANGHAI)


def local(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("name", "year", "day"),
    [
        ("春节", 2026, date(2026, 2, 17)),
        ("除夕", 2025, date(2026, 2, 16)),
        ("中秋", 2026, date(2026, 9, 25)),
        ("腊八", 2025, date(2026, 1, 26)),
        ("清明", 2026, date(2026, 4, 5)),
        ("母亲节", 2026, date(2026, 5, 10)),
    ],
)
def test_festivals_fall_on_their_days(name: str, year: int, day: date) -> None:
    assert lunar.festival_on(name, year) == day


def test_solar_terms_are_24_and_in_order() -> None:
    for year in (2026, 2030, 2100):
        days = [lunar.term_on(name, year) for name in lunar.TERMS]
        assert days == sorted(set(days))
        assert {day.year for day in days} == {year}
    assert lunar.term_on("冬至", 2026) == date(2026, 12, 22)


@pytest.mark.parametrize(
    ("text", "after", "moment"),
    [
        ('{festival: 春节, offset: -15d, at: "10:00"}', local(2026, 1, 1), local(2026, 2, 2, 10)),
        ("{festival: 春节}", local(2026, 2, 17, 9), local(2027, 2, 6, 9)),
        ("{festival: 腊八}", local(2026, 1, 27), local(2027, 1, 15, 9)),
        ("{solar_term: 立春}", local(2026, 1, 1), local(2026, 2, 4, 9)),
        ("{solar_term: any}", local(2026, 2, 4, 9), local(2026, 2, 18, 9)),
        ("{cron: 0 9 * * *, workdays_only: true}", local(2026, 2, 13, 10), local(2026, 2, 14, 9)),
        ("{cron: 0 9 * * *, workdays_only: true}", local(2026, 2, 14, 10), local(2026, 2, 24, 9)),
    ],
)
def test_a_day_of_the_year_comes_next(text: str, after: datetime, moment: datetime) -> None:
    assert fires(text, after) == moment


def test_nobody_knows_holidays_that_were_not_announced() -> None:
    assert holidays.is_workday(date(2026, 2, 14)) is True
    assert holidays.is_workday(date(2026, 10, 1)) is False
    beyond = date(holidays.known_until() + 1, 1, 4)
    assert holidays.is_workday(beyond) is None
    assert holidays.works(beyond) is (beyond.weekday() < 5)


def test_beyond_them_monday_to_friday_are_workdays(town: Town) -> None:
    town.sop("contact/t", "steps: [{do: note, text: a}]\n", trigger="{cron: 0 9 * * *, workdays_only: true}")
    town.due("contact/t", datetime(holidays.known_until() + 1, 1, 4, 1, tzinfo=UTC))
    assert len(town.runs("contact/t")) == 2


# ── birthdays ──────────────────────────────────────────────────────────────────────────────────────────────────────


def born(town: Town, day: date) -> None:
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "birthday", day))


def celebrates(town: Town, text: str, on: date) -> bool:
    """Whether Mei enters when the trigger comes on a day, at the hour it asks for."""
    moment = fires(text, datetime.combine(on, time(), SHANGHAI) - timedelta(seconds=1))
    assert moment.date() == on
    town.sop("contact/t", "steps: [{do: note, text: a}]\n", trigger=text)
    before = len(town.runs("contact/t"))
    town.due("contact/t", moment.astimezone(UTC))
    return len(town.runs("contact/t")) > before


def test_a_birthday_is_told_seven_days_before(town: Town) -> None:
    born(town, date(1990, 3, 9))
    assert celebrates(town, '{birthday: -7d, at: "08:00"}', date(2026, 3, 2))
    assert not celebrates(town, '{birthday: -7d, at: "08:00"}', date(2026, 3, 3))


def test_the_29th_of_february_is_kept_on_the_28th(town: Town) -> None:
    born(town, date(1992, 2, 29))
    assert celebrates(town, "{birthday: 0d}", date(2026, 2, 28))
    assert not celebrates(town, "{birthday: 0d}", date(2026, 3, 1))
    assert celebrates(town, "{birthday: 0d}", date(2028, 2, 29))
    assert not celebrates(town, "{birthday: 0d}", date(2028, 2, 28))


def test_a_lunar_birthday_moves_from_year_to_year(town: Town) -> None:
    born(town, lunar.day_of(1990, 8, 15))
    assert celebrates(town, "{lunar_birthday: 0d}", date(2026, 9, 25))
    assert celebrates(town, "{lunar_birthday: 0d}", date(2027, 9, 15))
    assert celebrates(town, "{lunar_birthday: -3d}", date(2027, 9, 12))


def test_whoever_was_born_in_a_leap_month_celebrates_once_in_the_ordinary_one(town: Town) -> None:
    born(town, date(2025, 8, 1))  # the 8th of the leap sixth month
    assert lunar.lunar_of(date(2025, 8, 1)) == (6, 8, True)
    assert celebrates(town, "{lunar_birthday: 0d}", date(2026, 7, 21))
    assert not celebrates(town, "{lunar_birthday: 0d}", date(2025, 8, 1))


def test_the_30th_is_the_29th_where_there_is_none(town: Town) -> None:
    born(town, lunar.day_of(1980, 1, 30))
    last = lunar.day_of(2030, 1, 30)
    assert lunar.lunar_of(last)[:2] == (1, 29)
    assert celebrates(town, "{lunar_birthday: 0d}", last)
    assert not celebrates(town, "{lunar_birthday: 0d}", lunar.day_of(2027, 1, 29))
    assert celebrates(town, "{lunar_birthday: 0d}", lunar.day_of(2027, 1, 30))


def test_the_anniversary_of_any_date(town: Town) -> None:
    town.sop("contact/t", "steps: [{do: note, text: a}]\n", trigger="{anniversary: follow.first_added_at}")
    town.due("contact/t", datetime(2027, 3, 2, 1, tzinfo=UTC))
    assert len(town.runs("contact/t")) == 2
    town.due("contact/t", datetime(2027, 3, 3, 1, tzinfo=UTC))
    assert len(town.runs("contact/t")) == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{birthday: 7d}", "X112"),
        ("{birthday: soon}", "X104"),
        ("{festival: 春游}", "X112"),
        ("{solar_term: 立春节}", "X112"),
        ("{anniversary: contact.name}", "X112"),
        ("{festival: 春节, offset: 2h}", "X104"),
        ("{cron: 0 9 * * *, workdays_only: often}", "X103"),
        ("{date: 2026-02-01 08:00, at: '08:00'}", "X101"),
        ("{cron: 0 9 * * *, interval: 2h}", "X111"),
    ],
)
def test_a_bad_day_is_named(text: str, code: str) -> None:
    _sop, findings = parse(f"{HEAD}trigger: {text}\n", "t.yaml", "contact/t")
    assert code in [one.code for one in findings]
