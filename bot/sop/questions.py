"""Questions about one subject, put together once and asked of anybody at any moment.

A filter names a column, which takes SQLAlchemy far longer to put into words than the database to answer. So the words
are kept, with the moment left open. Where a filter does more with the moment than to go some time back or forth from
it, such as to look at the calendar, they are found anew each time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlmodel import Session

from bot.sop.scope import Scope
from bot.storage import prepared
from bot.storage.queries.segments import Question, left_open

MOST = 1000
"""Questions that are kept; then all are forgotten, and those that are still asked put together anew."""
Build = Callable[[Scope], Sequence[Question]]


class _CannotStayOpen(AttributeError):
    """Somebody wants more of a value than to compare a column with it."""


class _Unknown:
    def __getattr__(self, name: str) -> Any:
        raise _CannotStayOpen(name)


@dataclass(frozen=True)
class _Place(_Unknown):
    """A value of the scope that a question leaves open; of its moment, maybe some time away from it."""

    name: str
    away: timedelta | None = None

    def __add__(self, other: object) -> "_Place":
        if self.away is None or not isinstance(other, timedelta):
            raise _CannotStayOpen(self.name)
        return replace(self, away=self.away + other)

    def __sub__(self, other: object) -> "_Place":
        if not isinstance(other, timedelta):
            raise _CannotStayOpen(self.name)
        return self + -other

    def of(self, scope: Scope) -> Any:
        value = getattr(scope, self.name)
        return value if self.away is None else value + self.away


class _Open(_Unknown):
    """A scope that leaves its values open. It knows no event: a question of the database asks about none."""

    now = _Place("now", timedelta())

    def __init__(self, scope: Scope) -> None:
        self.subject, self.zone = scope.subject, scope.zone
        self.user_id = None if scope.user_id is None else _Place("user_id")
        self.chat_id = None if scope.chat_id is None else _Place("chat_id")


@dataclass(frozen=True)
class _Kept:
    """A question, and what belongs into each of its open places."""

    question: Question
    places: Mapping[str, _Place]

    def values(self, scope: Scope) -> dict[str, Any]:
        return {name: place.of(scope) for name, place in self.places.items()}


_kept: dict[tuple[Any, ...], tuple[Sequence[_Kept] | None, object]] = {}


def ask(
    session: Session, about: Sequence[object], build: Build, scope: Scope, subject_id: Any
) -> list[Sequence[prepared.Row]]:
    """The rows of each question that `build` puts together `about` something, with the bind `subject_id` filled in."""
    key = (*map(id, about), scope.subject, scope.zone.key, scope.user_id is None, scope.chat_id is None)
    if key not in _kept:
        if len(_kept) >= MOST:
            _kept.clear()
        _kept[key] = _left_open(build, scope), about  # kept as well, so that nothing else gets its ids
    questions, _about = _kept[key]
    session.flush()
    if questions is None:
        found = [session.connection().execute(one, {"subject_id": subject_id}) for one in build(scope)]
        return [[tuple(row) for row in rows] for rows in found]
    return [prepared.rows(session, one.question, {"subject_id": subject_id, **one.values(scope)}) for one in questions]


def _left_open(build: Build, scope: Scope) -> Sequence[_Kept] | None:
    """The questions with their values open; None when a filter does something else with one."""
    try:
        return [_with_places(question) for question in build(_Open(scope))]  # type: ignore[arg-type]
    except _CannotStayOpen:
        return None


def _with_places(question: Question) -> _Kept:
    found = left_open(question, _Place)
    if found is None:
        raise _CannotStayOpen("nothing tells how the value is written")
    return _Kept(*found)
