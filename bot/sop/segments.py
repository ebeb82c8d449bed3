"""Segments: a condition as one SQL clause over everybody, and the same clause asked of one.

There is one implementation of each filter, so that “who is in it” and “is she in it” cannot disagree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table, and_, false, func, not_, or_, true
from sqlmodel import Session, col

from bot.model.tables import CustomerGroup, ExternalContact, Staff
from bot.sop import questions
from bot.sop.conditions import AllOf, AnyOf, Condition, Leaf, Not, Test, leaves
from bot.sop.evidence import Answer, Answers, signature_of
from bot.sop.filters import where
from bot.sop.filters.kind import Reach
from bot.sop.filters.operators import RATIO
from bot.sop.scope import Judgement, Scope, Subject, Verdict
from bot.storage.queries import segments as queries
from bot.storage.queries.segments import Clause, Expression, Question
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
    return queries.count_where(session, anchor.table, members_clause(condition, scope))


def members(session: Session, condition: Condition, scope: Scope, after: Any = None, limit: int = 500) -> list[Any]:
    """The ids of the segment above `after`, in order, at most `limit` of them."""
    anchor = ANCHORS[scope.subject]
    return queries.ids_where(session, anchor.table, anchor.id, members_clause(condition, scope), after, limit)


def members_clause(condition: Condition, scope: Scope) -> Clause:
    """Whoever is in the audience and meets the condition."""
    return and_(ANCHORS[scope.subject].audience, clause(condition, scope))


def which(
    session: Session, conditions: Sequence[Condition], scope: Scope, subject_ids: Sequence[Any]
) -> dict[Any, list[bool]]:
    """Which of the conditions each of these subjects meets, in one question and without reasons."""
    anchor = ANCHORS[scope.subject]
    asked = [members_clause(condition, scope) for condition in conditions]
    found = queries.values_of_some(session, anchor.table, anchor.id, subject_ids, asked)
    nothing = [False] * len(conditions)
    return {id: [bool(answer) for answer in found.get(id, nothing)] for id in subject_ids}


def tables_of(condition: Condition, scope: Scope) -> frozenset[str]:
    """The tables whose facts the condition looks at."""
    return queries.tables_in(clause(condition, scope))


def is_ruled_out(condition: Condition, scope: Scope) -> bool:
    """Whether the event and the moment alone say no, whatever is stored."""
    return _known(condition, scope) is False


def _known(condition: Condition, scope: Scope) -> bool | None:
    """What can be said without a look at the database; None when that is not enough."""
    match condition:
        case Leaf():
            return _pure(condition, scope) if condition.filter.is_pure else None
        case Not(part):
            known = _known(part, scope)
            return None if known is None else not known
        case AllOf(parts) | AnyOf(parts):
            decides = isinstance(condition, AnyOf)
            answers = [_known(part, scope) for part in parts]
            undecided = None if None in answers else not decides
            return decides if decides in answers else undecided


def judge(
    session: Session, condition: Condition, scope: Scope, subject_id: Any, known: Answers = MappingProxyType({})
) -> Judgement:
    """Whether one subject meets the condition, with the verdict of every leaf; what is `known` is not looked up."""
    every = list(leaves(condition))
    answers = {id(leaf): _told(leaf, scope) for leaf in every if leaf.filter.is_pure}
    if known:
        stored = ((leaf, signature_of(leaf)) for leaf in every if not leaf.filter.is_pure)
        answers |= {id(leaf): known[name] for leaf, name in stored if name in known}
    answers |= _looked_up(session, [leaf for leaf in every if id(leaf) not in answers], scope, subject_id)
    verdicts = tuple(
        Verdict(leaf.filter.name, answers[id(leaf)][0], leaf.wanted, answers[id(leaf)][1]) for leaf in every
    )
    return Judgement(_combine(condition, {leaf: passed for leaf, (passed, _found) in answers.items()}), verdicts)


def _told(leaf: Leaf, scope: Scope) -> Answer:
    return _pure(leaf, scope), _plain(leaf.filter.value(scope, leaf.params))


def _looked_up(session: Session, stored: Sequence[Leaf], scope: Scope, subject_id: Any) -> dict[int, Answer]:
    """The answers of the database, in one question; those with several values are asked for them one by one."""
    if not stored:
        return {}
    rows, *lists = questions.ask(session, stored, lambda scope: _questions(stored, scope), scope, subject_id)
    row, several = iter(rows[0] if rows else ()), iter(lists)
    passed = [bool(next(row, False)) for _leaf in stored]
    answers: dict[int, Answer] = {}
    for leaf, fits in zip(stored, passed, strict=True):
        width = _width(leaf, scope)
        found = [next(row, None) for _value in range(width)]
        if _is_listed(leaf, scope):
            found = [value for (value,) in next(several) if value is not None]
        answers[id(leaf)] = fits, _plain(found[0] if width == 1 else found or None)
    return answers


def _questions(stored: Sequence[Leaf], scope: Scope) -> list[Question]:
    """Whether each leaf holds, with what is shown of it; then one question for each fact that has several values."""
    anchor = ANCHORS[scope.subject]
    shown = [value for leaf in stored for value in _shown(leaf, scope)]
    whole = queries.values_of_one(anchor.table, anchor.id, [*(_stored(leaf, scope) for leaf in stored), *shown])
    return [whole, *(_list(leaf, scope) for leaf in stored if _is_listed(leaf, scope))]


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
    """The condition as SQL over the scope's subject; what is NULL counts as false.

    A column stands bare, so that its index is used. Only below a `not` NULL is made false, or the rest would not be
    the complement.
    """
    match condition:
        case Leaf():
            return _literal(_pure(condition, scope)) if condition.filter.is_pure else _stored(condition, scope)
        case Not(Not(part)):
            return clause(part, scope)
        case Not(part):
            return not_(func.coalesce(clause(part, scope), False))
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
    column = leaf.filter.column(leaf.params, scope)
    kind = leaf.filter.kind
    return and_(*(kind.clause(column, test.operator, test.operand, scope, _some(reach, scope)) for test in leaf.tests))


def _some(reach: Reach, scope: Scope) -> Any:
    def own(condition: Clause) -> Clause:
        return condition

    def beside(condition: Clause) -> Clause:
        assert reach.on is not None
        return queries.some_row(reach.tables, reach.on(scope), condition)

    return own if reach.is_own else beside


# ── behaviour ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _acts(leaf: Leaf, reach: Reach, scope: Scope, measure: str = "") -> Clause:
    """The subject's rows that a behaviour counts; a ratio looks at the window before, too."""
    assert reach.on is not None
    acts, windows = leaf.filter.acts(leaf.params, scope), 2 if measure == RATIO else 1
    window = [] if leaf.within is None else [acts.at.between(scope.now - windows * leaf.within, scope.now)]
    return and_(reach.on(scope), acts.which, *window, *where.clauses(leaf.where, acts.value, scope))


def _measure(leaf: Leaf, name: str, scope: Scope) -> Expression:
    acts = leaf.filter.acts(leaf.params, scope)
    at, worth = acts.at, acts.value(leaf.of, "number") if leaf.of else acts.worth
    match name:
        case "count":
            return func.count()
        case "ratio":
            assert leaf.within is not None
            return queries.ratio(at >= scope.now - leaf.within)
        case "distinct_days":
            return func.count(queries.day_number(at, scope.local.utcoffset() or scope.now - scope.now).distinct())
        case "sum":
            return func.sum(worth)
        case "avg":
            return func.avg(worth)
        case "most":
            return func.max(worth)
        case "first_at":
            return func.min(at)
        case _:
            return func.max(at)


def _measured(leaf: Leaf, test: Test, reach: Reach, scope: Scope) -> Clause:
    acts = _acts(leaf, reach, scope, test.measure)
    if not test.measure:
        happened = queries.some_row(reach.tables, acts, true())
        return happened if (test.operator == "exists") is test.operand else not_(happened)
    value = queries.over_rows(reach.tables, acts, _measure(leaf, test.measure, scope))
    kind = leaf.filter.kind.measures[test.measure]
    return kind.clause(value, test.operator, test.operand, scope, lambda condition: condition)


# ── what was found ─────────────────────────────────────────────────────────────────────────────────────────────────


def _width(leaf: Leaf, scope: Scope) -> int:
    """How many values are looked up beside the answer itself; secrets are not shown."""
    reach = _shown_by(leaf, scope)
    if reach is None:
        return 0
    return 1 if reach.is_own else len(_measures(leaf))


def _shown(leaf: Leaf, scope: Scope) -> Iterator[Expression]:
    reach = _shown_by(leaf, scope)
    if reach is not None and reach.is_own:
        yield leaf.filter.column(leaf.params, scope)
    elif reach is not None:
        for measure in _measures(leaf):
            yield queries.over_rows(reach.tables, _acts(leaf, reach, scope, measure), _measure(leaf, measure, scope))


def _shown_by(leaf: Leaf, scope: Scope) -> Reach | None:
    reach = leaf.filter.reach.get(scope.subject)
    is_shown = reach is not None and (reach.is_own or leaf.filter.kind.measures) and leaf.filter.kind.name != "secret"
    return reach if is_shown else None


def _measures(leaf: Leaf) -> Sequence[str]:
    return list(dict.fromkeys(test.measure or "count" for test in leaf.tests)) if leaf.filter.kind.measures else ()


def _is_listed(leaf: Leaf, scope: Scope) -> bool:
    """Whether a fact may have several values."""
    reach = leaf.filter.reach.get(scope.subject)
    return reach is not None and reach.on is not None and not _width(leaf, scope) and leaf.filter.kind.name != "secret"


def _list(leaf: Leaf, scope: Scope) -> Question:
    reach, anchor = leaf.filter.reach[scope.subject], ANCHORS[scope.subject]
    assert reach.on is not None
    column = leaf.filter.column(leaf.params, scope)
    return queries.rows_of_one(anchor.table, anchor.id, reach.tables, reach.on(scope), column)


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
