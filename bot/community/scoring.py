"""The lead score: points for words and deeds, each once, and what happens when they cross the line."""

from collections.abc import Sequence
from datetime import datetime

from bot.community import contacts
from bot.i18n import _
from bot.model.events import LeadQualified
from bot.model.ids import ChatId, ContactId, UserId
from bot.model.tables import ScoreEntry
from bot.storage.queries import leads as rows
from bot.storage.work import Work

SHOWN = 3
"""How many of the newest reasons a lead is told with."""


def add_score(
    work: Work,
    contact_id: ContactId,
    points: int,
    *,
    rule: str,
    evidence: str,
    key: str,
    line: int,
    lead: str = "opportunity",
    to: Sequence[str] = (),
    user_id: UserId | None = None,
    chat_id: ChatId | None = None,
) -> None:
    """Add points, once for each `key`; when they carry the score over `line`, a lead has qualified.

    `lead` is its kind, `to` whom to tell, `user_id` and `chat_id` where it happened.
    """
    contact_id = contacts.id_of(contacts.get(work.session, contact_id))
    score = rows.add_points(work.session, _entry(contact_id, points, rule, evidence, key, work.now))
    if score is None or not score - points < line <= score:
        return
    reason = _("The lead score has reached {score}: {words}").format(score=score, words=_words(work, contact_id))
    work.record(
        LeadQualified(
            at=work.now,
            contact_id=contact_id,
            lead=lead,
            reason=reason,
            user_id=user_id,
            to=tuple(to),
            chat_id=chat_id,
        ),
        f"qualified:{key}",
    )


def settle(work: Work, contact_id: ContactId, *, rule: str, key: str) -> None:
    """Begin anew at nothing: the lead that the score led to has been dealt with."""
    score = contacts.get(work.session, contact_id).lead_score
    if score:
        rows.add_points(work.session, _entry(contact_id, -score, rule, "", key, work.now))


def _entry(contact_id: ContactId, points: int, rule: str, evidence: str, key: str, at: datetime) -> ScoreEntry:
    return ScoreEntry(contact_id=contact_id, points=points, rule=rule, evidence=evidence, at=at, dedupe_key=key)


def _words(work: Work, contact_id: ContactId) -> str:
    entries = rows.latest_entries(work.session, contact_id, SHOWN)
    return _(", ").join(dict.fromkeys(entry.evidence or entry.rule for entry in reversed(entries)))
