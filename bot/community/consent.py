"""Whether a contact may be written to unasked: consent, quiet hours, caps, and the same words only once.

The corp's rules are in the settings (`XIAOER_REACH__…`); an SOP may add stricter ones of its own. An answer to what the
contact has just done disturbs nobody: only a refused consent stands before it. The first rule that forbids is told.
The last rule is the platform's own: no message passes the cap on mass sends.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from sqlmodel import Session

from bot.community import contacts, mass_cap, policy
from bot.model.events import ContactAdded, ContactHalfAdded, Event, MessageReceived, OfficialEvent
from bot.model.ids import ContactId, contact_key
from bot.model.tables import ExternalContact
from bot.settings import ReachSettings
from bot.storage.queries import touches
from bot.storage.work import Work

OWN_ACTS = (ContactAdded, ContactHalfAdded, MessageReceived, OfficialEvent)
MASS = "mass"
STILL_THERE = timedelta(minutes=15)
"""How long after their own act a contact is taken to be waiting for an answer."""


@dataclass(frozen=True)
class Limit:
    """At most `count` messages within a time, by `channel` or by all; of one SOP when `sop` names it."""

    count: int
    per: timedelta
    channel: str = ""
    sop: str = ""


@dataclass(frozen=True, kw_only=True)
class Message:
    """What somebody is about to send: `content` is the same for the same words, `key` names this very message."""

    contact_id: ContactId
    channel: str
    content: str
    sop: str
    key: str
    is_service: bool = False
    is_answer: bool = False
    limits: Sequence[Limit] = ()
    same_content: timedelta | None = None


@dataclass(frozen=True)
class Refused:
    """The rule that forbids a message."""

    rule: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def is_answer(event: Event, now: datetime) -> bool:
    """Whether whatever follows this event answers what the contact has just done."""
    return isinstance(event, OWN_ACTS) and now - event.at < STILL_THERE


def refusal(work: Work, message: Message) -> Refused | None:
    """Why a message must not be sent; None when it may, and then it counts against the platform's cap."""
    return next(_refusals(work, message, policy.of(work.session).reach), None)


def remember(work: Work, message: Message) -> None:
    """A message is on its way; one that fails has to be forgotten."""
    touches.add(
        work.session,
        message.contact_id,
        channel=message.channel,
        content=message.content,
        sop=message.sop,
        at=work.now,
        key=message.key,
    )


def take_back(work: Work, message: Message) -> None:
    """A message that might have been sent is not sent after all."""
    if message.channel == MASS:
        mass_cap.give_back(work, contact_key(message.contact_id), work.now)


def forget(work: Work, key: str) -> None:
    """A message that was on its way has not arrived, and counts for nothing."""
    touch = touches.forget(work.session, key)
    if touch is not None and touch.channel == MASS:
        mass_cap.give_back(work, contact_key(ContactId(touch.contact_id)), touch.at)


def _refusals(work: Work, message: Message, rules: ReachSettings) -> Iterator[Refused]:
    contact = contacts.get(work.session, message.contact_id)
    if not message.is_service and not _agrees(contact, rules):
        yield Refused("consent", {"marketing_consent": contact.marketing_consent})
    if not message.is_service and not message.is_answer:
        yield from _at_night(work, rules)
        yield from _too_often(work.session, work.now, message, rules)
    if not message.is_answer:
        yield from _again(work.session, work.now, message, rules)
    if message.channel == MASS and not mass_cap.take(work, contact_key(message.contact_id)):
        yield Refused(mass_cap.RULE, {"cap": rules.mass_cap})


def _agrees(contact: ExternalContact, rules: ReachSettings) -> bool:
    """Whoever said no is left alone; whoever was never asked is, where the rules want a yes."""
    return contact.marketing_consent is True or (contact.marketing_consent is None and not rules.needs_consent)


def _at_night(work: Work, rules: ReachSettings) -> Iterator[Refused]:
    clock = work.now.astimezone(policy.of(work.session).zone).time()
    start, end = (time.fromisoformat(part) for part in (rules.quiet_from, rules.quiet_until))
    if start <= clock < end if start <= end else clock >= start or clock < end:
        yield Refused("quiet hours", {"from": rules.quiet_from, "until": rules.quiet_until})


def _too_often(session: Session, now: datetime, message: Message, rules: ReachSettings) -> Iterator[Refused]:
    general = [
        Limit(cap.count, timedelta(hours=cap.per_hours), "" if channel == "all" else channel)
        for channel, cap in rules.caps.items()
    ]
    for limit in (*general, *message.limits):
        if limit.channel in ("", message.channel):
            sent = touches.count(session, message.contact_id, now - limit.per, limit.channel, limit.sop)
            if sent >= limit.count:
                detail = {"count": limit.count, "hours": limit.per / timedelta(hours=1), "sent": sent}
                yield Refused("frequency cap", {**detail, "channel": limit.channel or "all"})


def _again(session: Session, now: datetime, message: Message, rules: ReachSettings) -> Iterator[Refused]:
    rest = message.same_content or timedelta(hours=rules.same_content_hours)
    known = touches.last_with(session, message.contact_id, message.content, now - rest)
    if known is not None and known.dedupe_key != message.key:
        yield Refused("same content", {"sent_at": known.at.isoformat(), "sop": known.sop})
