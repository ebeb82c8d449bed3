"""Staff: the subject itself; for a contact or a group the staff member of the event or the run."""

from datetime import timedelta

from sqlalchemy import SQLColumnExpression, and_, false, func
from sqlmodel import col

from bot.model.tables import Behaviour, Lead, Staff, StaffTask
from bot.sop.filters import kind
from bot.sop.filters.kind import OWN, Reach, through
from bot.sop.scope import Scope, Subject
from bot.storage.queries.segments import Clause, has_items, over_rows
from bot.storage.statements import table_of


def _of_event(scope: Scope) -> Clause:
    return false() if scope.user_id is None else col(Staff.user_id) == scope.user_id


REACH: dict[Subject, Reach] = {
    "staff": OWN,
    "contact": through(Staff, on=_of_event),
    "group": through(Staff, on=_of_event),
}


@kind.text
def id() -> SQLColumnExpression[str]:
    """User id of the staff member."""
    return col(Staff.user_id)


@kind.text
def name() -> SQLColumnExpression[str]:
    """Name of the staff member."""
    return col(Staff.name)


@kind.text
def position() -> SQLColumnExpression[str]:
    """Position of the staff member."""
    return col(Staff.position)


@kind.set
def departments() -> SQLColumnExpression[list[int]]:
    """Departments of the staff member, by number."""
    return col(Staff.departments)


@kind.number
def main_department() -> SQLColumnExpression[int | None]:
    """Main department of the staff member, by number."""
    return col(Staff.main_department)


@kind.flag
def is_leader() -> SQLColumnExpression[bool]:
    """Whether the staff member leads a department."""
    return has_items(col(Staff.leads))


@kind.flag
def on_shift(*, scope: Scope) -> SQLColumnExpression[bool]:
    """Whether the staff member works now: active, and not muted."""
    return and_(col(Staff.status) == 1, func.coalesce(col(Staff.muted_until), scope.now) <= scope.now)


@kind.own_number("staff")
def avg_response(within: timedelta = timedelta(days=30), *, scope: Scope) -> SQLColumnExpression[float | None]:
    """Seconds that the staff member took for first answers on average, in the last 30 days or the time given."""
    theirs = and_(col(Behaviour.user_id) == col(Staff.user_id), col(Behaviour.name) == "replied")
    lately = and_(theirs, col(Behaviour.at).between(scope.now - within, scope.now))
    return over_rows((table_of(Behaviour),), lately, func.avg(col(Behaviour.amount)))


@kind.own_number("staff")
def open_tasks() -> SQLColumnExpression[int]:
    """How many tasks of the staff member are open."""
    open_ones = and_(col(StaffTask.user_id) == col(Staff.user_id), col(StaffTask.state) == "open")
    return over_rows((table_of(StaffTask),), open_ones, func.count())


@kind.own_number("staff")
def open_leads() -> SQLColumnExpression[int]:
    """How many leads the staff member has claimed and not closed."""
    claimed = and_(col(Lead.owner) == col(Staff.user_id), col(Lead.state) == "claimed")
    return over_rows((table_of(Lead),), claimed, func.count())
