"""Calls that have left of late."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, or_, select

from bot.model.tables import OutboxRow
from bot.storage.ledger.outbox import SEND_TIMEOUT

MOST = 5_000


def left_since(session: Session, endpoint: str, since: datetime) -> Sequence[tuple[OutboxRow, datetime]]:
    """The newest calls of an endpoint, each with when it last left, the earliest first."""
    rows = (
        select(OutboxRow)
        .where(
            OutboxRow.endpoint == endpoint,
            col(OutboxRow.claimed_until) >= since + SEND_TIMEOUT,
            or_(col(OutboxRow.attempts) > 0, OutboxRow.state == "sending"),
        )
        .order_by(col(OutboxRow.id).desc())
        .limit(MOST)
    )
    left = [(row, row.claimed_until - SEND_TIMEOUT) for row in session.exec(rows) if row.claimed_until is not None]
    return sorted(left, key=lambda one: one[1])
