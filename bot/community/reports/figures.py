"""What happened in the community over a period, in numbers; days are local days, joins count once a group."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.storage.queries import reports as rows
from bot.storage.queries.reports import Line, Span

PeriodName = Literal["day", "week", "month"]
PERIODS: tuple[PeriodName, ...] = get_args(PeriodName)
_DAYS: dict[PeriodName, int] = {"day": 1, "week": 7, "month": 30}


@dataclass(frozen=True)
class Period:
    """Full local days up to and including `last_on`: one, seven or thirty of them."""

    name: PeriodName
    last_on: date
    zone: ZoneInfo

    @classmethod
    def ending_yesterday(cls, name: PeriodName, now: datetime, zone: ZoneInfo) -> "Period":
        return cls(name, now.astimezone(zone).date() - timedelta(days=1), zone)

    @property
    def first_on(self) -> date:
        return self.last_on - timedelta(days=_DAYS[self.name] - 1)

    @property
    def days(self) -> list[date]:
        return [self.first_on + timedelta(days=n) for n in range(_DAYS[self.name])]

    @property
    def spans(self) -> list[Span]:
        """Each day from its local midnight to the next; where clocks change, a day has 23 or 25 hours."""
        return [Span(self._midnight(day), self._midnight(day + timedelta(days=1))) for day in self.days]

    @property
    def span(self) -> Span:
        return Span(self._midnight(self.first_on), self._midnight(self.last_on + timedelta(days=1)))

    def before(self) -> "Period":
        """As many days just before."""
        return Period(self.name, self.first_on - timedelta(days=1), self.zone)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)


@dataclass(frozen=True)
class Figures:
    """The totals of a period; a rate without anything to divide by is None."""

    new_contacts: int
    lost_contacts: int
    joined: int
    left: int
    members: int
    active: int
    messages: int
    speaking_rate: float | None
    messages_per_speaker: float | None
    first_reply: timedelta | None
    leads_new: int
    leads_claimed: int
    leads_done: int
    leads_overdue: int
    tags_given: int
    hygiene_cases: int

    @property
    def net(self) -> int:
        return self.joined - self.left


@dataclass(frozen=True)
class DayFigures:
    on: date
    joined: int
    left: int
    messages: int
    active: int


@dataclass(frozen=True)
class GroupFigures:
    """One group; `members` as the period ended."""

    chat_id: str
    name: str
    members: int
    joined: int
    left: int
    messages: int
    active: int


@dataclass(frozen=True)
class Report:
    """A period, the one before it for comparison, its days in order and its groups, the liveliest first.

    A report on one day shows that day at the end of its week.
    """

    period: Period
    totals: Figures
    before: Figures
    days: list[DayFigures]
    groups: list[GroupFigures]


CLAIM_WITHIN = timedelta(minutes=30)


def report(session: Session, period: Period, now: datetime, claim_within: timedelta = CLAIM_WITHIN) -> Report:
    """Count everything; `claim_within` is how soon a lead should be claimed."""
    return Report(
        period=period,
        totals=figures(session, period, now, claim_within),
        before=figures(session, period.before(), now, claim_within),
        days=_days(session, period if period.name != "day" else Period("week", period.last_on, period.zone)),
        groups=_groups(session, period.span),
    )


def figures(session: Session, period: Period, now: datetime, claim_within: timedelta) -> Figures:
    span = period.span
    messages, active = sum(rows.messages_by_day(session, [span])), rows.speakers(session, span)
    present = max(rows.people_present(session, span), active)
    return Figures(
        new_contacts=rows.contacts_added(session, span),
        lost_contacts=rows.contacts_lost(session, span),
        joined=sum(rows.joined_by_day(session, [span])),
        left=sum(rows.left_by_day(session, [span])),
        members=rows.people_at(session, span.until),
        active=active,
        messages=messages,
        speaking_rate=active / present if present else None,
        messages_per_speaker=messages / active if active else None,
        first_reply=_typical_wait(rows.lines(session, span)),
        leads_new=rows.leads_new(session, span),
        leads_claimed=rows.leads_claimed(session, span),
        leads_done=rows.leads_done(session, span),
        leads_overdue=_overdue(rows.lead_times(session, span), now, claim_within),
        tags_given=rows.tags_given(session, span),
        hygiene_cases=rows.hygiene_cases(session, span),
    )


def _overdue(
    times: Iterable[tuple[datetime, datetime | None, datetime | None]], now: datetime, claim_within: timedelta
) -> int:
    """Leads that nobody claimed or closed in time."""
    return sum(1 for opened, claimed, closed in times if (claimed or closed or now) > opened + claim_within)


def _typical_wait(lines: Iterable[Line]) -> timedelta | None:
    """The median time from a contact's first unanswered message in a group to the first word of staff after it."""
    waits = list(_waits(lines))
    return timedelta(seconds=median(wait.total_seconds() for wait in waits)) if waits else None


def _waits(lines: Iterable[Line]) -> Iterator[timedelta]:
    chat_id, asked_at = "", None
    for line in lines:
        if line.chat_id != chat_id:
            chat_id, asked_at = line.chat_id, None
        if not line.by_staff:
            asked_at = asked_at or line.sent_at
        elif asked_at is not None:
            yield line.sent_at - asked_at
            asked_at = None


def _days(session: Session, period: Period) -> list[DayFigures]:
    spans = period.spans
    series = zip(
        period.days,
        rows.joined_by_day(session, spans),
        rows.left_by_day(session, spans),
        rows.messages_by_day(session, spans),
        rows.speakers_by_day(session, spans),
        strict=True,
    )
    return [DayFigures(*day) for day in series]


def _groups(session: Session, span: Span) -> list[GroupFigures]:
    members = rows.members_by_group(session, span.until)
    joined, left = rows.joined_by_group(session, span), rows.left_by_group(session, span)
    messages, active = rows.messages_by_group(session, span), rows.speakers_by_group(session, span)
    groups = [
        GroupFigures(
            chat_id,
            name,
            members.get(chat_id, 0),
            joined.get(chat_id, 0),
            left.get(chat_id, 0),
            messages.get(chat_id, 0),
            active.get(chat_id, 0),
        )
        for chat_id, name in rows.group_names(session).items()
    ]
    return sorted(groups, key=lambda group: (-group.messages, -group.members, group.name))
