"""One person, two rows: joining what a unionid shows to be the same, and taking them apart again.

The row that WeCom knows stays the person's; else the older one. What the other row has done, said and earned moves
over, its tags are put on the person, and the audit trail keeps what moved, so that `split` can give it back.
"""

from datetime import datetime
from typing import Any

from bot import log
from bot.community import contacts, policy, tagging
from bot.community.tagging import Grant
from bot.i18n import _
from bot.model.events import LeadQualified
from bot.model.ids import ContactId, UnionId, contact_key
from bot.model.tables import ExternalContact
from bot.storage.queries import audit
from bot.storage.queries import contacts as people
from bot.storage.queries import followers as rows
from bot.storage.work import Work

logger = log.get(__name__)
APART = "kept_apart"
"""The field that keeps two rows from being joined again after somebody has split them."""
FILLED = (
    "name",
    "gender",
    "company",
    "position",
    "birthday",
    "email",
    "province",
    "city",
    "phone_sealed",
    "phone_hash",
)
ALERTED = ("event_staff", "event_staff_managers")


def join(work: Work, contact: ExternalContact) -> ExternalContact:
    """Make one person of all rows under the contact's unionid; returns the row that stays."""
    if not contact.union_id or contact.merged_into is not None:
        return contacts.get(work.session, contacts.id_of(contact))
    alike = people.by_union(work.session, UnionId(contact.union_id))
    person = next((one for one in alike if one.external_user_id), alike[0])
    for other in alike:
        if other is not person and other.external_user_id is None and APART not in other.fields:
            _join(work, other, person)
    return contacts.get(work.session, contacts.id_of(contact))


def _join(work: Work, other: ExternalContact, person: ExternalContact) -> None:
    other_id, person_id = contacts.id_of(other), contacts.id_of(person)
    record = {
        "into": person_id,
        "first_seen_at": person.first_seen_at.isoformat(),
        "filled": _fill(person, other),
        "fields": _fill_fields(person, other),
        "tags": _hand_over_tags(work, other_id, person_id),
        "counts": {name: getattr(other, name) for name in rows.COUNTED},
        "moved": rows.move(work.session, other_id, person_id),
    }
    person.first_seen_at = min(person.first_seen_at, other.first_seen_at)
    other.merged_into = person_id
    _add_counts(work, other, person_id)
    _write(work, "contact.joined", other_id, record)
    logger.info("two rows of one person joined", contact=person_id, joined=other_id)


def split(work: Work, contact_id: ContactId) -> bool:
    """Make a row that was joined to another a person of its own again; False when it stands alone.

    What has happened since the two were joined stays with the one it happened to.
    """
    joined = rows.last_join(work.session, contact_id)
    other = people.by_id(work.session, contact_id)
    if joined is None or other is None or other.merged_into is None:
        return False
    record = joined.detail
    person_id = ContactId(int(record["into"]))
    rows.move_back(work.session, record["moved"], contact_id)
    tagging.remove_tags(work, person_id, record["tags"], rule=f"split:{contact_id}")
    person = rows.add_counts(work.session, person_id, {name: -value for name, value in record["counts"].items()})
    person.first_seen_at = datetime.fromisoformat(record["first_seen_at"])
    for name in record["filled"]:
        setattr(person, name, None)
    person.fields = {name: value for name, value in person.fields.items() if name not in record["fields"]}
    other.merged_into, other.fields = None, {**other.fields, APART: person_id}
    _write(work, "contact.split", contact_id, {"from": person_id})
    return True


def _fill(person: ExternalContact, other: ExternalContact) -> list[str]:
    """What only the other row knows of the person."""
    filled = [name for name in FILLED if getattr(person, name) is None and getattr(other, name) is not None]
    for name in filled:
        setattr(person, name, getattr(other, name))
    return filled


def _fill_fields(person: ExternalContact, other: ExternalContact) -> list[str]:
    filled = [name for name in other.fields if name not in person.fields]
    person.fields = {**other.fields, **person.fields}
    return filled


def _hand_over_tags(work: Work, source: ContactId, target: ContactId) -> list[str]:
    """Put the tags of one row on another, at WeCom too; returns those that are new there."""
    there = {tag.name for tag in rows.carried_tags(work.session, target, work.now)}
    tags = [tag for tag in rows.carried_tags(work.session, source, work.now) if tag.name not in there]
    grants = [
        Grant(
            tag.name,
            tag.source,
            tag.rule,
            evidence=tag.evidence,
            expires_at=tag.expires_at,
            confidence=tag.confidence,
        )
        for tag in tags
    ]
    tagging.grant_tags(work, target, grants)
    return [tag.name for tag in tags]


def _add_counts(work: Work, other: ExternalContact, person_id: ContactId) -> None:
    """Add up the scores; what neither row had earned alone may make a lead of the two."""
    line, earned = policy.of(work.session).lead_line, other.lead_score
    person = rows.add_counts(work.session, person_id, {name: getattr(other, name) for name in rows.COUNTED})
    if max(earned, person.lead_score - earned) >= line or person.lead_score < line:
        return
    reason = _("What this person did under two accounts adds up to a lead score of {score}")
    event = LeadQualified(
        at=work.now,
        contact_id=person_id,
        lead="opportunity",
        reason=reason.format(score=person.lead_score),
        to=ALERTED,
    )
    work.record(event, f"qualified:joined:{other.id}:{person_id}")


def _write(work: Work, action: str, contact_id: ContactId, detail: dict[str, Any]) -> None:
    target = contact_key(contact_id)
    audit.write(
        work.session, at=work.now, actor="xiaoer", action=action, target=target, detail=detail, trace_id=work.trace_id
    )
