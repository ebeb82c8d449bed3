"""What invented people do: each comes once, and does half of what the SOP listens for."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from bot.community import behaviour
from bot.model.events import (
    CardPressed,
    ContactAdded,
    ContactEdited,
    ContactHalfAdded,
    ContactLost,
    ContactRemoved,
    Event,
    GroupChanged,
    LeadQualified,
    MemberJoined,
    MemberLeft,
    MessageReceived,
    MetricCrossed,
    OfficialEvent,
    OfficialKind,
    SegmentEntered,
    SegmentExited,
    Tracked,
)
from bot.model.ids import ChatId, ContactId, ExternalUserId, OpenId, UserId
from bot.sop.conditions import Condition, leaves
from bot.sop.invented import People
from bot.sop.schema import Block, Wait, WaitFor
from bot.storage.queries import followers
from bot.storage.work import Work

ACTS = {
    ContactAdded.kind: "contact_added",
    ContactLost.kind: "contact_lost",
    ContactRemoved.kind: "contact_removed",
    MemberJoined.kind: "group_joined",
    MemberLeft.kind: "group_left",
}
"""The behaviour that an event is written down as, where that has another name than the event."""


@dataclass(frozen=True)
class Happening:
    """An event of an invented contact, and whom it is about."""

    at: datetime
    event: Event
    contact_id: ContactId | None = None
    chat_id: ChatId | None = None
    user_id: UserId | None = None


def write_down(work: Work, one: Happening) -> None:
    """What others of the house know of an event before the SOPs hear of it."""
    name = one.event.name if isinstance(one.event, Tracked) else ACTS.get(one.event.kind)
    if one.contact_id is None:
        return
    if name is not None:
        behaviour.record(work, one.contact_id, name, at=one.at, key=f"{name}:{one.contact_id}:{one.at.isoformat()}")
    if isinstance(one.event, OfficialEvent):
        for follower in followers.standing(work.session, one.contact_id):
            follower.changed_at = one.at


def happenings(people: People, days: int) -> Iterator[Happening]:
    """Each person comes once, at some waking hour, and does half of what the SOP listens for, while it listens."""
    sop = people.sop
    waits = [(begins, wait, _is_of_staff(wait.where)) for begins, wait in _waits(sop.steps, timedelta())]
    if sop.goal:
        waits.append((timedelta(), WaitFor(event=sop.goal.event, within=sop.goal.within), False))
    for number in people.numbers:
        life = _Life(people, number, people.dice("life", number))
        came = life.waking(days)
        if not sop.trigger.is_schedule:
            yield life.happening(sop.trigger.name, came)
        for begins, wait, is_of_staff in waits:
            if life.dice.random() < 0.5:
                moment = came + begins + wait.within * life.dice.random()
                yield life.answer(moment) if is_of_staff else life.happening(wait.event, moment)


def _waits(block: Block, begins: timedelta) -> Iterator[tuple[timedelta, WaitFor]]:
    """What is listened for, and about how long after the beginning."""
    for step in block:
        for below in step.blocks.values():
            yield from _waits(below, begins)
        match step:
            case WaitFor():
                yield begins, step
                begins += step.within
            case Wait(duration=duration):
                begins += duration


def _is_of_staff(where: Condition) -> bool:
    """Whether it is a staff member's words that are waited for."""
    wanted = {test.operand for leaf in leaves(where) if leaf.filter.name == "message.from_staff" for test in leaf.tests}
    return wanted == {True}


@dataclass(frozen=True)
class _Life:
    """One person, and the dice that decide what they do."""

    people: People
    number: int
    dice: random.Random

    @property
    def contact_id(self) -> ContactId:
        return ContactId(self.number)

    @property
    def external_user_id(self) -> ExternalUserId:
        return ExternalUserId(f"wm{self.number}")

    @property
    def user_id(self) -> UserId:
        return self.people.user_of(self.number)

    @property
    def chat_id(self) -> ChatId:
        return self.people.chat_of(self.number)

    def waking(self, days: int) -> datetime:
        """Some moment of the days, most of them by day."""
        start, zone = self.people.start, self.people.zone
        day, hour = self.dice.randrange(days), min(23.99, max(0.0, self.dice.gauss(14, 4)))
        midnight = datetime.combine(start.astimezone(zone).date(), time(), zone)
        return max(start, (midnight + timedelta(days=day, hours=hour)).astimezone(UTC))

    def word(self, name: str) -> Any:
        """A value that the SOP compares this fact with, or None as often as each of them."""
        known = [value for value in self.people.asked.get(name, ()) if isinstance(value, str)]
        return self.dice.choice([*known, None]) if known else None

    def answer(self, at: datetime) -> Happening:
        """The staff member writes back."""
        message_id = f"answer{self.number}:{at.timestamp()}"
        words = MessageReceived(at=at, channel="archive", message_id=message_id, text="好的", user_id=self.user_id)
        return Happening(at, words, user_id=self.user_id)

    def happening(self, name: str, at: datetime) -> Happening:
        make = _EVENTS.get(name, _tracked)
        about = Happening(at, make(self, at, name), self.contact_id)
        match about.event:
            case MemberJoined() | MemberLeft():
                return replace(about, chat_id=self.chat_id)
            case GroupChanged():
                return Happening(at, about.event, chat_id=self.chat_id)
            case CardPressed():
                return Happening(at, about.event, user_id=self.user_id)
            case MessageReceived(chat_id=str() as chat_id):
                return replace(about, chat_id=chat_id)
            case OfficialEvent():
                return about
            case SegmentEntered(chat_id=str() as chat_id) | SegmentExited(chat_id=str() as chat_id):
                return Happening(at, about.event, chat_id=chat_id)
            case _:
                return replace(about, user_id=self.user_id)


# ── events by name ─────────────────────────────────────────────────────────────────────────────────────────────────


def _greetable(life: _Life, at: datetime, name: str) -> Event:
    make = ContactAdded if name == ContactAdded.kind else ContactHalfAdded
    return make(
        at=at,
        user_id=life.user_id,
        external_user_id=life.external_user_id,
        state=life.word("event.state") or "",
        welcome_code=f"c{life.number}",
    )


def _relation(life: _Life, at: datetime, name: str) -> Event:
    make: type[ContactLost | ContactRemoved | ContactEdited]
    [make] = [kind for kind in (ContactLost, ContactRemoved, ContactEdited) if kind.kind == name]
    return make(at=at, user_id=life.user_id, external_user_id=life.external_user_id)


def _member(life: _Life, at: datetime, name: str) -> Event:
    make = MemberJoined if name == MemberJoined.kind else MemberLeft
    return make(at=at, chat_id=life.chat_id, contact_id=life.contact_id)


def _group(life: _Life, at: datetime, _name: str) -> Event:
    return GroupChanged(at=at, chat_id=life.chat_id, change=life.word("event.change") or "name")


def _message(life: _Life, at: datetime, _name: str) -> Event:
    is_in_group = life.people.sop.subject == "group" or life.dice.random() < 0.5
    return MessageReceived(
        at=at,
        channel=life.word("message.channel") or "archive",
        message_id=f"m{life.number}:{at.timestamp()}",
        text=life.word("message.text") or life.word("event.text") or "你好",
        external_user_id=life.external_user_id,
        chat_id=life.chat_id if is_in_group else None,
    )


def _pressed(life: _Life, at: datetime, _name: str) -> Event:
    return CardPressed(at=at, user_id=life.user_id, task_id="invented", button=life.word("event.button") or "done")


def _official(life: _Life, at: datetime, _name: str) -> Event:
    name: OfficialKind = life.word("event.name") or "subscribe"
    open_id, key = OpenId(f"o{life.number}"), life.word("event.key") or ""
    return OfficialEvent(at=at, open_id=open_id, name=name, event_key=key)


def _qualified(life: _Life, at: datetime, _name: str) -> Event:
    return LeadQualified(at=at, contact_id=life.contact_id, lead="opportunity", reason="60", user_id=life.user_id)


def _tracked(life: _Life, at: datetime, name: str) -> Event:
    asked = life.people.properties
    given = {leaf.params["name"]: life.dice.choice([leaf.tests[0].operand, "other"]) for leaf in asked}
    return Tracked(
        at=at,
        name=name,
        event_id=f"{name}:{life.number}:{at.timestamp()}",
        external_user_id=life.external_user_id,
        properties={"amount": life.dice.choice((59, 199, 399)), **given},
    )


def _segment(life: _Life, at: datetime, name: str) -> Event:
    make = SegmentEntered if name == SegmentEntered.kind else SegmentExited
    segment = life.people.sop.trigger.segment
    match life.people.sop.subject:
        case "contact":
            return make(at=at, segment=segment, contact_id=life.contact_id)
        case "group":
            return make(at=at, segment=segment, chat_id=life.chat_id)
        case "staff":
            return make(at=at, segment=segment, user_id=life.user_id)


def _metric(life: _Life, at: datetime, name: str) -> Event:
    metric, subject = life.people.sop.trigger.metric, life.people.sop.subject
    return MetricCrossed(
        at=at,
        name=metric.name if metric else "",
        line=metric.line if metric else "",
        value=0,
        contact_id=life.contact_id if subject == "contact" else None,
        chat_id=life.chat_id if subject == "group" else None,
        user_id=life.user_id if subject == "staff" else None,
    )


_EVENTS: Mapping[str, Callable[[_Life, datetime, str], Event]] = {
    ContactAdded.kind: _greetable,
    ContactHalfAdded.kind: _greetable,
    ContactLost.kind: _relation,
    ContactRemoved.kind: _relation,
    ContactEdited.kind: _relation,
    MemberJoined.kind: _member,
    MemberLeft.kind: _member,
    GroupChanged.kind: _group,
    MessageReceived.kind: _message,
    CardPressed.kind: _pressed,
    OfficialEvent.kind: _official,
    LeadQualified.kind: _qualified,
    SegmentEntered.kind: _segment,
    SegmentExited.kind: _segment,
    MetricCrossed.kind: _metric,
}
"""How to make an event of each name; every other name is tracked behaviour."""
