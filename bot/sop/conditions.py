"""Conditions: filters under all, any and not, as values and from YAML."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from bot.community.complaints import said
from bot.i18n import _
from bot.sop.filters import all_filters
from bot.sop.filters.kind import Filter
from bot.sop.filters.operators import RATIO, BadOperand, Kind
from bot.sop.filters.where import Property, read_where
from bot.sop.findings import did_you_mean
from bot.sop.reading import Reading
from bot.sop.source import Path


@dataclass(frozen=True)
class Test:
    """One operator with its operand; `measure` is the measure of a behaviour it is applied to."""

    operator: str
    operand: Any
    measure: str = ""


@dataclass(frozen=True)
class Leaf:
    """One filter and what it is asked; all of `tests` have to pass. `wanted` is what the file says.

    Of a behaviour: the window, what its properties have to be, and the property that sums are taken of.
    """

    filter: Filter
    tests: tuple[Test, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    wanted: Any = None
    line: int = 0
    within: timedelta | None = None
    where: tuple[Property, ...] = ()
    of: str = ""


@dataclass(frozen=True)
class AllOf:
    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class AnyOf:
    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """The complement: whoever is in the audience and does not meet `part`."""

    part: "Condition"


Condition = Leaf | AllOf | AnyOf | Not
ALWAYS = AllOf(())


def both(one: Condition, other: Condition) -> Condition:
    """Two conditions as one."""
    if ALWAYS in (one, other):
        return other if one == ALWAYS else one
    return AllOf((one, other))


def leaves(condition: Condition) -> Iterator[Leaf]:
    match condition:
        case Leaf():
            yield condition
        case Not(part):
            yield from leaves(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)


def parse_condition(reading: Reading, raw: Any, path: Path) -> Condition:
    """A condition from YAML; what is wrong is written down, and the part left out."""
    if not isinstance(raw, dict) or not raw:
        reading.fail("X103", path, _("a condition is wanted here, such as contact.city: 上海"))
        return ALWAYS
    parts = tuple(_part(reading, key, value, (*path, key)) for key, value in raw.items())
    return parts[0] if len(parts) == 1 else AllOf(parts)


def _part(reading: Reading, key: str, value: Any, path: Path) -> Condition:
    match key:
        case "all" | "any":
            if not isinstance(value, list) or not value:
                reading.fail("X103", path, _("`{key}` wants a list of conditions").format(key=key))
                return ALWAYS
            parts = tuple(parse_condition(reading, item, (*path, index)) for index, item in enumerate(value))
            return AllOf(parts) if key == "all" else AnyOf(parts)
        case "not":
            return Not(parse_condition(reading, value, path))
        case _:
            return _leaf(reading, key, value, path)


def _leaf(reading: Reading, name: str, raw: Any, path: Path) -> Condition:
    filter = all_filters().get(name)
    if filter is None:
        hint = did_you_mean(name, [*all_filters(), "all", "any", "not"])
        reading.fail("X107", path, _("there is no filter {name}.").format(name=name) + hint)
        return ALWAYS
    given = dict(raw) if isinstance(raw, dict) else {}
    own = {key: given.pop(key) for key in list(given) if key in filter.params.model_fields}
    params = _params(reading, filter, own, path)
    if filter.kind.measures:
        return _behaviour(reading, filter, params, given, raw, path)
    if own and not given and filter.kind.name == "flag":
        given = {"is": True}
    operators = given if isinstance(raw, dict) else _shorthand(reading, filter, raw, path)
    tests = tuple(_tests(reading, filter.kind, operators, path))
    if not tests and not reading.failed:
        _no_operator(reading, filter, path)
    return Leaf(filter, tests, params, raw, reading.line(path))


def _shorthand(reading: Reading, filter: Filter, raw: Any, path: Path) -> dict[str, Any]:
    if raw in ("exists", "missing") and raw in filter.kind.operators:
        return {raw: True}
    if filter.kind.shorthand and not isinstance(raw, list):
        return {filter.kind.shorthand: raw}
    _no_operator(reading, filter, path)
    return {}


def _no_operator(reading: Reading, filter: Filter, path: Path) -> None:
    known = ", ".join([*filter.kind.operators, *filter.kind.measures])
    reading.fail("X108", path, _("{name} wants one of: {operators}").format(name=filter.name, operators=known))


def _tests(reading: Reading, kind: Kind, operators: Mapping[str, Any], path: Path, measure: str = "") -> Iterator[Test]:
    for name, operand in operators.items():
        operator = kind.operators.get(name)
        if operator is None:
            known = [*kind.operators, *kind.measures]
            message = _("{operator} is not possible here; {known} are.").format(operator=name, known=", ".join(known))
            reading.fail("X108", (*path, name), message + did_you_mean(name, known))
            continue
        try:
            yield Test(name, operator.read(operand), measure)
        except (BadOperand, ValueError) as error:
            reading.fail("X109", (*path, name), f"{name}: {error}")


def _params(reading: Reading, filter: Filter, own: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    try:
        return dict(filter.params.model_validate(own, strict=True))
    except ValidationError as error:
        for one in error.errors():
            reading.fail("X109", (*path, *one["loc"]), "{}: {}".format(".".join(map(str, one["loc"])), said(one)))
        return {}


def _behaviour(
    reading: Reading, filter: Filter, params: Mapping[str, Any], given: dict[str, Any], raw: Any, path: Path
) -> Condition:
    """`{count: {gte: 2}, within: 30d, where: {product: 口红}}`; a bare `exists` means once or more.

    `of` names the property that `sum`, `avg` and `most` are taken of, where that is not the amount.
    """
    if raw in ("exists", "never"):
        given = {raw: True}
    elif filter.kind.measure and not isinstance(raw, dict):
        given = {filter.kind.shorthand: raw}
    within = reading.duration(given.pop("within"), (*path, "within")) if "within" in given else None
    where = _where(reading, given.pop("where", {}), (*path, "where"))
    of = reading.text(given.pop("of"), (*path, "of"), "of") if "of" in given else ""
    tests: list[Test] = []
    for key, value in given.items():
        if (measure := filter.kind.measures.get(key)) is not None:
            operators = value if isinstance(value, dict) else {measure.shorthand: value}
            tests += _tests(reading, measure, operators, (*path, key), key)
        else:
            asked_of = "" if key in ("exists", "never") else filter.kind.measure
            tests += _tests(reading, filter.kind, {key: value}, path, asked_of)
    if RATIO in given and within is None:
        reading.fail("X102", (*path, RATIO), _("`ratio` compares a window with the one before: give `within`"))
    if not tests and not reading.failed:
        _no_operator(reading, filter, path)
    return Leaf(filter, tuple(tests), params, raw, reading.line(path), within, where, of)


def _where(reading: Reading, raw: Any, path: Path) -> tuple[Property, ...]:
    try:
        return read_where(raw)
    except BadOperand as error:
        reading.fail("X109", path, str(error))
        return ()
