"""After the machine's clock was set back: rows that wait for a moment that only the wrong clock has seen.

What was due while it was ahead is over, and unique keys see to it that it does not come again.
"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select, update

from bot.model.tables import InboxRow, OutboxRow
from bot.storage.ledger.outbox import SEND_TIMEOUT
from bot.storage.statements import changed, in_state

CLOCKS_DIFFER = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=75)
"""Neither a retry nor an endpoint at rest waits so long; a share that is used up for longer asks for its rest again."""


def bring_back(session: Session, now: datetime) -> int:
    """Let rows wait as long from now as they were to wait at first; returns how many that were."""
    too_late = now + LONGEST_WAIT
    events = update(InboxRow).where(in_state(InboxRow.state, "new"), col(InboxRow.ready_at) > too_late)
    planned = in_state(OutboxRow.state, "planned")
    tried = update(OutboxRow).where(planned, col(OutboxRow.reason) != "", col(OutboxRow.ready_at) > too_late)
    sent = update(OutboxRow).where(
        in_state(OutboxRow.state, "sending"), col(OutboxRow.claimed_until) > now + 2 * SEND_TIMEOUT
    )
    return (
        changed(session, events.values(ready_at=now))
        + changed(session, tried.values(ready_at=now))
        + changed(session, sent.values(claimed_until=now + SEND_TIMEOUT))
        + _plan_anew(session, now)
    )


def _plan_anew(session: Session, now: datetime) -> int:
    """Calls that were planned by the wrong clock: held for as long as they were to be."""
    ahead = select(OutboxRow).where(
        in_state(OutboxRow.state, "planned"), col(OutboxRow.planned_at) > now + CLOCKS_DIFFER
    )
    rows = session.exec(ahead).all()
    for row in rows:
        row.ready_at = now + max(row.ready_at - row.planned_at, timedelta())
        row.planned_at = now
    return len(rows)
