"""Kinds of facts and their operators: each operator once for SQL and once for a value in the hand, meaning the same.

A missing value is neither true nor false: every operator but `missing` fails on it, the negative ones too. An empty
text counts as missing. A fact with several values (the staff who follow a contact) passes a positive operator when one
value does, and a negative one when it has values and none of them is the wrong one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, func, not_, or_

from bot.i18n import _
from bot.sop.filters import dates, wildcard
from bot.sop.scope import Scope
from bot.storage.queries.segments import Clause, ascii_lower, has_item, has_items, is_json

Some = Callable[[Clause], Clause]
"""Turns a condition on one value into one on the subject: “any of its values”."""


LONGEST_PATTERN = 200
_REGULAR = re.compile(r"\.[*+?]|\\.|[)\]}][*+?{]|^\^|\$$|\[[^]]+\]|\(\?|\{\d+,?\d*\}|\|")
"""What nobody writes but in a regular expression."""


class BadOperand(ValueError):
    """An operand that its operator cannot use; the message says what it wants."""


@dataclass(frozen=True)
class Operator:
    """`sql` is a clause on a column, `test` the same on a value; `denies` names its opposite, if it is one."""

    read: Callable[[Any], Any]
    sql: Callable[[Any, Any, Scope], Clause] | None = None
    test: Callable[[Any, Any, Scope], bool] | None = None
    denies: str = ""


@dataclass(frozen=True)
class Kind:
    """A kind of fact. `shorthand` is the operator meant by a bare operand, `measure` what operators are asked of."""

    name: str
    operators: Mapping[str, Operator]
    shorthand: str = ""
    measures: Mapping[str, "Kind"] = field(default_factory=dict)
    measure: str = ""

    def clause(self, column: Any, name: str, operand: Any, scope: Scope, some: Some) -> Clause:
        """The operator as a condition on the subject; NULL at the most where the value is missing."""
        if name in ("exists", "missing"):
            present = some(self._present(column))
            return present if (name == "exists") is operand else not_(present)
        operator = self.operators[name]
        if self.name == "set":
            return _set_clause(column, name, operand, some)
        if operator.denies:
            wrong = self.clause(column, operator.denies, operand, scope, some)
            return and_(some(self._present(column)), not_(wrong))
        assert operator.sql is not None
        return some(operator.sql(column, operand, scope))

    def test(self, value: Any, name: str, operand: Any, scope: Scope) -> bool:
        present = value not in (None, "") and not (self.name == "set" and not value)
        if name in ("exists", "missing"):
            return (present if name == "exists" else not present) is operand
        operator = self.operators[name]
        if not present and self.name != "set":
            return False
        if operator.denies:
            return not self.test(value, operator.denies, operand, scope)
        assert operator.test is not None
        return operator.test(value, operand, scope)

    def _present(self, column: Any) -> Clause:
        if self.name == "set" and is_json(column):
            return has_items(column)
        return and_(column.is_not(None), column != "") if self.name == "text" else column.is_not(None)


def _set_clause(column: Any, name: str, wanted: tuple[Any, ...], some: Some) -> Clause:
    def holds(value: Any) -> Clause:
        return func.coalesce(some(has_item(column, value) if is_json(column) else column == value), False)

    if name == "has_all":
        return and_(*(holds(value) for value in wanted))
    any_of = or_(*(holds(value) for value in wanted)) if is_json(column) else some(column.in_(wanted))
    return any_of if name == "has_any" else not_(func.coalesce(any_of, False))


# ── operands ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _text(raw: Any) -> str:
    if not isinstance(raw, str) or not raw:
        raise BadOperand(_("a text is wanted here, not {value!r}").format(value=raw))
    return raw


def _pattern(raw: Any) -> str:
    """A pattern for `matches`; one that was meant as a regular expression is refused instead of never fitting."""
    pattern = _text(raw)
    if len(pattern) > LONGEST_PATTERN:
        raise BadOperand(_("a pattern has at most {limit} characters").format(limit=LONGEST_PATTERN))
    if _REGULAR.search(pattern):
        raise BadOperand(
            _("{pattern!r} is a regular expression; here * stands for anything, such as 春*, and nothing else").format(
                pattern=pattern
            )
        )
    return pattern


def _number(raw: Any) -> int | float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise BadOperand(_("a number is wanted here, not {value!r}").format(value=raw))
    return raw


def _flag(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise BadOperand(_("true or false is wanted here, not {value!r}").format(value=raw))
    return raw


def list_of(read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    def read_list(raw: Any) -> tuple[Any, ...]:
        if not isinstance(raw, list) or not raw:
            raise BadOperand(_("a list such as [a, b] is wanted here, not {value!r}").format(value=raw))
        return tuple(read(item) for item in raw)

    return read_list


def pair_of(read: Callable[[Any], Any], *, ordered: bool = True) -> Callable[[Any], tuple[Any, Any]]:
    def read_pair(raw: Any) -> tuple[Any, Any]:
        if not isinstance(raw, list) or len(raw) != 2:
            raise BadOperand(_("two values such as [low, high] are wanted here, not {value!r}").format(value=raw))
        low, high = read(raw[0]), read(raw[1])
        if ordered and _is_after(low, high):
            raise BadOperand(_("{low} comes after {high}").format(low=raw[0], high=raw[1]))
        return low, high

    return read_pair


def _is_after(low: Any, high: Any) -> bool:
    if type(low) is not type(high) and not isinstance(low, int | float):
        raise BadOperand(_("both ends have to be days, or both moments"))
    return bool(low > high)


def _item(raw: Any) -> str | int:
    if isinstance(raw, bool) or not isinstance(raw, str | int) or raw == "":
        raise BadOperand(_("a text or a whole number is wanted here, not {value!r}").format(value=raw))
    return raw


def _dated(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read_or_say(raw: Any) -> Any:
        try:
            return read(raw)
        except ValueError as error:
            raise BadOperand(str(error)) from error

    return read_or_say


# ── operators ──────────────────────────────────────────────────────────────────────────────────────────────────────

_PRESENCE = {"exists": Operator(_flag), "missing": Operator(_flag)}

_TEXT = {
    "eq": Operator(_text, lambda c, o, _s: c == o, lambda v, o, _s: v == o),
    "ne": Operator(_text, denies="eq"),
    "in": Operator(list_of(_text), lambda c, o, _s: c.in_(o), lambda v, o, _s: v in o),
    "not_in": Operator(list_of(_text), denies="in"),
    "contains": Operator(
        _text, lambda c, o, _s: ascii_lower(c).contains(wildcard.lower(o), autoescape=True), wildcard.contains
    ),
    "not_contains": Operator(_text, denies="contains"),
    "starts_with": Operator(
        _text, lambda c, o, _s: ascii_lower(c).startswith(wildcard.lower(o), autoescape=True), wildcard.starts_with
    ),
    "ends_with": Operator(
        _text, lambda c, o, _s: ascii_lower(c).endswith(wildcard.lower(o), autoescape=True), wildcard.ends_with
    ),
    "matches": Operator(
        _pattern,
        lambda c, o, _s: ascii_lower(c).like(wildcard.as_like(o), escape=wildcard.ESCAPE),
        wildcard.matches,
    ),
}
_NUMBER = {
    "eq": Operator(_number, lambda c, o, _s: c == o, lambda v, o, _s: bool(v == o)),
    "ne": Operator(_number, denies="eq"),
    "gt": Operator(_number, lambda c, o, _s: c > o, lambda v, o, _s: bool(v > o)),
    "gte": Operator(_number, lambda c, o, _s: c >= o, lambda v, o, _s: bool(v >= o)),
    "lt": Operator(_number, lambda c, o, _s: c < o, lambda v, o, _s: bool(v < o)),
    "lte": Operator(_number, lambda c, o, _s: c <= o, lambda v, o, _s: bool(v <= o)),
    "between": Operator(pair_of(_number), lambda c, o, _s: c.between(*o), lambda v, o, _s: bool(o[0] <= v <= o[1])),
    "not_between": Operator(pair_of(_number), denies="between"),
    "in": Operator(list_of(_number), lambda c, o, _s: c.in_(o), lambda v, o, _s: v in o),
    "not_in": Operator(list_of(_number), denies="in"),
}
_DATE = {
    "before": Operator(_dated(dates.read_moment), dates.before, dates.is_before),
    "after": Operator(_dated(dates.read_moment), dates.after, dates.is_after),
    "between": Operator(pair_of(_dated(dates.read_moment)), dates.between, dates.is_between),
    "within": Operator(_dated(dates.read_window), dates.within, dates.is_within),
    "not_within": Operator(_dated(dates.read_window), denies="within"),
    "within_next": Operator(_dated(dates.read_window), dates.within_next, dates.is_within_next),
    "anniversary": Operator(_dated(dates.read_anniversary), dates.anniversary, dates.is_anniversary),
    "anniversary_in": Operator(_dated(dates.read_anniversary_in), dates.anniversary, dates.is_anniversary),
}
_LUNAR = {
    name: Operator(_dated(read), dates.lunar_anniversary, dates.is_lunar_anniversary)
    for name, read in (("anniversary", dates.read_anniversary), ("anniversary_in", dates.read_anniversary_in))
}
_age = _dated(dates.read_age)
_AGE = {
    "eq": Operator(_age, lambda c, o, s: (c <= dates.born_by(o, s)) & (c > dates.born_by(o + 1, s))),
    "ne": Operator(_age, denies="eq"),
    "gt": Operator(_age, lambda c, o, s: c <= dates.born_by(o + 1, s)),
    "gte": Operator(_age, lambda c, o, s: c <= dates.born_by(o, s)),
    "lt": Operator(_age, lambda c, o, s: c > dates.born_by(o, s)),
    "lte": Operator(_age, lambda c, o, s: c > dates.born_by(o + 1, s)),
    "between": Operator(
        pair_of(_age), lambda c, o, s: (c <= dates.born_by(o[0], s)) & (c > dates.born_by(o[1] + 1, s))
    ),
    "not_between": Operator(pair_of(_age), denies="between"),
}
"""Years of age, asked of a day of birth."""
_SET = {
    "has_any": Operator(list_of(_item), test=lambda v, o, _s: any(item in v for item in o)),
    "has_all": Operator(list_of(_item), test=lambda v, o, _s: all(item in v for item in o)),
    "has_none": Operator(list_of(_item), test=lambda v, o, _s: not any(item in v for item in o)),
}
_FLAG = {"is": Operator(_flag, lambda c, o, _s: c.is_(o), lambda v, o, _s: v is o)}
_SPAN = {
    "gt": Operator(_dated(dates.read_window), lambda c, o, s: c < s.now - o),
    "gte": Operator(_dated(dates.read_window), lambda c, o, s: c <= s.now - o),
    "lt": Operator(_dated(dates.read_window), lambda c, o, s: c > s.now - o),
    "lte": Operator(_dated(dates.read_window), lambda c, o, s: c >= s.now - o),
    "between": Operator(pair_of(_dated(dates.read_window)), lambda c, o, s: c.between(s.now - o[1], s.now - o[0])),
    "not_between": Operator(pair_of(_dated(dates.read_window)), denies="between"),
}
"""How long ago a moment is."""
_CLOCK = {
    "between": Operator(pair_of(_dated(dates.read_clock), ordered=False), test=dates.is_between_clocks),
    "not_between": Operator(pair_of(_dated(dates.read_clock), ordered=False), denies="between"),
}

TEXT = Kind("text", {**_TEXT, **_PRESENCE}, "eq")
NUMBER = Kind("number", {**_NUMBER, **_PRESENCE}, "eq")
DATE = Kind("date", {**_DATE, **_PRESENCE})
LUNAR = Kind("lunar", {**_LUNAR, **_PRESENCE})
AGE = Kind("age", {**_AGE, **_PRESENCE}, "eq")
SET = Kind("set", {**_SET, **_PRESENCE})
FLAG = Kind("flag", {**_FLAG, **_PRESENCE}, "is")
SECRET = Kind("secret", _PRESENCE)
CLOCK = Kind("clock", _CLOCK)
SPAN = Kind("span", {**_SPAN, **_PRESENCE})
RATIO = "ratio"
"""Of a behaviour: how often inside the window, as a share of how often in the window of the same length before it."""
_HAPPENED = {"exists": Operator(_flag), "never": Operator(_flag)}
_MEASURES = {
    "count": NUMBER, RATIO: NUMBER, "distinct_days": NUMBER, "sum": NUMBER, "avg": NUMBER, "most": NUMBER,
    "first_at": DATE, "last_at": DATE,
}  # fmt: skip
BEHAVIOUR = Kind("behaviour", _HAPPENED, measures=_MEASURES)


def _measured(measure: str) -> Kind:
    """A behaviour of which one measure is meant when none is named."""
    return Kind(f"behaviour_{measure}", {**_NUMBER, **_HAPPENED}, "eq", _MEASURES, measure)


COUNTED, DAYS, SUMMED, AVERAGED, MOST = (_measured(one) for one in ("count", "distinct_days", "sum", "avg", "most"))
KINDS = {
    kind.name: kind
    for kind in (
        TEXT, NUMBER, DATE, LUNAR, AGE, SPAN, SET, FLAG, SECRET, CLOCK, BEHAVIOUR, COUNTED, DAYS, SUMMED, AVERAGED,
        MOST,
    )
}  # fmt: skip
