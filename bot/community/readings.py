"""Readings of the whole corp: what we know is held against what WeCom shows, and what nobody told us of is told now.

A platform may drop callbacks. What a reading finds becomes the very event that was lost, marked as found. What happened
moments ago is left alone: its callback is on its way, or the next reading finds it. Nothing before the reading before
is an event: it is simply what there is.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community import contacts
from bot.i18n import _
from bot.model.events import ContactAdded, ContactRemoved, Event, GroupChanged
from bot.model.ids import ChatId, ExternalUserId, UserId
from bot.model.tables import CorpReading, ExternalContact, FollowUser
from bot.storage.queries import contacts as relations
from bot.storage.queries import readings as rows
from bot.storage.work import Work

SETTLED = timedelta(minutes=2)
"""How old something must be before a reading judges it."""


def begin(work: Work, started_at: datetime) -> CorpReading:
    """The reading of this moment, begun now unless it has been."""
    name = started_at.isoformat()
    rows.begin(work.session, name, started_at, rows.last_finished_start(work.session))
    reading = rows.by_name(work.session, name)
    assert reading is not None
    return reading


def named(work: Work, name: str) -> CorpReading | None:
    return rows.by_name(work.session, name)


def find(session: Session, name: str) -> CorpReading | None:
    return rows.by_name(session, name)


def newest(session: Session) -> CorpReading | None:
    return rows.newest(session)


def progress(reading: CorpReading, zone: ZoneInfo) -> str:
    """How far a reading is, in a line."""
    if reading.finished_at is None:
        return _("Reading the corp: {answered} of {asked} questions are answered.").format(
            answered=reading.answered + reading.failed, asked=reading.asked
        )
    at = reading.finished_at.astimezone(zone).strftime("%m-%d %H:%M")
    told = _("The corp was read at {time}. Events found that no callback told of: {found}.").format(
        time=at, found=reading.found
    )
    if not reading.failed:
        return told
    return told + _(" {failed} questions were not answered.").format(failed=reading.failed)


def answered(work: Work, reading: CorpReading, *, well: bool) -> bool:
    """Count an answer; True when it was the last one, and everything was answered well."""
    rows.count(work.session, reading.name, "answered" if well else "failed")
    is_over = rows.finish(work.session, reading.name, work.now)
    now = rows.by_name(work.session, reading.name)
    return is_over and now is not None and not now.failed


def asked(work: Work, name: str) -> None:
    rows.count(work.session, name, "asked")


def take_contact(work: Work, reading: CorpReading, told: dict[str, Any]) -> ExternalContact | None:
    """Take over one contact of one staff member, and tell of the adding if it is news.

    Source: developer.work.weixin.qq.com/document/path/92994
    """
    noted = told.get("follow_info") or {}
    contact = contacts.describe(work, told.get("external_contact") or {})
    if contact is None or not noted.get("userid"):
        return None
    known = relations.follow(work.session, contacts.id_of(contact), UserId(str(noted["userid"])))
    missed = _missed_adding(reading, known, contact, noted)
    if missed is not None:
        _tell(work, reading, missed, f"added:{missed.user_id}:{missed.external_user_id}:{int(missed.at.timestamp())}")
    elif known is not None or _moment(noted) <= _settled_before(reading):
        contacts.note_relation(work, contact, noted, reading.started_at)
    return contact


def _missed_adding(
    reading: CorpReading, known: FollowUser | None, contact: ExternalContact, noted: dict[str, Any]
) -> ContactAdded | None:
    """The adding that nobody told of; None when there is none, or it was before our time, or it was just now."""
    at, settled_before = _moment(noted), _settled_before(reading)
    if known is not None and known.status in ("half", "removed"):
        at = max(at, known.changed_at)
    elif known is not None and (known.status == "active" or at < known.changed_at):
        return None
    if reading.since is None or at >= settled_before or (known is None and at < reading.since - SETTLED):
        return None
    return ContactAdded(
        at=at,
        user_id=UserId(str(noted["userid"])),
        external_user_id=ExternalUserId(str(contact.external_user_id)),
        state=str(noted.get("state") or ""),
        found=True,
    )


def _settled_before(reading: CorpReading) -> datetime:
    """What is later than this is left alone; for the first reading whatever is there has been there."""
    return reading.started_at - SETTLED if reading.since else reading.started_at


def miss_contacts(work: Work, reading: CorpReading, user_ids: Sequence[str]) -> None:
    """All contacts of these staff have been shown: whoever was not among them has been removed."""
    settled_before = reading.started_at - SETTLED
    for known, external_user_id in rows.unseen_relations(work.session, user_ids, reading.started_at, settled_before):
        event = ContactRemoved(
            at=reading.started_at,
            user_id=UserId(known.user_id),
            external_user_id=ExternalUserId(external_user_id),
            found=True,
        )
        _tell(work, reading, event, f"removed:{known.user_id}:{external_user_id}:{int(event.at.timestamp())}")


def miss_groups(work: Work, reading: CorpReading) -> None:
    """All groups have been listed: one that was not among them has been dismissed."""
    for group in rows.unlisted_groups(work.session, reading.started_at, reading.started_at - SETTLED):
        chat_id = ChatId(group.chat_id)
        event = GroupChanged(at=reading.started_at, chat_id=chat_id, change="dismiss", found=True)
        _tell(work, reading, event, f"dismissed:{chat_id}:{int(event.at.timestamp())}")


def tell_of_groups(work: Work, reading: CorpReading, found: Sequence[Event]) -> None:
    """Tell of what reading a group's details brought to light."""
    for event in found:
        assert isinstance(event, GroupChanged)
        _tell(work, reading, event, f"{event.change}:{event.chat_id}:{int(event.at.timestamp())}")


def _tell(work: Work, reading: CorpReading, event: Event, key: str) -> None:
    work.record(event, f"found:{key}")
    rows.count(work.session, reading.name, "found")


def _moment(noted: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(int(noted.get("createtime") or 0), UTC)
