"""The moments at which time alone changes who is in a segment: when a fact grows older than a window allows.

An edge is a column of moments and an age. Only columns with an index are followed, so that a look costs what is due and
not what exists; the others, days without a time and sequences are minded when everybody is looked at, on the hour.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.sop.conditions import Condition, Leaf, Test, leaves
from bot.sop.filters.kind import Reach
from bot.sop.filters.operators import RATIO
from bot.sop.scope import Scope
from bot.sop.segments import ANCHORS
from bot.storage.queries import edges as queries
from bot.storage.queries.edges import Moments
from bot.storage.work import Work

ZERO = timedelta()
AFTER = timedelta(seconds=1)
"""Windows include their ends: a second later the fact is outside for certain."""


@dataclass(frozen=True)
class Edge:
    """Moments that change an answer once they are `age` old; a negative age is still to come."""

    moments: Moments
    age: timedelta


def edges_of(condition: Condition, scope: Scope) -> list[Edge]:
    return [edge for leaf in leaves(condition) for edge in _of_leaf(leaf, scope) if edge.moments.is_indexed]


def passed(work: Work, edges: list[Edge], scope: Scope, since: datetime, limit: int) -> list[Any]:
    """The subjects, at most `limit`, of whom a moment has come of age between `since` and now."""
    anchor = ANCHORS[scope.subject]
    found: set[Any] = set()
    for edge in edges:
        span = since - edge.age - AFTER, scope.now - edge.age
        found.update(queries.ids_between(work.session, anchor.table, anchor.id, edge.moments, *span, limit))
    return sorted(found)[:limit]


def upcoming(work: Work, edges: list[Edge], scope: Scope, subject_ids: Sequence[Any] | None = None) -> datetime | None:
    """When the next moment comes of age: of these subjects, or of anybody."""
    anchor = ANCHORS[scope.subject]
    among = None if subject_ids is None else anchor.id.in_(subject_ids)
    found = [
        moment + edge.age + AFTER
        for edge in edges
        if (moment := queries.first_after(work.session, anchor.table, among, edge.moments, scope.now - edge.age))
    ]
    return min(found, default=None)


def _of_leaf(leaf: Leaf, scope: Scope) -> Iterator[Edge]:
    reach = leaf.filter.reach.get(scope.subject)
    if reach is None:
        return
    if reach.until is not None:
        yield Edge(_beside(reach, reach.until, scope), ZERO)
    if leaf.filter.kind.measures:
        yield from _of_behaviour(leaf, reach, scope)
    elif leaf.filter.kind.name in ("date", "span"):
        column = leaf.filter.column(leaf.params, scope)
        found = queries.moments_in(column) if reach.is_own else [_beside(reach, column, scope)]
        yield from (Edge(moments, age) for moments in found for test in leaf.tests for age in _ages(test))


def _of_behaviour(leaf: Leaf, reach: Reach, scope: Scope) -> Iterator[Edge]:
    acts = leaf.filter.acts(leaf.params, scope)
    assert reach.on is not None
    moments = Moments(acts.at, reach.tables, (reach.on(scope), acts.which))
    if leaf.within is not None:
        yield Edge(moments, leaf.within)
        if any(test.measure == RATIO for test in leaf.tests):
            yield Edge(moments, 2 * leaf.within)
    yield from (Edge(moments, age) for test in leaf.tests if test.measure.endswith("_at") for age in _ages(test))


def _beside(reach: Reach, column: Any, scope: Scope) -> Moments:
    assert reach.on is not None
    return Moments(column, reach.tables, (reach.on(scope),))


def _ages(test: Test) -> Iterator[timedelta]:
    """How old a moment is when the answer to a test changes."""
    operands = test.operand if isinstance(test.operand, tuple) else (test.operand,)
    if not all(isinstance(one, timedelta) for one in operands) or test.operator.startswith("anniversary"):
        return
    if test.operator == "within_next":
        yield ZERO
        yield from (-one for one in operands)
    else:
        yield from (ZERO, *operands) if "within" in test.operator else operands
