"""Figures that cross a line, as events: looked for by the clock, or seen as the message comes that crosses it.

Crossing is a moment, not a state: each look takes up where the last one ended, so nobody is told of twice.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.model.events import MessageReceived, MetricCrossed
from bot.model.ids import ChatId, ContactId, UserId
from bot.sop.library import Library
from bot.sop.schema import Metric, Sop
from bot.storage.queries import cursors
from bot.storage.queries import figures as rows
from bot.storage.work import Work

FIRST_LOOK, LONGEST_LOOK = timedelta(minutes=5), timedelta(days=1)
"""How far back the first look of an SOP reaches, and any: what was crossed while nobody looked longer is history."""
FEWEST = 20
"""Messages of a day below which a drop says nothing."""
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


def crossed(work: Work, sop: Sop, metric: Metric, at: datetime, zone: ZoneInfo) -> Iterator[MetricCrossed]:
    """Who crossed the line of an SOP since its last look."""
    if metric.name == "drop":
        yield from _dropped(work, metric, at, zone)
        return
    after, until = _since(work, sop, at) - metric.duration, at - metric.duration
    if metric.name == "silence":
        for id, last in rows.silent_since(work.session, sop.subject, after, until):
            yield _event(metric, at, (at - last).total_seconds(), sop.subject, id)
    else:
        for user, due in rows.overdue(work.session, after, until):
            yield _event(metric, at, (at - due).total_seconds(), "staff", user)


def flooded(
    work: Work, library: Library, message: MessageReceived, contact_id: ContactId | None
) -> list[MetricCrossed]:
    """The lines that this very message crosses."""
    subjects = {"contact": contact_id, "group": message.chat_id}
    found = {}
    for sop in library:
        metric, id = sop.trigger.metric, subjects.get(sop.subject)
        if metric is None or metric.name != "flood" or id is None:
            continue
        count = rows.written(work.session, sop.subject, id, message.at - metric.within, message.at)
        if count == metric.count + 1:
            event = _event(metric, message.at, count, sop.subject, id)
            found[event.line, sop.subject] = event
    return list(found.values())


def _since(work: Work, sop: Sop, at: datetime) -> datetime:
    """When the SOP was last looked at; from now on that is `at`."""
    name = f"{cursors.FIGURE}{sop.name}"
    last_s = cursors.read(work.session, name)
    cursors.move(work.session, name, int(at.timestamp()))
    last = datetime.fromtimestamp(last_s, at.tzinfo) if last_s else at - FIRST_LOOK
    return min(max(last, at - LONGEST_LOOK), at)


def _dropped(work: Work, metric: Metric, at: datetime, zone: ZoneInfo) -> Iterator[MetricCrossed]:
    """Groups in which yesterday less was written than on the same weekday before."""
    today = datetime.combine(at.astimezone(zone).date(), time(), zone)
    now = rows.written_by_group(work.session, today - DAY, today)
    for chat_id, before in rows.written_by_group(work.session, today - DAY - WEEK, today - WEEK).items():
        percent = 100 * (before - now.get(chat_id, 0)) / before
        if before >= FEWEST and percent > metric.percent:
            yield _event(metric, at, percent, "group", chat_id)


def _event(metric: Metric, at: datetime, value: float, subject: str, id: Any) -> MetricCrossed:
    return MetricCrossed(
        at=at,
        name=metric.name,
        line=metric.line,
        value=round(value, 1),
        contact_id=ContactId(int(id)) if subject == "contact" else None,
        chat_id=ChatId(str(id)) if subject == "group" else None,
        user_id=UserId(str(id)) if subject == "staff" else None,
    )
