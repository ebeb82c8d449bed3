"""Contacts: searching them, and one of them with all that is known and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlmodel import Session

from bot.community import contacts
from bot.i18n import Sentence
from bot.model.ids import ContactId, contact_key
from bot.model.tables import (
    ContactTag,
    CustomerGroup,
    ExternalContact,
    Follower,
    FollowUser,
    InboxRow,
    Lead,
    Run,
    ScoreEntry,
    Suppression,
)
from bot.storage.queries import console as rows
from bot.storage.queries import contacts as relations
from bot.storage.queries import followers, groups
from bot.web.console import masking, names
from bot.web.console.names import Names
from bot.web.console.overview import snippet
from bot.web.console.page import Desk, Page, asked, before

A_PAGE = 50
LATEST = 30


@dataclass(frozen=True)
class _One:
    contact: ExternalContact
    follows: Sequence[FollowUser]
    accounts: Sequence[Follower]
    groups: Sequence[CustomerGroup]
    tags: Sequence[ContactTag]
    points: Sequence[ScoreEntry]
    leads: Sequence[Lead]
    runs: Sequence[Run]
    suppressions: Sequence[Suppression]
    events: Sequence[InboxRow]
    names: Names


async def show_all(desk: Desk, request: web.Request) -> Page:
    words, before_id = asked(request, "who"), before(request)
    found = await desk.store.read(lambda session: rows.contacts_named(session, words, A_PAGE + 1, before_id))
    listed = found[:A_PAGE]
    older = listed[-1].id if len(found) > A_PAGE else None
    values = {"who": words, "people": [(names.contact(one), one) for one in listed], "older": older}
    return Page("contacts.html", values)


async def show_one(desk: Desk, request: web.Request) -> Page:
    contact_id = ContactId(int(request.match_info["contact_id"]))
    one = await desk.store.read(lambda session: _find(session, contact_id))
    values = {"one": one, "profile": profile(one.contact), "now": desk.store.clock.now(), "snippet": snippet}
    return Page("contact.html", {**values, "named": names.contact(one.contact)})


def _find(session: Session, contact_id: ContactId) -> _One:
    contact = contacts.get(session, contact_id)
    own, subject = contacts.id_of(contact), contact_key(contacts.id_of(contact))
    follows = relations.follows(session, own)
    runs = rows.latest_runs(session, subject=subject, limit=LATEST)
    return _One(
        contact=contact,
        follows=follows,
        accounts=followers.standing(session, own),
        groups=groups.groups_of(session, own),
        tags=rows.tags_of(session, own),
        points=rows.points_of(session, own, LATEST),
        leads=rows.leads_of(session, own, LATEST),
        runs=runs,
        suppressions=rows.suppressions_of_subject(session, subject, LATEST),
        events=rows.stream(session, LATEST, subjects=rows.subjects_of(session, [contact])),
        names=names.load(session, [{"user_id": follow.user_id} for follow in follows]),
    )


def profile(contact: ExternalContact) -> dict[str, Any]:
    """What may be shown of a profile, by msgid; what nobody told is left out."""
    shown: dict[Sentence, Any] = {
        "External id": contact.external_user_id,
        "Company": contact.company,
        "Position": contact.position,
        "Province": contact.province,
        "City": contact.city,
        "Mailbox": masking.mail(contact.email) if contact.email else None,
        "Phone": masking.HIDDEN * 8 if contact.phone_sealed else None,
        "Stage": contact.lifecycle_stage,
        "Lead score": contact.lead_score,
        "Activity score": contact.activity_score,
        "Points": contact.points,
        "Marketing consent": contact.marketing_consent,
    }
    return {name: value for name, value in (shown | contact.fields).items() if value not in (None, "")}
