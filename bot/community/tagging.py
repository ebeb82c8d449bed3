"""Tags on contacts: in our ledger with their reason, and at WeCom on each staff–contact pair.

WeCom keeps tags per pair, we keep them per contact. A new tag is put on the pair with the staff member whom the caller
names, else on the pairs with everybody who follows the contact. A name that is no corp tag stays in our ledger.
"""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from typing import Literal

from bot.community import contacts
from bot.model.calls import Call
from bot.model.ids import ContactId, UserId
from bot.model.tables import ContactTag
from bot.storage.queries import contacts as relations
from bot.storage.queries import tags as rows
from bot.storage.work import Work

MARK = "externalcontact/mark_tag"
FOLLOWING = ("active", "lost")
"""Relations whose pairs WeCom still lets us tag: to a staff member whom the contact deleted it answers as before.

Source: developer.work.weixin.qq.com/document/path/90313 (84061)
"""


@dataclass(frozen=True)
class Grant:
    """A tag and why: `source` is who gave it (rule, sop, live_code, staff …), by which `rule`, on what `evidence`.

    `confidence` is 1 for what is known, and less for what is guessed.
    """

    name: str
    source: str
    rule: str
    _: KW_ONLY
    evidence: str = ""
    expires_at: datetime | None = None
    confidence: float = 1.0


def add_tags(
    work: Work,
    contact_id: ContactId,
    names: Sequence[str],
    *,
    source: str,
    rule: str,
    evidence: str = "",
    user_id: UserId | None = None,
    expires_at: datetime | None = None,
    confidence: float = 1.0,
) -> None:
    """Put tags on a contact for one reason."""
    grants = [
        Grant(name, source, rule, evidence=evidence, expires_at=expires_at, confidence=confidence)
        for name in dict.fromkeys(names)
    ]
    grant_tags(work, contact_id, grants, user_id=user_id)


def grant_tags(work: Work, contact_id: ContactId, grants: Sequence[Grant], *, user_id: UserId | None = None) -> None:
    """Put tags on a contact, each for its own reason, with one call a pair; what they carry stays as it is."""
    wanted = {grant.name: grant for grant in reversed(grants)}
    written = rows.ledger(work.session, contact_id, list(wanted))
    fresh = [name for name, grant in wanted.items() if _write(work, contact_id, grant, written.get(name))]
    _mark(work, contact_id, sorted(fresh), "add_tag", user_id)


def _write(work: Work, contact_id: ContactId, grant: Grant, written: ContactTag | None) -> bool:
    """Write one tag into the ledger; False when the contact carries it, which may prolong it or make it surer."""
    if written is None:
        row = {"contact_id": contact_id, "added_at": work.now, **vars(grant)}
        return rows.add(work.session, row)
    is_over = written.expires_at is not None and written.expires_at <= work.now
    if written.removed_at is None and not is_over:
        if written.expires_at is not None:
            written.expires_at = max(written.expires_at, grant.expires_at) if grant.expires_at else None
        written.confidence = max(written.confidence, grant.confidence)
        return False
    written.source, written.rule, written.evidence = grant.source, grant.rule, grant.evidence
    written.added_at, written.expires_at, written.removed_at = work.now, grant.expires_at, None
    written.confidence = grant.confidence
    return True


def remove_tags(
    work: Work, contact_id: ContactId, names: Sequence[str], *, rule: str, user_id: UserId | None = None
) -> None:
    """Take tags off a contact; those they do not carry are left alone."""
    ended = []
    for name, tag in rows.ledger(work.session, contact_id, list(names)).items():
        if tag.removed_at is None:
            tag.removed_at, tag.rule = work.now, rule
            ended.append(name)
    _mark(work, contact_id, sorted(ended), "remove_tag", user_id)


def mark_carried(work: Work, contact_id: ContactId, user_id: UserId) -> None:
    """Mark for one staff member what a contact carries already: WeCom keeps tags by pair, and this pair is new."""
    _mark(work, contact_id, sorted(rows.carried(work.session, contact_id, work.now)), "add_tag", user_id)


def _mark(
    work: Work, contact_id: ContactId, names: list[str], act: Literal["add_tag", "remove_tag"], user_id: UserId | None
) -> None:
    """Plan one call a pair.

    Source: developer.work.weixin.qq.com/document/path/92118
    """
    ids = rows.corp_tags(work.session, names)
    external_user_id = contacts.get(work.session, contact_id).external_user_id
    if not ids or external_user_id is None:
        return
    note = {"tags": {"contact": contact_id, "names": sorted(ids), "act": act}}
    for user in _pairs(work, contact_id, user_id):
        body = {"userid": user, "external_userid": external_user_id, act: [ids[name] for name in sorted(ids)]}
        work.plan(Call(MARK, body, subject=f"pair:{user}:{external_user_id}", note=note))


def _pairs(work: Work, contact_id: ContactId, user_id: UserId | None) -> list[UserId]:
    """Who is to mark: not those whose contact is half added, which WeCom refuses; they mark once it is confirmed."""
    if user_id is None:
        return [UserId(follow.user_id) for follow in relations.follows(work.session, contact_id, FOLLOWING)]
    follow = relations.follow(work.session, contact_id, user_id)
    return [] if follow is not None and follow.status == "half" else [user_id]


def not_marked(work: Work, contact_id: ContactId, names: Sequence[str], user_id: UserId, reason: str) -> None:
    """Note in the ledger that WeCom did not take tags for a pair; they stand in our ledger all the same."""
    for tag in rows.ledger(work.session, contact_id, names).values():
        tag.evidence = f"{tag.evidence} [{user_id}: {reason}]".strip()
