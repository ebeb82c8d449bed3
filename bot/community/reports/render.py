"""A report as text for a chat, and the name under which its picture can be asked for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community.reports import chart
from bot.community.reports.figures import PERIODS, Figures, GroupFigures, Period, Report, report
from bot.errors import NotFound
from bot.i18n import gettext as _

T = TypeVar("T")
Read = Callable[[Callable[[Session], T]], Awaitable[T]]
GROUPS_SHOWN = 5


def headline(period: Period, language: str | None = None) -> str:
    titles = {
        "day": _("Community, one day", language),
        "week": _("Community, one week", language),
        "month": _("Community, 30 days", language),
    }
    return titles[period.name]


def dates(period: Period, language: str | None = None) -> str:
    """`2026-11-14 – 2026-11-20`, or the one day."""
    if period.name == "day":
        return period.last_on.isoformat()
    return _("{first} to {last}", language).format(first=period.first_on, last=period.last_on)


def text(told: Report, language: str | None = None) -> str:
    """The report in some ten lines."""
    lines = [f"{headline(told.period, language)} · {dates(told.period, language)}", ""]
    lines += [f"{one.name} {one.value}{_bracketed(one.change)}" for one in measures(told, language)]
    if lively := [group for group in told.groups if group.messages or group.joined or group.left][:GROUPS_SHOWN]:
        lines += ["", _("Groups, the liveliest first:", language)]
        lines += [_group_line(group, language) for group in lively]
    return "\n".join(lines)


def _bracketed(change: str) -> str:
    return f" ({change})" if change else ""


def _group_line(group: GroupFigures, language: str | None) -> str:
    sentence = _("{name}: {messages} messages by {active} people, {members} members, +{joined} −{left}", language)
    return sentence.format(
        name=group.name,
        messages=group.messages,
        active=group.active,
        members=group.members,
        joined=group.joined,
        left=group.left,
    )


@dataclass(frozen=True)
class Measure:
    """One figure as people read it. `good` says whether the change since the last period is one to be glad of."""

    name: str
    value: str
    change: str = ""
    good: bool | None = None


def measures(told: Report, language: str | None = None) -> list[Measure]:
    """All figures, in the order in which people ask for them."""
    now, before = told.totals, told.before
    return [
        _number(_("New members", language), now.joined, before.joined, more_is_good=True),
        _number(_("Leavers", language), now.left, before.left, more_is_good=False),
        Measure(_("Net growth", language), f"{now.net:+,d}" if now.net else "0"),
        _number(_("Members", language), now.members, before.members, more_is_good=True),
        _number(_("Active members", language), now.active, before.active, more_is_good=True),
        _number(_("Messages", language), now.messages, before.messages, more_is_good=True),
        _rate(_("Speaking rate", language), now, before),
        _decimal(_("Messages per speaker", language), now.messages_per_speaker),
        _wait(_("First reply", language), now, before, language),
        _number(_("New contacts", language), now.new_contacts, before.new_contacts, more_is_good=True),
        _number(_("Lost contacts", language), now.lost_contacts, before.lost_contacts, more_is_good=False),
        _number(_("New leads", language), now.leads_new, before.leads_new, more_is_good=True),
        Measure(_("Leads claimed", language), str(now.leads_claimed)),
        Measure(_("Leads done", language), str(now.leads_done)),
        _number(_("Leads overdue", language), now.leads_overdue, before.leads_overdue, more_is_good=False),
        Measure(_("Tags given", language), str(now.tags_given)),
        _number(_("Hygiene cases", language), now.hygiene_cases, before.hygiene_cases, more_is_good=False),
    ]


def _number(name: str, now: int, before: int, *, more_is_good: bool) -> Measure:
    if now == before or not before:
        return Measure(name, f"{now:,}")
    arrow = "↑" if now > before else "↓"
    return Measure(name, f"{now:,}", f"{arrow}{abs(now - before) / before:.0%}", (now > before) is more_is_good)


def _rate(name: str, now: Figures, before: Figures) -> Measure:
    if now.speaking_rate is None:
        return Measure(name, "–")
    if before.speaking_rate is None or round((now.speaking_rate - before.speaking_rate) * 1000) == 0:
        return Measure(name, f"{now.speaking_rate:.1%}")
    points = (now.speaking_rate - before.speaking_rate) * 100
    return Measure(name, f"{now.speaking_rate:.1%}", f"{'↑' if points > 0 else '↓'}{abs(points):.1f}", points > 0)


def _decimal(name: str, value: float | None) -> Measure:
    return Measure(name, "–" if value is None else f"{value:.1f}")


def _wait(name: str, now: Figures, before: Figures, language: str | None) -> Measure:
    if now.first_reply is None:
        return Measure(name, "–")
    value = duration(now.first_reply, language)
    if not before.first_reply or now.first_reply == before.first_reply:
        return Measure(name, value)
    faster = now.first_reply < before.first_reply
    share = abs(now.first_reply - before.first_reply) / before.first_reply
    return Measure(name, value, f"{'↓' if faster else '↑'}{share:.0%}", faster)


def duration(length: timedelta, language: str | None = None) -> str:
    """In the unit that fits: seconds, minutes, hours or days."""
    seconds = length.total_seconds()
    if seconds < 60:
        return _("{n} s", language).format(n=round(seconds))
    if seconds < 3600:
        return _("{n} min", language).format(n=round(seconds / 60))
    if seconds < 2 * 86400:
        return _("{n} h", language).format(n=round(seconds / 3600, 1))
    return _("{n} d", language).format(n=round(seconds / 86400, 1))


# ── the picture ────────────────────────────────────────────────────────────────────────────────────────────────────

PREFIX = "report"


def picture_name(period: Period, language: str) -> str:
    """The upload name of a picture, such as `report:week:2026-11-20:zh_CN`; the date is the last that it covers."""
    return f"{PREFIX}:{period.name}:{period.last_on}:{language}"


def read_picture_name(name: str, zone: ZoneInfo) -> tuple[Period, str]:
    """The period and the language; raises `NotFound` for what is not the name of a picture."""
    parts = name.removeprefix(f"{PREFIX}:").split(":")
    try:
        period_name, last_on, language = parts
        if period_name not in PERIODS:
            raise ValueError(period_name)
        return Period(period_name, date.fromisoformat(last_on), zone), language
    except ValueError as error:
        raise NotFound("picture", name) from error


async def picture(read: Read[Report], name: str, zone: ZoneInfo) -> bytes:
    """Draw the picture called `name` as a PNG. `read` counts on a reading thread, drawing takes another."""
    period, language = read_picture_name(name, zone)
    told = await read(lambda session: report(session, period, _end(period)))
    return await chart.draw(chart.definition(page(told, language)))


def _end(period: Period) -> datetime:
    """A picture shows what stood when its last day ended, whenever it is drawn."""
    return datetime.combine(period.last_on + timedelta(days=1), time(), period.zone).astimezone(UTC)


def page(told: Report, language: str) -> chart.Page:
    """The words and numbers of the picture."""
    return chart.Page(
        title=headline(told.period, language),
        dates=dates(told.period, language),
        tiles=[chart.Tile(one.name, one.value, one.change, one.good) for one in measures(told, language)],
        days=told.days,
        groups=told.groups,
        messages_title=_("Messages a day", language),
        joined_title=_("Joined and left a day", language),
        groups_title=_("Messages by group", language),
        nothing=_("No groups yet", language),
    )
