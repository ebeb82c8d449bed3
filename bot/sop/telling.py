"""Simulations, plans, replays and undoings in words: a line each thing, for the terminal and for chat."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.community.cards import clip
from bot.i18n import Sentence, _
from bot.sop.decisions import Decision
from bot.sop.plan import Planned
from bot.sop.preview import Preview
from bot.sop.quotas import Use
from bot.sop.replay import Replayed
from bot.sop.simulate import Saying, Simulated
from bot.sop.undo import Undoing, counts
from bot.text.masking import masked

MOST, QUOTED = 12, 24
CHANNELS: dict[str, Sentence] = {
    "welcome": "welcome messages",
    "mass_send": "mass sends to contacts",
    "mass_send_groups": "mass sends to groups",
    "webhook": "posts by webhook",
    "appchat": "posts in internal groups",
    "staff": "messages to staff",
    "kf": "customer service",
    "official": "official account",
    "miniprogram": "mini-program messages",
    "moment": "moments",
    "sms": "SMS",
    "mail": "mail",
}
WINDOWS: dict[str, Sentence] = {
    "mass_send a month": "mass sends to one contact in a month",
    "mass_send_groups a month": "mass sends to one group in a month",
    "staff a minute": "messages to one staff member in a minute",
    "webhook a minute": "posts by one webhook in a minute",
}


def simulated(told: Simulated, zone: ZoneInfo, most: int = MOST) -> Iterator[str]:
    sentence = _("{sop} {digest}: of {contacts} invented contacts, {entered} entered between {began} and {ended}.")
    yield sentence.format(
        sop=told.sop,
        digest=told.digest[:8],
        contacts=told.contacts,
        entered=told.entered,
        began=_day(told.began, zone),
        ended=_day(told.ended, zone),
    )
    if told.sayings:
        yield _("What is said, and how long after the beginning (earliest, median, latest):")
        yield from map(_saying, told.sayings)
    if told.ways:
        yield _("Ways:")
    for way in told.ways[:most]:
        yield f"  {way.count:>6}  {' → '.join(way.steps)}"
    if len(told.ways) > most:
        yield "  " + _("… and {count} more").format(count=len(told.ways) - most)
    yield from _counts(_("Endings"), told.endings)
    yield from _counts(_("Kept out, by rule"), told.suppressed)
    yield from _counts(_("Messages"), _named(told.channels))
    if told.days:
        busiest = max(told.days, key=lambda day: sum(told.days[day].values()))
        sentence = _("Busiest day: {day} with {count} messages; by hour: {hours}")
        hours = " ".join(f"{hour:02}:{sum(by.values())}" for hour, by in told.hours.items())
        yield sentence.format(day=busiest, count=sum(told.days[busiest].values()), hours=hours)
    yield from map(_quota, told.quotas)


def _saying(one: Saying) -> str:
    times = "".join(f"{_span(time):>9}" for time in (one.earliest, one.median, one.latest))
    held = _(" ({count} suppressed)").format(count=one.suppressed) if one.suppressed else ""
    return f"  {one.told:>6} {times}  {one.action} “{clip(' '.join(one.text.split()), QUOTED)}”{held}"


def _span(time: timedelta) -> str:
    """To the minute: 45m, 10h30m, 2d21h."""
    minutes = round(time.total_seconds() / 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days}d{hours}h"
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m"


def planned(told: Planned, zone: ZoneInfo, most: int = MOST) -> Iterator[str]:
    was = told.in_force[:8] or _("nothing")
    yield _("{sop}: {before} → {after}").format(sop=told.sop, before=was, after=told.digest[:8])
    basis = (
        _("at the next date, {moment}").format(moment=_moment(told.after.at, zone))
        if told.after.at
        else _("by the events of the last 30 days")
    )
    sentence = _("Reaches {after} instead of {before} ({basis}): +{joins}, −{leaves}")
    yield sentence.format(
        after=len(told.after.subjects),
        before=len(told.before.subjects),
        basis=basis,
        joins=len(told.joins),
        leaves=len(told.leaves),
    )
    yield from _counts(_("Messages"), _named(told.channels))
    yield from _counts(_("Messages by group"), dict(list(told.groups.items())[:most]))
    if told.all_sent_at is not None:
        yield _("The last of them leaves {moment}.").format(moment=_moment(told.all_sent_at, zone))
    yield from map(_quota, told.quotas)


def replayed(told: Replayed, zone: ZoneInfo, most: int = MOST) -> Iterator[str]:
    sentence = _("{sop} {digest} over {events} events since {since}: {same} decisions are the same.")
    since = _moment(told.since, zone)
    yield sentence.format(sop=told.sop, digest=told.digest[:8], events=told.events, since=since, same=told.same)
    if told.only_would:
        yield _("Only with this version: {count}").format(count=len(told.only_would))
        yield from (_decision(one, zone) for one in told.only_would[:most])
    if told.only_was:
        yield _("Only as it was: {count}").format(count=len(told.only_was))
        yield from (_decision(one, zone) for one in told.only_was[:most])


def previewed(told: Preview) -> Iterator[str]:
    sentence = _("{segment} · {title}: {count} in it now")
    yield sentence.format(segment=told.segment, title=told.title, count=told.count)
    for one in told.examples:
        number = f"#{one.id}" if isinstance(one.id, int) else one.id
        yield f"  {masked(one.name)} {number}" if one.name else f"  {number}"


def undone(told: Undoing, *, is_trial: bool) -> Iterator[str]:
    sentence = _("{rule} gave {tags} tags, {scores} scores and {tasks} tasks: they are taken back.")
    if is_trial:
        sentence = _("{rule} gave {tags} tags, {scores} scores and {tasks} tasks, which can be taken back.")
    if told.is_empty:
        sentence = _("Nothing of {rule} is left to take back.")
    yield sentence.format(rule=told.rule, **counts(told))
    if told.lasting:
        yield _("Cannot be taken back:")
    for one in told.lasting:
        yield f"  {one.count:>6}  {one.what}"


def _counts(what: str, found: Mapping[str, int]) -> Iterator[str]:
    if found:
        yield f"{what}: " + _(", ").join(f"{name} {count}" for name, count in found.items())


def _named(channels: Mapping[str, int]) -> dict[str, int]:
    return {_(CHANNELS.get(name, name)): count for name, count in channels.items()}


def _quota(use: Use) -> str:
    sentence = _("Quota: {window} – at the most {most} of {limit}")
    if use.over:
        sentence = _("Quota: {window} – at the most {most} of {limit}, and {over} would get none")
    return sentence.format(window=_(WINDOWS[use.name]), most=use.most, limit=use.limit, over=use.over)


def _decision(one: Decision, zone: ZoneInfo) -> str:
    what = _("kept out by {rule}").format(rule=one.rule) if one.rule else " → ".join(one.way)
    return f"  {one.subject} {_moment(one.at, zone) if one.at else ''}  {what}"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _day(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d}"
