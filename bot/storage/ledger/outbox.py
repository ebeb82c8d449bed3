"""The outbox: what we ask a platform to do, from the plan to how it ended."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlmodel import Session, col, select, update

from bot.model.calls import Call
from bot.model.ids import TraceId
from bot.model.lanes import Lane
from bot.model.tables import OutboxRow
from bot.storage.ledger.claims import claims_of
from bot.storage.statements import changed, in_state, insert_id

MOST_KEYS = 500
"""Keys in one question."""
SEND_TIMEOUT = timedelta(minutes=2)
"""How long a call may be under way before its sender is taken for dead."""
Ending = Literal["sent", "failed", "unknown", "expired", "cancelled"]


def plan(session: Session, call: Call, now: datetime, trace_id: TraceId) -> int | None:
    """Plan a call and return its id; None when one with the same key was planned before."""
    return insert_id(
        session,
        OutboxRow,
        {
            "platform": call.platform,
            "endpoint": call.endpoint,
            "dedupe_key": call.key,
            "subject": call.subject,
            "lane": call.lane.value,
            "state": "planned",
            "body": call.body,
            "note": call.note,
            "follow": call.follow,
            "answer": {},
            "reason": "",
            "trace_id": trace_id,
            "attempts": 0,
            "retries": 0,
            "planned_at": now,
            "ready_at": call.after or now,
            "deadline": call.deadline,
        },
    )


def replan(session: Session, key: str, now: datetime, body: dict[str, Any] | None = None) -> int | None:
    """Let a held call go now, with another body if given, and return its id; None when it has left already."""
    held = update(OutboxRow).where(col(OutboxRow.dedupe_key) == key, col(OutboxRow.state) == "planned")
    released = held.values(ready_at=now, **({} if body is None else {"body": body}))
    return session.connection().execute(released.returning(col(OutboxRow.id))).scalar()


def rewrite(session: Session, key: str, body: dict[str, Any]) -> bool:
    """Give a call another body while it waits; False when it has left already."""
    waiting = update(OutboxRow).where(col(OutboxRow.dedupe_key) == key, col(OutboxRow.state) == "planned")
    return changed(session, waiting.values(body=body)) == 1


def cancel(session: Session, key: str, now: datetime, reason: str) -> bool:
    """Take back a call that has not left; False when it has, or there is none."""
    waiting = update(OutboxRow).where(col(OutboxRow.dedupe_key) == key, col(OutboxRow.state) == "planned")
    return changed(session, waiting.values(state="cancelled", finished_at=now, reason=reason)) == 1


def find(session: Session, key: str) -> OutboxRow | None:
    return session.exec(select(OutboxRow).where(OutboxRow.dedupe_key == key)).first()


def lock_untried(session: Session, subject: str, key_begins: str) -> OutboxRow | None:
    """The newest call of a subject that nobody has tried yet, kept from its senders until the transaction ends."""
    untried = (
        OutboxRow.subject == subject,
        in_state(OutboxRow.state, "planned"),
        OutboxRow.attempts == 0,
        col(OutboxRow.dedupe_key).startswith(key_begins, autoescape=True),
    )
    newest = select(OutboxRow).where(*untried).order_by(col(OutboxRow.id).desc()).limit(1).with_for_update()
    return session.exec(newest.execution_options(populate_existing=True)).first()


def states_of(session: Session, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The keys of these calls that were planned, with the state of each."""
    for first in range(0, len(keys), MOST_KEYS):
        here = col(OutboxRow.dedupe_key).in_(keys[first : first + MOST_KEYS])
        for key, state in session.exec(select(OutboxRow.dedupe_key, OutboxRow.state).where(here)):
            assert key is not None
            yield key, state


CLAIMS = claims_of(OutboxRow, "planned", "sending")


def claim(
    session: Session, lane: Lane, now: datetime, limit: int, ids: Sequence[int] | None = None
) -> Sequence[OutboxRow]:
    """Take up to `limit` calls of a lane (or of `ids`) that may leave now; they are `sending` from here on."""
    rows = CLAIMS.lock(session, lane, now, limit, ids)
    if rows:
        taken = update(OutboxRow).where(col(OutboxRow.id).in_([row.id for row in rows]))
        still = taken.where(col(OutboxRow.state) == "planned")
        changed(session, still.values(state="sending", claimed_until=now + SEND_TIMEOUT))
    return rows


def conclude(
    session: Session, row: OutboxRow, ending: Ending, now: datetime, answer: dict[str, Any], errcode: int, reason: str
) -> bool:
    """Write down how a call ended; False when somebody else concluded it before."""
    return (
        changed(
            session,
            _under_way(row).values(
                state=ending,
                finished_at=now,
                attempts=OutboxRow.attempts + 1,
                answer=answer,
                errcode=errcode,
                reason=reason,
            ),
        )
        == 1
    )


def postpone(session: Session, row: OutboxRow, until: datetime, attempts: int, errcode: int, reason: str) -> None:
    """Give a call back, to leave at `until`; `attempts` is how often it has been tried."""
    given_back = {"state": "planned", "ready_at": until, "attempts": attempts, "errcode": errcode, "reason": reason}
    changed(session, _under_way(row).values(**given_back))


def _under_way(row: OutboxRow) -> Any:
    """The row in this very attempt: whoever was taken for dead and comes back late changes nothing."""
    attempt = (col(OutboxRow.state) == "sending", col(OutboxRow.attempts) == row.attempts)
    return update(OutboxRow).where(col(OutboxRow.id) == row.id, *attempt)


def abandoned(session: Session, now: datetime, limit: int) -> Sequence[OutboxRow]:
    """Calls whose sender died on the way."""
    rows = (
        select(OutboxRow)
        .where(in_state(OutboxRow.state, "sending"), col(OutboxRow.claimed_until) <= now)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.exec(rows).all()
