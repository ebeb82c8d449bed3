"""The timers: what is due, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select, update

from bot.model.ids import TraceId
from bot.model.lanes import Lane
from bot.model.tables import TimerRow
from bot.storage import prepared
from bot.storage.statements import changed, in_state, insert_one


@dataclass(frozen=True)
class Timer:
    """Something to be told of at `due_at`; the same `key` set twice is one timer."""

    name: str
    key: str
    due_at: datetime
    subject: str = ""
    about: dict[str, Any] | None = None
    lane: Lane = Lane.NORMAL


def set(session: Session, timer: Timer, trace_id: TraceId) -> bool:
    """Set a timer; False when it is set (or has fired) already."""
    return insert_one(
        session,
        TimerRow,
        {
            "name": timer.name,
            "dedupe_key": timer.key,
            "subject": timer.subject,
            "lane": timer.lane.value,
            "state": "waiting",
            "due_at": timer.due_at,
            "payload": timer.about or {},
            "trace_id": trace_id,
        },
    )


def cancel(session: Session, key: str) -> bool:
    """Cancel a waiting timer; False when there is none."""
    return prepared.execute(session, _CANCEL, {"key": key}) == 1


_CANCEL = (
    update(TimerRow)
    .where(col(TimerRow.dedupe_key) == bindparam("key"), col(TimerRow.state) == "waiting")
    .values(state="cancelled")
)


def claim(session: Session, now: datetime, limit: int) -> Sequence[TimerRow]:
    """Lock the timers that are due, the longest overdue first."""
    rows = (
        select(TimerRow)
        .where(in_state(TimerRow.state, "waiting"), col(TimerRow.due_at) <= now)
        .order_by(col(TimerRow.due_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.exec(rows).all()


def fired(session: Session, rows: Sequence[TimerRow], now: datetime) -> None:
    ids = [row.id for row in rows]
    changed(session, update(TimerRow).where(col(TimerRow.id).in_(ids)).values(state="fired", fired_at=now))


def next_due(session: Session) -> datetime | None:
    """When the next waiting timer is due."""
    return session.exec(select(func.min(TimerRow.due_at)).where(in_state(TimerRow.state, "waiting"))).one()
