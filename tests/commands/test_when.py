"""Moments and durations as people write them, in their own zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot import i18n
from bot.errors import BadCommand
from handlers.commands.when import parse_duration, parse_moment

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Monday, ten in the morning in Shanghai."""

MOMENTS = [
    ("20:00 text", "2026-11-23 20:00", 1),
    ("at 20:00 text", "2026-11-23 20:00", 2),
    ("20：00 text", "2026-11-23 20:00", 1),
    ("20点 text", "2026-11-23 20:00", 1),
    ("20点半 text", "2026-11-23 20:30", 1),
    ("20点15分 text", "2026-11-23 20:15", 1),
    ("today 20:00 text", "2026-11-23 20:00", 2),
    ("今晚 8点 text", "2026-11-23 20:00", 2),
    ("今晚8点 text", "2026-11-23 20:00", 1),
    ("tonight 8:30 text", "2026-11-23 20:30", 2),
    ("tomorrow 9:30 text", "2026-11-24 09:30", 2),
    ("at tomorrow 9:30 text", "2026-11-24 09:30", 3),
    ("明天 9:30 text", "2026-11-24 09:30", 2),
    ("明天9点半 text", "2026-11-24 09:30", 1),
    ("在 后天 0:00 text", "2026-11-25 00:00", 3),
    ("2026-12-01 20:00 text", "2026-12-01 20:00", 2),
    ("2026/12/1 20:00 text", "2026-12-01 20:00", 2),
    ("12-01 20:00 text", "2026-12-01 20:00", 2),
    ("1-5 8:00 text", "2027-01-05 08:00", 2),
    ("12月1日 20:00 text", "2026-12-01 20:00", 2),
    ("2026年12月1日 20:00 text", "2026-12-01 20:00", 2),
]


@pytest.mark.parametrize(("said", "local", "words"), MOMENTS)
def test_a_moment_is_read_in_the_zone_of_the_corp(said: str, local: str, words: int) -> None:
    moment = parse_moment(said.split(), NOW, SHANGHAI)
    assert moment is not None
    assert moment.at is not None
    assert f"{moment.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" == local
    assert moment.words == words


@pytest.mark.parametrize(("said", "words"), [("now hi", 1), ("at now hi", 2), ("现在 大家好", 1), ("立即 大家好", 1)])
def test_now_has_no_time(said: str, words: int) -> None:
    moment = parse_moment(said.split(), NOW, SHANGHAI)
    assert moment is not None
    assert (moment.at, moment.words) == (None, words)


@pytest.mark.parametrize("said", ["hello there", "", "at", "tomorrow", "tomorrow hello", "2026-12-01", "8", "at noon"])
def test_other_words_are_no_moment(said: str) -> None:
    assert parse_moment(said.split(), NOW, SHANGHAI) is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("9:00 hi", "2026-11-23 09:00 has passed"),
        ("10:00 hi", "has passed"),
        ("2026-11-22 20:00 hi", "has passed"),
        ("25:00 hi", "is not a time of day"),
        ("20:61 hi", "is not a time of day"),
        ("2026-02-30 9:00 hi", "There is no day 2026-02-30"),
    ],
)
def test_a_moment_that_cannot_be_is_named(said: str, reason: str) -> None:
    i18n.use("en")
    with pytest.raises(BadCommand, match=reason):
        parse_moment(said.split(), NOW, SHANGHAI)


def test_an_hour_that_the_clocks_skip_does_not_exist_and_one_they_repeat_is_the_first() -> None:
    i18n.use("en")
    berlin = ZoneInfo("Europe/Berlin")
    with pytest.raises(BadCommand, match="clocks are set forward"):
        parse_moment(["2027-03-28", "2:30", "hi"], NOW, berlin)
    moment = parse_moment(["2027-10-31", "2:30", "hi"], NOW, berlin)
    assert moment is not None
    assert moment.at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "length"),
    [
        ("30m", timedelta(minutes=30)),
        ("30分钟", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("2小时", timedelta(hours=2)),
        ("２Ｈ", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("1天", timedelta(days=1)),
        ("2", None),
        ("h", None),
        ("-2h", None),
        ("2 h", None),
    ],
)
def test_a_duration_needs_its_unit(word: str, length: timedelta | None) -> None:
    assert parse_duration(word) == length
