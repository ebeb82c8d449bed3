"""Conditions on the properties of what somebody did: `where: {product: 口红, amount: {gte: 100}}`.

What is wanted says what the property has to be: a text, a number or a flag. A property of another type is missing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from bot.i18n import _
from bot.sop.filters.operators import FLAG, NUMBER, TEXT, BadOperand, Kind
from bot.sop.findings import did_you_mean
from bot.sop.scope import Scope
from bot.storage.queries.segments import Clause, Expression


@dataclass(frozen=True)
class Property:
    """One property and what is asked of it; `wanted` is what the file says."""

    name: str
    kind: Kind
    operator: str
    operand: Any
    wanted: Any = None


Value = Callable[[str, str], Expression]
"""A property as SQL, by its name and the type it has to be of."""


def read_where(raw: Any) -> tuple[Property, ...]:
    """Raises `BadOperand`."""
    if isinstance(raw, tuple):
        return raw
    if not isinstance(raw, Mapping) or not all(isinstance(name, str) and '"' not in name for name in raw):
        raise BadOperand(_("`where` wants properties and what they are, such as product: 口红 or amount: {gte: 100}"))
    return tuple(one for name, asked in raw.items() for one in _read(name, asked))


def _read(name: str, asked: Any) -> Iterator[Property]:
    if not isinstance(asked, Mapping):
        asked = {_kind_of(asked).shorthand: asked}
    if not asked:
        raise BadOperand(_("{name} is asked for nothing").format(name=name))
    kind = _kind_of(*(one for operand in asked.values() for one in _each(operand)))
    for operator, operand in asked.items():
        if operator not in kind.operators:
            raise BadOperand(
                _("{operator} is not an operator of a {kind}.").format(operator=operator, kind=kind.name)
                + did_you_mean(operator, kind.operators)
            )
        yield Property(name, kind, operator, kind.operators[operator].read(operand), {operator: operand})


def _each(operand: Any) -> list[Any]:
    return operand if isinstance(operand, list) else [operand]


def _kind_of(*operands: Any) -> Kind:
    plain = [one for one in operands if one is not None]
    if plain and all(isinstance(one, bool) for one in plain):
        return FLAG
    return NUMBER if plain and all(isinstance(one, int | float) for one in plain) else TEXT


def clauses(where: tuple[Property, ...], value: Value, scope: Scope) -> list[Clause]:
    return [
        one.kind.clause(value(one.name, one.kind.name), one.operator, one.operand, scope, lambda found: found)
        for one in where
    ]


Where = Annotated[
    tuple[Property, ...],
    BeforeValidator(read_where),
    WithJsonSchema({"type": "object", "additionalProperties": True}),
]
"""The parameter type of conditions on properties."""
