"""Segments: a condition as one SQL clause over everybody, and the same clause asked of one.

There is one implementation of each filter, so that “who is in it” and “is she in it” cannot disagree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import Table, and_, false, func, not_, or_, true
from sqlmodel import Session, col

from bot.model.tables import Behaviour, CustomerGroup, ExternalContact, Staff
from bot.sop.conditions import AllOf, AnyOf, Condition, Leaf, Not, Test, leaves
from bot.sop.filters.kind import Reach
from bot.sop.scope import Judgement, Scope, Subject, Verdict
from bot.storage.queries import segments as queries
from bot.storage.queries.segments import Clause, Expression
from bot.storage.statements import table_of


@dataclass(frozen=True)
class Anchor:
    """The table of a subject, its id, and who of it counts as the audience."""

    table: Table
    id: Expression
    audience: Clause


ANCHORS: dict[Subject, Anchor] = {
    "contact": Anchor(table_of(ExternalContact), col(ExternalContact.id), col(ExternalContact.merged_into).is_(None)),
    "group": Anchor(table_of(CustomerGroup), col(CustomerGroup.chat_id), col(CustomerGroup.dismissed_at).is_(None)),
    "staff": Anchor(table_of(Staff), col(Staff.user_id), col(Staff.status) == 1),
}


def count(session: Session, condition: Condition, scope: Scope) -> int:
    """How many subjects are in the segment."""
    anchor = ANCHORS[scope.subject]
    return queries.count_where(session, anchor.table, and_(anchor.audience, clause(condition, scope)))


def members(session: Session, condition: Condition, scope: Scope, after: Any = None, limit: int = 500) -> list[Any]:
    """The ids of the segment above `after`, in order, at most `limit` of them."""
    anchor = ANCHORS[scope.subject]
    wanted = and_(anchor.audience, clause(condition, scope))
    return queries.ids_where(session, anchor.table, anchor.id, wanted, after, limit)


def judge(session: Session, condition: Condition, scope: Scope, subject_id: Any) -> Judgement:
    """Whether one subject meets the condition, with the verdict of every leaf."""
    passed = {id(leaf): _pure(leaf, scope) for leaf in leaves(condition) if leaf.filter.is_pure}
    stored = [leaf for leaf in leaves(condition) if not leaf.filter.is_pure]
    if stored:
        anchor = ANCHORS[scope.subject]
        row = queries.values_of_one(
            session, anchor.table, anchor.id == subject_id, [_stored(leaf, scope) for leaf in stored]
        )
        passed |= {id(leaf): bool(answer) for leaf, answer in zip(stored, row or [False] * len(stored), strict=True)}
    verdicts = tuple(
        Verdict(leaf.filter.name, passed[id(leaf)], leaf.wanted, _found(session, leaf, scope, subject_id))
        for leaf in leaves(condition)
    )
    return Judgement(_combine(condition, passed), verdicts)


def _combine(condition: Condition, passed: dict[int, bool]) -> bool:
    match condition:
        case Leaf():
            return passed[id(condition)]
        case Not(part):
            return not _combine(part, passed)
        case AllOf(parts):
            return all(_combine(part, passed) for part in parts)
        case AnyOf(parts):
            return any(_combine(part, passed) for part in parts)


# ── clauses ────────────────────────────────────────────────────────────────────────────────────────────────────────


def clause(condition: Condition, scope: Scope) -> Clause:
    """The condition as SQL over the scope's subject; never NULL, so that `not` is the complement."""
    match condition:
        case Leaf():
            return _literal(_pure(condition, scope)) if condition.filter.is_pure else _stored(condition, scope)
        case Not(part):
            return not_(clause(part, scope))
        case AllOf(parts):
            return and_(true(), *(clause(part, scope) for part in parts))
        case AnyOf(parts):
            return or_(false(), *(clause(part, scope) for part in parts))


def _literal(value: bool) -> Clause:
    return true() if value else false()


def _pure(leaf: Leaf, scope: Scope) -> bool:
    value = leaf.filter.value(scope, leaf.params)
    return all(leaf.filter.kind.test(value, test.operator, test.operand, scope) for test in leaf.tests)


def _stored(leaf: Leaf, scope: Scope) -> Clause:
    reach = leaf.filter.reach.get(scope.subject)
    if reach is None:  # lint refuses such a condition; one that slips through holds for nobody
        return false()
    if leaf.filter.kind.measures:
        return and_(*(_measured(leaf, test, reach, scope) for test in leaf.tests))
    column = leaf.filter.column(leaf.params)
    kind = leaf.filter.kind
    return and_(*(kind.clause(column, test.operator, test.operand, scope, _some(reach, scope)) for test in leaf.tests))


def _some(reach: Reach, scope: Scope) -> Any:
    def own(condition: Clause) -> Clause:
        return func.coalesce(condition, False)

    def beside(condition: Clause) -> Clause:
        assert reach.on is not None
        return queries.some_row(reach.tables, reach.on(scope), condition)

    return own if reach.is_own else beside


# ── behaviour ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _acts(leaf: Leaf, reach: Reach, scope: Scope) -> Clause:
    assert reach.on is not None
    parts = [reach.on(scope), col(Behaviour.name) == leaf.filter.function(**leaf.params)]
    if leaf.within is not None:
        parts.append(col(Behaviour.at).between(scope.now - leaf.within, scope.now))
    parts += [col(Behaviour.properties)[name].as_string() == wanted for name, wanted in leaf.where.items()]
    return and_(*parts)


def _measure(name: str, scope: Scope) -> Expression:
    at, amount = col(Behaviour.at), col(Behaviour.amount)
    match name:
        case "count":
            return func.count()
        case "distinct_days":
            return func.count(queries.day_number(at, scope.local.utcoffset() or scope.now - scope.now).distinct())
        case "sum":
            return func.sum(amount)
        case "average":
            return func.avg(amount)
        case "first_at":
            return func.min(at)
        case _:
            return func.max(at)


def _measured(leaf: Leaf, test: Test, reach: Reach, scope: Scope) -> Clause:
    acts = _acts(leaf, reach, scope)
    if not test.measure:
        happened = queries.some_row(reach.tables, acts, true())
        return happened if (test.operator == "exists") is test.operand else not_(happened)
    value = queries.over_rows(reach.tables, acts, _measure(test.measure, scope))
    kind = leaf.filter.kind.measures[test.measure]
    return kind.clause(value, test.operator, test.operand, scope, lambda c: func.coalesce(c, False))


# ── what was found ─────────────────────────────────────────────────────────────────────────────────────────────────


def _found(session: Session, leaf: Leaf, scope: Scope, subject_id: Any) -> Any:
    if leaf.filter.is_pure:
        return _plain(leaf.filter.value(scope, leaf.params))
    reach = leaf.filter.reach.get(scope.subject)
    if reach is None or leaf.filter.kind.name == "secret":
        return None
    anchor = ANCHORS[scope.subject]
    is_one = anchor.id == subject_id
    if reach.is_own or leaf.filter.kind.measures:
        found = queries.values_of_one(session, anchor.table, is_one, list(_shown(leaf, reach, scope)))
        return _plain(found[0] if len(found) == 1 else list(found) or None)
    assert reach.on is not None
    column = leaf.filter.column(leaf.params)
    return _plain(queries.rows_of_one(session, anchor.table, is_one, reach.tables, reach.on(scope), column) or None)


def _shown(leaf: Leaf, reach: Reach, scope: Scope) -> Iterator[Expression]:
    if reach.is_own:
        yield leaf.filter.column(leaf.params)
        return
    acts = _acts(leaf, reach, scope)
    for measure in dict.fromkeys(test.measure or "count" for test in leaf.tests):
        yield queries.over_rows(reach.tables, acts, _measure(measure, scope))


def _plain(value: Any) -> Any:
    """A found value as JSON holds it."""
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal():
            return float(value)
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def is_timeless(conditions: Sequence[Condition]) -> bool:
    """Whether none of the conditions asks for the event."""
    return not any(leaf.filter.is_pure for condition in conditions for leaf in leaves(condition))
