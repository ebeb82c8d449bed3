"""The subject's way through SOPs."""

from sqlalchemy import SQLColumnExpression, String, and_, case, cast, literal
from sqlmodel import col

from bot.model.tables import CustomerGroup, ExternalContact, Run, Staff, StepRun
from bot.sop.filters import kind
from bot.sop.filters.kind import Reach, through
from bot.sop.scope import Subject
from bot.storage.queries.segments import Clause

OPEN = ("running", "waiting")


def _subject(prefix: str, id: SQLColumnExpression[object]) -> Clause:
    return col(Run.subject) == literal(prefix) + cast(id, String)


_ANY: dict[Subject, Clause] = {
    "contact": _subject("contact:", col(ExternalContact.id)),
    "group": _subject("group:", col(CustomerGroup.chat_id)),
    "staff": _subject("staff:", col(Staff.user_id)),
}


def _open(subject: Subject) -> Reach:
    return through(Run, on=lambda _: and_(_ANY[subject], col(Run.state).in_(OPEN)))


def _ever(subject: Subject) -> Reach:
    return through(Run, on=lambda _: _ANY[subject])


REACH: dict[Subject, Reach] = {subject: _open(subject) for subject in _ANY}
_EVER: dict[Subject, Reach] = {subject: _ever(subject) for subject in _ANY}


def _steps(subject: Subject) -> Reach:
    return through(StepRun, Run, on=lambda _: and_(col(StepRun.run_id) == col(Run.id), _ANY[subject]))


_STEPS: dict[Subject, Reach] = {subject: _steps(subject) for subject in _ANY}


@kind.set
def in_sop() -> SQLColumnExpression[str]:
    """SOPs the subject is walking now."""
    return col(Run.sop)


@kind.set_over(_STEPS)
def step(sop: str) -> SQLColumnExpression[str]:
    """Where in an SOP the subject waits now, as `explain` spells it, such as 3.then.0."""
    waits = and_(col(Run.sop) == sop, col(Run.state).in_(OPEN), col(StepRun.outcome) == "waiting")
    return case((waits, col(StepRun.position)))


@kind.set_over(_STEPS)
def variant(sop: str) -> SQLColumnExpression[str]:
    """Variants of an SOP's splits that the subject got."""
    return case((and_(col(Run.sop) == sop, col(StepRun.name) == "split"), col(StepRun.outcome)))


@kind.set_over(_EVER)
def entered() -> SQLColumnExpression[str]:
    """SOPs the subject has ever entered."""
    return col(Run.sop)


@kind.set_over(_EVER)
def reached_goal() -> SQLColumnExpression[str]:
    """SOPs whose goal the subject has reached."""
    return case((col(Run.goal_at).is_not(None), col(Run.sop)))
