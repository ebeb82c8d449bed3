"""Reports: a week made by hand, its boundaries, its words and its picture."""

import struct
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from bot.community.reports import chart, figures, picture, render
from bot.community.reports.figures import Period, Report
from bot.errors import NotFound
from bot.model.tables import ContactTag, CustomerGroup, FollowUser, GroupMember, HygieneCase, Lead, Message
from tests.community.people import EXTERNAL, GROUP, HAO, MEI, Community

T = TypeVar("T")
SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = Period("week", date(2026, 3, 8), SHANGHAI)
"""Monday 2 March to Sunday 8 March 2026."""
NOW = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
QUIET = "wrQUIET"


def there(day: int, hour: int = 12, minute: int = 0, second: int = 0, month: int = 3) -> datetime:
    """A moment in Shanghai."""
    return datetime(2026, month, day, hour, minute, second, tzinfo=SHANGHAI)


@pytest.fixture
def week(community: Community) -> Community:
    """Mei is there since February; Hao comes and goes; a stranger only ever left."""
    community.add(CustomerGroup(chat_id=QUIET, name="Quiet", owner="lin"))
    community.add(
        _member(GROUP, EXTERNAL[MEI], MEI, there(10, month=2)),
        _member(GROUP, EXTERNAL[HAO], HAO, there(2, 0, 0), left_at=there(8, 23, 59, 59)),
        _member(GROUP, "zhou", None, there(2)),
        _member(QUIET, EXTERNAL[MEI], MEI, there(3)),
        _member(QUIET, EXTERNAL[HAO], HAO, there(4), left_at=there(4)),
    )
    community.add(
        _message(1, MEI, there(1, 23, 59, 59)),  # a second before the week
        _message(2, MEI, there(2, 0, 0)),  # the first moment of it
        _message(3, HAO, there(2, 0, 10)),
        _message(4, None, there(2, 0, 30), user_id="zhou"),  # answers after half an hour
        _message(5, MEI, there(5, 9, 0)),
        _message(6, None, there(5, 9, 10), user_id="zhou"),  # … after ten minutes
        _message(7, None, there(5, 9, 11), user_id="zhou"),
        _message(8, MEI, there(8, 23, 59, 59)),  # the last second
        _message(9, MEI, there(9, 0, 0)),  # a moment too late
        _message(10, MEI, there(6), chat_id=None),  # not in a group
    )
    community.add(
        _lead(there(2, 9), "done", claimed_at=there(2, 9, 20), closed_at=there(3)),
        _lead(there(3, 9), "claimed", claimed_at=there(3, 11)),
        _lead(there(4, 9), "new"),
        _lead(there(8, 23, 59), "new"),
        _lead(there(1, 9), "done", claimed_at=there(1, 9, 5), closed_at=there(1, 10)),
        ContactTag(contact_id=MEI, name="a/b", source="rule", added_at=there(4)),
        ContactTag(contact_id=MEI, name="a/c", source="rule", added_at=there(9)),
        HygieneCase(chat_id=GROUP, contact_id=HAO, message_id="m3", opened_at=there(2, 0, 10)),
    )
    return community


def _member(
    chat_id: str, member_id: str, contact_id: int | None, joined_at: datetime, left_at: datetime | None = None
) -> GroupMember:
    return GroupMember(
        chat_id=chat_id,
        member_id=member_id,
        contact_id=contact_id,
        joined_at=joined_at,
        left_at=left_at,
        changed_at=joined_at,
    )


def _message(
    n: int, contact_id: int | None, sent_at: datetime, user_id: str | None = None, chat_id: str | None = GROUP
) -> Message:
    return Message(
        message_id=f"m{n}", channel="archive", chat_id=chat_id, contact_id=contact_id, user_id=user_id, sent_at=sent_at
    )


def _lead(
    opened_at: datetime, state: str, claimed_at: datetime | None = None, closed_at: datetime | None = None
) -> Lead:
    return Lead(
        contact_id=MEI, kind="opportunity", state=state, opened_at=opened_at, claimed_at=claimed_at, closed_at=closed_at
    )


def the_report(here: Community, period: Period = WEEK) -> Report:
    return here.work(lambda work: figures.report(work.session, period, NOW, timedelta(minutes=30)))


# ── periods ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_period_ends_yesterday_where_the_corp_is() -> None:
    late = datetime(2026, 3, 8, 16, 30, tzinfo=UTC)  # half past midnight on the 9th in Shanghai
    assert Period.ending_yesterday("week", late, SHANGHAI) == WEEK
    early = late - timedelta(hours=1)
    assert Period.ending_yesterday("week", early, SHANGHAI).last_on == date(2026, 3, 7)


def test_a_week_is_seven_local_days_and_follows_the_one_before() -> None:
    assert (WEEK.first_on, len(WEEK.days)) == (date(2026, 3, 2), 7)
    assert WEEK.span.since == datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    assert WEEK.span.until == datetime(2026, 3, 8, 16, 0, tzinfo=UTC)
    assert WEEK.before().span.until == WEEK.span.since


def test_a_day_on_which_the_clocks_change_has_its_own_length() -> None:
    berlin = Period("day", date(2026, 3, 29), ZoneInfo("Europe/Berlin"))
    since, until = berlin.span
    assert until.astimezone(UTC) - since.astimezone(UTC) == timedelta(hours=23)


# ── figures ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_week_counts_what_happened_in_it_to_the_second(week: Community) -> None:
    totals = the_report(week).totals
    assert (totals.joined, totals.left, totals.net) == (2, 2, 0)
    assert (totals.messages, totals.active) == (4, 2)
    assert totals.members == 1
    assert totals.speaking_rate == 1.0
    assert totals.messages_per_speaker == 2.0
    assert totals.first_reply == timedelta(minutes=20), "the median of thirty minutes and ten"
    assert (totals.leads_new, totals.leads_claimed, totals.leads_done) == (4, 2, 1)
    assert totals.leads_overdue == 3, "claimed late, never claimed, never claimed"
    assert (totals.tags_given, totals.hygiene_cases) == (1, 1)


def test_contacts_are_counted_once_whoever_follows_them(week: Community) -> None:
    added = there(3)
    week.add(
        FollowUser(contact_id=MEI, user_id="lin", added_at=added, changed_at=added),
        FollowUser(contact_id=MEI, user_id="boss", added_at=added, ended_at=there(4), changed_at=added),
    )
    totals = the_report(week).totals
    assert (totals.new_contacts, totals.lost_contacts) == (1, 1)


def test_the_week_before_is_there_to_compare_with(week: Community) -> None:
    before = the_report(week).before
    assert (before.messages, before.active, before.members, before.leads_done) == (1, 1, 1, 1)


def test_days_are_local_days(week: Community) -> None:
    days = the_report(week).days
    assert [day.on.day for day in days] == [2, 3, 4, 5, 6, 7, 8]
    assert [day.messages for day in days] == [2, 0, 0, 1, 0, 0, 1]
    assert [day.joined for day in days] == [1, 1, 0, 0, 0, 0, 0]
    assert [day.left for day in days] == [0, 0, 1, 0, 0, 0, 1]
    assert [day.active for day in days] == [2, 0, 0, 1, 0, 0, 1]


def test_groups_are_ordered_by_liveliness(week: Community) -> None:
    spring, quiet = the_report(week).groups
    assert (spring.name, spring.members, spring.joined, spring.left) == ("Spring", 1, 1, 1)
    assert (spring.messages, spring.active) == (4, 2)
    assert (quiet.name, quiet.members, quiet.messages) == ("Quiet", 1, 0)


def test_a_report_on_one_day_shows_it_at_the_end_of_its_week(week: Community) -> None:
    told = the_report(week, Period("day", date(2026, 3, 8), SHANGHAI))
    assert told.totals.messages == 1
    assert len(told.days) == 7


def test_an_empty_community_has_figures_too(bare: Community) -> None:
    told = the_report(bare)
    assert told.totals.speaking_rate is None
    assert told.totals.first_reply is None
    assert "Speaking rate –" in render.text(told, "en")


# ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_text_tells_the_figures_and_their_change(week: Community) -> None:
    told = render.text(the_report(week), "en").splitlines()
    assert told[0] == "Community, one week · 2026-03-02 to 2026-03-08"
    assert "Messages 4 (↑300%)" in told
    assert "Net growth 0" in told
    assert "First reply 20 min" in told
    assert "Leads overdue 3" in told
    assert "Spring: 4 messages by 2 people, 1 members, +1 −1" in told


def test_a_change_is_good_or_bad_by_what_it_is_of(week: Community) -> None:
    moods = {one.name: one.good for one in render.measures(the_report(week), "en")}
    assert moods["Messages"] is True
    assert moods["New members"] is None, "there was nothing before to compare with"


# ── the picture ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_picture_has_a_name_that_says_all() -> None:
    name = render.picture_name(WEEK, "zh_CN")
    assert name == "report:week:2026-03-08:zh_CN"
    assert render.read_picture_name(name, SHANGHAI) == (WEEK, "zh_CN")
    assert render.read_picture_name(name.removeprefix("report:"), SHANGHAI) == (WEEK, "zh_CN")


@pytest.mark.parametrize("name", ["", "week", "year:2026-03-08:en", "week:2026-13-08:en", "week:2026-03-08:en:x"])
def test_another_name_is_no_picture(name: str) -> None:
    with pytest.raises(NotFound):
        render.read_picture_name(name, SHANGHAI)


async def test_the_picture_is_a_png_for_a_phone_with_something_on_it(week: Community) -> None:
    drawn = await picture(week.database.read, "week:2026-03-08:zh_CN", SHANGHAI)
    width, height, pixels = pixels_of(drawn)
    assert width == chart.WIDTH * chart.SCALE == 900
    assert 1100 < height < 1700
    assert len(set(pixels)) > 20, "shades of text and bars"


async def test_chinese_is_drawn_with_the_font_that_is_shipped(week: Community) -> None:
    """Text in a family that is not there is not drawn at all, without a word."""
    pages = {}
    for name in ("春季群", "", "秋天群"):
        week.work(lambda work, name=name: setattr(work.session.get(CustomerGroup, GROUP), "name", name or " "))  # type: ignore[misc]
        told = week.work(lambda work: figures.report(work.session, WEEK, NOW))
        pages[name] = chart.to_png(chart.definition(render.page(told, "en")))
    assert len(set(pages.values())) == 3
    assert (chart.FONTS / "OFL.txt").exists()


def test_a_month_is_as_wide_as_a_week(week: Community) -> None:
    told = the_report(week, Period("month", date(2026, 3, 8), SHANGHAI))
    assert len(told.days) == 30
    assert pixels_of(chart.to_png(chart.definition(render.page(told, "en"))))[0] == 900


def pixels_of(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height, and the bytes of the rows in samples of four, as they are stored."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    at, packed = 8, b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += length + 12
    raw = zlib.decompress(packed)
    return width, height, [raw[n : n + 4] for n in range(0, len(raw), 4)]


async def test_counting_happens_beside_the_writer(week: Community) -> None:
    reads = 0

    async def read(do: Callable[[Session], T]) -> T:
        nonlocal reads
        reads += 1
        return await week.database.read(do)

    await picture(read, "day:2026-03-08:en", SHANGHAI)
    assert reads == 1
