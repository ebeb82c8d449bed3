"""The Chinese calendar: lunar days, festivals and solar terms. The only module that knows lunar_python.

A birthday in a leap month is celebrated in the ordinary month of the same number, once a year, and one on the 30th on
the 29th where the month has no 30th. A solar term is the day on which its moment falls in China.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from lunar_python import Lunar, LunarYear, Solar

TERMS = (
    "小寒", "大寒", "立春", "雨水", "惊蛰", "春分", "清明", "谷雨", "立夏", "小满", "芒种", "夏至",
    "小暑", "大暑", "立秋", "处暑", "白露", "秋分", "寒露", "霜降", "立冬", "小雪", "大雪", "冬至",
)  # fmt: skip
"""From the first of a year to its last."""
_WINTER = "DONG_ZHI"
"""The solstice at the end of a year's table; the one under its own name is that of the year before."""

_LUNAR = {
    "春节": (1, 1), "元宵": (1, 15), "端午": (5, 5), "七夕": (7, 7), "中元": (7, 15), "中秋": (8, 15),
    "重阳": (9, 9), "腊八": (12, 8),
}  # fmt: skip
_SOLAR = {
    "元旦": (1, 1), "情人节": (2, 14), "妇女节": (3, 8), "劳动节": (5, 1), "儿童节": (6, 1), "618": (6, 18),
    "教师节": (9, 10), "国庆": (10, 1), "双十一": (11, 11), "双十二": (12, 12), "圣诞": (12, 25),
}  # fmt: skip
FESTIVALS = (*_SOLAR, *_LUNAR, "除夕", "清明", "冬至", "母亲节", "父亲节")
OLDEST = 120
"""The oldest person whose lunar birthday is looked for, in years."""
LAST_YEAR = 2200
"""How far ahead we look: nobody plans beyond, and the tables of the calendar end some day."""


def lunar_of(day: date) -> tuple[int, int, bool]:
    """Month, day of the month, and whether the month is a leap month."""
    lunar = Solar.fromYmd(day.year, day.month, day.day).getLunar()
    return abs(lunar.getMonth()), lunar.getDay(), lunar.getMonth() < 0


@dataclass(frozen=True)
class Month:
    """A month of a lunar year: a leap month has the number of the one before it."""

    number: int
    is_leap: bool
    first: date
    length: int

    def day(self, number: int) -> date:
        return self.first + timedelta(days=number - 1)


@lru_cache(maxsize=512)
def months_of(lunar_year: int) -> tuple[Month, ...]:
    """From its first to its last. They are found by astronomy, 10 ms a year: kept, as a birthday asks for 120 years."""
    return tuple(
        Month(
            abs(one.getMonth()),
            one.getMonth() < 0,
            _day(Solar.fromJulianDay(one.getFirstJulianDay())),
            one.getDayCount(),
        )
        for one in LunarYear.fromYear(lunar_year).getMonthsInYear()
    )


def day_of(lunar_year: int, month: int, day: int) -> date:
    """The day of a lunar date in an ordinary month; the 30th is the 29th where there is none."""
    [found] = [one for one in months_of(lunar_year) if one.number == month and not one.is_leap]
    return found.day(min(day, found.length))


@lru_cache(maxsize=512)
def born_on(celebrated: date) -> frozenset[date]:
    """Every day of birth whose lunar birthday is celebrated on a day; empty for most days of a leap month."""
    return frozenset(_births(celebrated))


def _births(celebrated: date) -> Iterator[date]:
    month, day, is_leap = lunar_of(celebrated)
    if is_leap:
        return
    ends_early = day == 29 and lunar_of(celebrated + timedelta(days=1))[1] == 1
    this_year = Solar.fromYmd(celebrated.year, celebrated.month, celebrated.day).getLunar().getYear()
    for year in range(this_year - OLDEST, this_year + 1):
        for one in (one for one in months_of(year) if one.number == month):
            yield from (one.day(number) for number in ((29, 30) if ends_early else (day,)) if number <= one.length)


@lru_cache(maxsize=512)
def term_on(name: str, year: int) -> date:
    """The day of a solar term in a year."""
    table = Lunar.fromYmd(year, 6, 1).getJieQiTable()
    return _day(table[_WINTER if name == "冬至" else name])


def _day(solar: Solar) -> date:
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


@lru_cache(maxsize=512)
def festival_on(name: str, year: int) -> date:
    """The day of a festival of a year, or of a lunar year: the 腊八 of 2025 falls into January 2026.

    `KeyError` for one that nobody knows.
    """
    if name in _SOLAR:
        return date(year, *_SOLAR[name])
    if name in ("清明", "冬至"):
        return term_on(name, year)
    if name == "除夕":
        return day_of(year + 1, 1, 1) - timedelta(days=1)
    if name in ("母亲节", "父亲节"):
        return _sunday(year, 5, 2) if name == "母亲节" else _sunday(year, 6, 3)
    return day_of(year, *_LUNAR[name])


def _sunday(year: int, month: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (number - 1))
