"""What the console's pages ask for. Every list has an end, and looks back no further than it must."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session, col, func, or_, select

from bot.model.ids import ContactId, contact_key
from bot.model.tables import (
    AuditRow,
    ContactTag,
    CustomerGroup,
    ExternalContact,
    Follower,
    HygieneCase,
    InboxRow,
    Lead,
    OutboxRow,
    Run,
    ScoreEntry,
    StaffTask,
    StepRun,
    Suppression,
    TimerRow,
)

OUTSIDE = ("wecom", "official", "archive", "track", "timer")
"""Sources of what did not come out of an event before it."""
OURS = "call.finished"
"""Told by the outbox under the platform's name."""
LOOK_BACK = 200_000
"""How many rows a search without an index of its own goes through."""
MOST = 200
MOST_MOMENTS = 1_000

BAD_CALLS = ("failed", "unknown", "expired")

Row = TypeVar("Row", Lead, StaffTask)


# ── the stream ─────────────────────────────────────────────────────────────────────────────────────────────────────


def stream(
    session: Session,
    limit: int,
    *,
    before_id: int | None = None,
    kind: str = "",
    state: str = "",
    subjects: Collection[str] | None = None,
) -> Sequence[InboxRow]:
    """What came in from outside, the newest first; with `subjects`, what concerns one of them."""
    rows = select(InboxRow).where(col(InboxRow.source).in_(OUTSIDE), InboxRow.kind != OURS)
    if before_id is not None:
        rows = rows.where(col(InboxRow.id) < before_id)
    if kind:
        rows = rows.where(InboxRow.kind == kind)
    if state:
        rows = rows.where(InboxRow.state == state)
    if subjects is not None:
        rows = rows.where(col(InboxRow.subject).in_(subjects))
    if state or subjects is not None:
        rows = rows.where(col(InboxRow.id) > (before_id or newest(session, InboxRow)) - LOOK_BACK)
    return session.exec(rows.order_by(col(InboxRow.id).desc()).limit(limit)).all()


def newest(session: Session, table: type[InboxRow] | type[OutboxRow]) -> int:
    """The highest id of a ledger."""
    return session.exec(select(func.max(table.id))).one() or 0


def calls_by_state(session: Session, trace_ids: Collection[str]) -> Mapping[str, Mapping[str, int]]:
    """How many calls each trace led to, by state."""
    counts = (
        select(OutboxRow.trace_id, OutboxRow.state, func.count())
        .where(col(OutboxRow.trace_id).in_(trace_ids))
        .group_by(OutboxRow.trace_id, OutboxRow.state)
    )
    found: dict[str, dict[str, int]] = {}
    for trace_id, state, count in session.exec(counts):
        found.setdefault(trace_id, {})[state] = count
    return found


def steps_by_trace(session: Session, trace_ids: Collection[str]) -> Mapping[str, int]:
    """How many steps of SOPs each trace led to."""
    steps = select(StepRun.trace_id, func.count()).where(col(StepRun.trace_id).in_(trace_ids))
    return dict(session.exec(steps.group_by(StepRun.trace_id)).all())


def held_back_by_trace(session: Session, trace_ids: Collection[str]) -> Mapping[str, int]:
    """How much was held back in each trace, without the SOPs whose own conditions did not hold."""
    held = select(Suppression.trace_id, func.count()).where(col(Suppression.trace_id).in_(trace_ids))
    return dict(session.exec(held.where(Suppression.rule != "when").group_by(Suppression.trace_id)).all())


def moments_by_trace(session: Session, trace_ids: Collection[str]) -> Mapping[str, set[datetime]]:
    """When events of each trace were finished: the moments of the transactions in which something was decided."""
    found: dict[str, set[datetime]] = {}
    rows = select(InboxRow.trace_id, InboxRow.finished_at).where(col(InboxRow.trace_id).in_(trace_ids))
    for trace_id, at in session.exec(rows.limit(MOST_MOMENTS)):
        if at is not None:
            found.setdefault(trace_id, set()).add(at)
    return found


Decided = Mapping[tuple[int, datetime], int]
"""How much was decided about a contact at a moment."""


def tags_counted(session: Session, contact_ids: Collection[int], moments: Collection[datetime]) -> Decided:
    """How many tags were given."""
    rows = select(ContactTag.contact_id, ContactTag.added_at, func.count()).where(
        col(ContactTag.contact_id).in_(contact_ids), col(ContactTag.added_at).in_(moments)
    )
    grouped = rows.group_by(col(ContactTag.contact_id), col(ContactTag.added_at))
    return {(contact, at): count for contact, at, count in session.exec(grouped)}


def points_counted(session: Session, contact_ids: Collection[int], moments: Collection[datetime]) -> Decided:
    """How many points of the lead score were added."""
    rows = select(ScoreEntry.contact_id, ScoreEntry.at, func.sum(ScoreEntry.points)).where(
        col(ScoreEntry.contact_id).in_(contact_ids), col(ScoreEntry.at).in_(moments)
    )
    grouped = rows.group_by(col(ScoreEntry.contact_id), col(ScoreEntry.at))
    return {(contact, at): points for contact, at, points in session.exec(grouped)}


def leads_counted(session: Session, contact_ids: Collection[int], moments: Collection[datetime]) -> Decided:
    """How many leads were opened."""
    rows = select(Lead.contact_id, Lead.opened_at, func.count()).where(
        col(Lead.contact_id).in_(contact_ids), col(Lead.opened_at).in_(moments)
    )
    grouped = rows.group_by(col(Lead.contact_id), col(Lead.opened_at))
    return {(contact, at): count for contact, at, count in session.exec(grouped)}


# ── names ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def contacts_by_external(session: Session, ids: Collection[str]) -> Sequence[ExternalContact]:
    return session.exec(select(ExternalContact).where(col(ExternalContact.external_user_id).in_(ids))).all()


def contacts_by_open(session: Session, open_ids: Collection[str]) -> Sequence[tuple[str, ExternalContact]]:
    """Contacts with the open id that each was asked for by."""
    rows = select(Follower.open_id, ExternalContact).join(ExternalContact).where(col(Follower.open_id).in_(open_ids))
    return session.exec(rows.limit(MOST)).all()


def contacts_by_id(session: Session, ids: Collection[int]) -> Sequence[ExternalContact]:
    return session.exec(select(ExternalContact).where(col(ExternalContact.id).in_(ids))).all()


def groups_by_id(session: Session, chat_ids: Collection[str]) -> Sequence[CustomerGroup]:
    return session.exec(select(CustomerGroup).where(col(CustomerGroup.chat_id).in_(chat_ids))).all()


def contacts_named(session: Session, words: str, limit: int, before_id: int | None = None) -> Sequence[ExternalContact]:
    """Contacts whose name holds `words`, or whose external id is `words`, the newest first."""
    rows = select(ExternalContact).where(col(ExternalContact.merged_into).is_(None))
    if words:
        like = col(ExternalContact.name).icontains(words, autoescape=True)
        rows = rows.where(or_(like, ExternalContact.external_user_id == words))
    if before_id is not None:
        rows = rows.where(col(ExternalContact.id) < before_id)
    return session.exec(rows.order_by(col(ExternalContact.id).desc()).limit(limit)).all()


def subjects_of(session: Session, contacts: Sequence[ExternalContact]) -> set[str]:
    """The keys under which the ledgers know these contacts."""
    ids = [contact.id for contact in contacts]
    open_ids = session.exec(select(Follower.open_id).where(col(Follower.contact_id).in_(ids)).limit(MOST)).all()
    external = {f"external:{one.external_user_id}" for one in contacts if one.external_user_id}
    own = {contact_key(ContactId(one.id)) for one in contacts if one.id is not None}
    return external | own | {f"official:{open_id}" for open_id in open_ids}


# ── one trace ──────────────────────────────────────────────────────────────────────────────────────────────────────


def runs_of_trace(
    session: Session, run_ids: Collection[int], subjects: Collection[str], trace_id: str
) -> Sequence[Run]:
    """Runs that took a step in a trace, and those that began in it and took none."""
    begun = col(Run.subject).in_(subjects) & (col(Run.trace_id) == trace_id)
    return session.exec(select(Run).where(or_(col(Run.id).in_(run_ids), begun)).order_by(col(Run.id)).limit(MOST)).all()


def timers_of_trace(session: Session, subjects: Collection[str], trace_id: str) -> Sequence[TimerRow]:
    rows = select(TimerRow).where(col(TimerRow.subject).in_(subjects), TimerRow.trace_id == trace_id)
    return session.exec(rows.order_by(col(TimerRow.due_at)).limit(MOST)).all()


def audit_of_trace(session: Session, moments: Collection[datetime], trace_id: str) -> Sequence[AuditRow]:
    rows = select(AuditRow).where(col(AuditRow.at).in_(moments), AuditRow.trace_id == trace_id)
    return session.exec(rows.order_by(col(AuditRow.id)).limit(MOST)).all()


def cases_of_messages(session: Session, message_ids: Collection[str]) -> Sequence[HygieneCase]:
    return session.exec(select(HygieneCase).where(col(HygieneCase.message_id).in_(message_ids))).all()


def tags_given(session: Session, contact_ids: Collection[int], moments: Collection[datetime]) -> Sequence[ContactTag]:
    """Tags put on or taken off these contacts at exactly these moments: those of the transactions of a trace."""
    then = or_(col(ContactTag.added_at).in_(moments), col(ContactTag.removed_at).in_(moments))
    rows = select(ContactTag).where(col(ContactTag.contact_id).in_(contact_ids), then)
    return session.exec(rows.order_by(col(ContactTag.id)).limit(MOST)).all()


def points_given(session: Session, contact_ids: Collection[int], moments: Collection[datetime]) -> Sequence[ScoreEntry]:
    rows = select(ScoreEntry).where(col(ScoreEntry.contact_id).in_(contact_ids), col(ScoreEntry.at).in_(moments))
    return session.exec(rows.order_by(col(ScoreEntry.id)).limit(MOST)).all()


def leads_opened(session: Session, contact_ids: Collection[int], moments: Collection[datetime]) -> Sequence[Lead]:
    rows = select(Lead).where(col(Lead.contact_id).in_(contact_ids), col(Lead.opened_at).in_(moments))
    return session.exec(rows.order_by(col(Lead.id)).limit(MOST)).all()


def tasks_given(session: Session, contact_ids: Collection[int], moments: Collection[datetime]) -> Sequence[StaffTask]:
    rows = select(StaffTask).where(col(StaffTask.contact_id).in_(contact_ids), col(StaffTask.opened_at).in_(moments))
    return session.exec(rows.order_by(col(StaffTask.id)).limit(MOST)).all()


# ── SOPs ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def runs_by_state(session: Session, since: datetime) -> Mapping[str, Mapping[str, int]]:
    """How many runs of each SOP began since a moment, by state."""
    rows = select(Run.sop, Run.state, func.count()).where(col(Run.started_at) >= since).group_by(Run.sop, Run.state)
    found: dict[str, dict[str, int]] = {}
    for sop, state, count in session.exec(rows):
        found.setdefault(sop, {})[state] = count
    return found


def suppressed_by_rule(session: Session, sop: str, since: datetime) -> Mapping[str, int]:
    rows = select(Suppression.rule, func.count()).where(Suppression.sop == sop, col(Suppression.at) >= since)
    return dict(session.exec(rows.group_by(Suppression.rule)).all())


def latest_runs(session: Session, *, sop: str = "", subject: str = "", limit: int) -> Sequence[Run]:
    rows = select(Run).order_by(col(Run.id).desc()).limit(limit)
    return session.exec(rows.where(Run.sop == sop) if sop else rows.where(Run.subject == subject)).all()


# ── one contact ────────────────────────────────────────────────────────────────────────────────────────────────────


def tags_of(session: Session, contact_id: ContactId) -> Sequence[ContactTag]:
    rows = select(ContactTag).where(ContactTag.contact_id == contact_id)
    return session.exec(rows.order_by(col(ContactTag.id).desc()).limit(MOST)).all()


def points_of(session: Session, contact_id: ContactId, limit: int) -> Sequence[ScoreEntry]:
    rows = select(ScoreEntry).where(ScoreEntry.contact_id == contact_id)
    return session.exec(rows.order_by(col(ScoreEntry.id).desc()).limit(limit)).all()


def leads_of(session: Session, contact_id: ContactId, limit: int) -> Sequence[Lead]:
    rows = select(Lead).where(Lead.contact_id == contact_id)
    return session.exec(rows.order_by(col(Lead.id).desc()).limit(limit)).all()


def suppressions_of_subject(session: Session, subject: str, limit: int) -> Sequence[Suppression]:
    rows = select(Suppression).where(Suppression.subject == subject)
    return session.exec(rows.order_by(col(Suppression.id).desc()).limit(limit)).all()


# ── what went wrong, what is open ──────────────────────────────────────────────────────────────────────────────────


def buried(session: Session, limit: int, before_id: int | None) -> Sequence[InboxRow]:
    """Events that were given up, the newest first."""
    until = before_id or newest(session, InboxRow) + 1
    rows = select(InboxRow).where(InboxRow.state == "buried", col(InboxRow.id) < until)
    return session.exec(
        rows.where(col(InboxRow.id) > until - LOOK_BACK).order_by(col(InboxRow.id).desc()).limit(limit)
    ).all()


def bad_calls(session: Session, limit: int, before_id: int | None) -> Sequence[OutboxRow]:
    """Calls that ended without their effect, or nobody knows how, the newest first."""
    until = before_id or newest(session, OutboxRow) + 1
    rows = select(OutboxRow).where(col(OutboxRow.state).in_(BAD_CALLS), col(OutboxRow.id) < until)
    return session.exec(
        rows.where(col(OutboxRow.id) > until - LOOK_BACK).order_by(col(OutboxRow.id).desc()).limit(limit)
    ).all()


def latest(session: Session, table: type[Row], limit: int, *, states: Collection[str]) -> Sequence[Row]:
    """Leads or staff tasks in one of these states, the newest first."""
    rows = select(table).where(col(table.state).in_(states))
    return session.exec(rows.order_by(col(table.id).desc()).limit(limit)).all()
