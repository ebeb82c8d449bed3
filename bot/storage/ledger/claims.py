"""Taking rows of a ledger: those that may be worked on now, the oldest first, so that nobody else takes them too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, bindparam
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, or_, select

from bot.model.lanes import Lane
from bot.model.tables import InboxRow, OutboxRow
from bot.storage.statements import in_state

Row = TypeVar("Row", InboxRow, OutboxRow)


@dataclass(frozen=True)
class Claims(Generic[Row]):
    """The questions of a ledger, put together once: the loops ask them all the time, and to build one costs more than
    its answer does.

    Each is asked of `in_lane` as of `now`, for `most` rows at the most.
    """

    ids: Select[Any]
    rows: Select[Any]
    these: Select[Any]
    """Only of the rows of `ids`."""

    def ready(self, session: Session, lane: Lane, now: datetime, limit: int) -> Sequence[int]:
        """The ids of up to `limit` rows of a lane that may be worked on now."""
        return session.execute(self.ids, _asked(lane, now, limit)).scalars().all()

    def lock(
        self, session: Session, lane: Lane, now: datetime, limit: int, ids: Sequence[int] | None = None
    ) -> Sequence[Row]:
        """Lock up to `limit` rows of a lane that may be worked on now; with `ids`, only of these."""
        asked = _asked(lane, now, limit)
        if ids is None:
            return session.execute(self.rows, asked).scalars().all()
        return session.execute(self.these, {**asked, "ids": ids}).scalars().all()


def _asked(lane: Lane, now: datetime, limit: int) -> dict[str, Any]:
    return {"in_lane": lane.value, "now": now, "most": limit}


def claims_of(model: type[Row], ready: str, *under_way: str, by_lane: bool = False) -> Claims[Row]:
    """Of rows that are `ready`; one waits while an older one of its subject (and lane) is ready or under way."""
    which = _claimable(model, ready, under_way, by_lane)
    rows: Select[Any] = (
        select(model).where(*which).order_by(col(model.id)).limit(bindparam("most")).with_for_update(skip_locked=True)
    )
    ids: Select[Any] = select(col(model.id)).where(*which).order_by(col(model.id)).limit(bindparam("most"))
    return Claims(ids, rows, rows.where(col(model.id).in_(bindparam("ids", expanding=True))))


def _claimable(model: type[Row], ready: str, under_way: Sequence[str], by_lane: bool) -> Sequence[ColumnElement[bool]]:
    older = aliased(model)
    before = [col(older.subject) == col(model.subject), col(older.id) < col(model.id)]
    if by_lane:
        before.append(col(older.lane) == col(model.lane))
    blocked = select(older.id).where(*before, in_state(older.state, ready, *under_way)).exists()
    return (
        in_state(model.state, ready),
        col(model.lane) == bindparam("in_lane"),
        col(model.ready_at) <= bindparam("now"),
        or_(col(model.subject) == "", ~blocked),
    )
