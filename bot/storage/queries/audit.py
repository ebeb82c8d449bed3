"""Who did what, and what went wrong: the audit trail, and rows that were given up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from bot.model.ids import TraceId
from bot.model.tables import AuditRow, InboxRow, OutboxRow


def write(
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: str,
    target: str = "",
    detail: dict[str, Any] | None = None,
    trace_id: TraceId,
) -> None:
    row = AuditRow(at=at, actor=actor, action=action, target=target, detail=detail or {}, trace_id=trace_id)
    session.add(row)


def buried(session: Session, since: datetime) -> int:
    """Events that were given up."""
    found = select(func.count()).where(InboxRow.state == "buried", col(InboxRow.finished_at) >= since)
    return session.exec(found).one()


def failed_calls(session: Session, since: datetime, limit: int = 10) -> Sequence[tuple[str, int | None, int]]:
    """Calls that ended badly, as endpoint, errcode and how many, the most frequent first."""
    many = func.count()
    found = (
        select(OutboxRow.endpoint, OutboxRow.errcode, many)
        .where(col(OutboxRow.state).in_(("failed", "unknown", "expired")), col(OutboxRow.finished_at) >= since)
        .group_by(OutboxRow.endpoint, col(OutboxRow.errcode))
        .order_by(many.desc(), OutboxRow.endpoint)
        .limit(limit)
    )
    return [(endpoint, errcode, count) for endpoint, errcode, count in session.exec(found)]
