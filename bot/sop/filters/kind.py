"""How a function becomes a filter: `@kind.text` above a function that names a column, or reads a value from the scope.

The function's name is the filter's name, its module the first half of it; the first line of its docstring is what
operators read. Parameters are the filter's own, given in YAML beside the operator. A function whose first parameter is
a `Scope` is pure: it returns a value of the event or the moment. Any other returns a column or an expression, and the
module's `REACH` says how a subject comes to it; it may ask for the moment by a parameter `scope`. A behaviour returns
its `Acts`.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model
from sqlalchemy import Table
from sqlmodel import SQLModel

from bot.sop.durations import Duration
from bot.sop.filters.operators import (
    AGE,
    AVERAGED,
    BEHAVIOUR,
    CLOCK,
    COUNTED,
    DATE,
    DAYS,
    FLAG,
    LUNAR,
    MOST,
    NUMBER,
    SECRET,
    SET,
    SPAN,
    SUMMED,
    TEXT,
    Kind,
)
from bot.sop.scope import SUBJECTS, Scope, Subject
from bot.storage.queries.segments import Clause, Expression
from bot.storage.statements import table_of


@dataclass(frozen=True)
class Reach:
    """How a subject comes to a fact: on its own row, or by the rows of `tables` for which `on` holds.

    `until` is the column of the moment from which on a row does not count any more, if it has one.
    """

    tables: tuple[Table, ...] = ()
    on: Callable[[Scope], Clause] | None = None
    until: Expression | None = None

    @property
    def is_own(self) -> bool:
        return not self.tables


OWN = Reach()


def through(*models: type[SQLModel], on: Callable[[Scope], Clause], until: Expression | None = None) -> Reach:
    return Reach(tuple(table_of(model) for model in models), on, until)


@dataclass(frozen=True)
class Acts:
    """The rows that a behaviour counts: which, when each happened, what it is worth, and a property of it by name.

    `names` are the behaviours that are counted, where they can be told.
    """

    which: Clause
    at: Expression
    worth: Expression
    value: Callable[[str, str], Expression]
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Filter:
    """One fact that can be asked for. `reach` is empty for facts of the event or the moment."""

    function: Callable[..., Any]
    kind: Kind
    reach: Mapping[Subject, Reach]

    @property
    def name(self) -> str:
        module = self.function.__module__.rpartition(".")[2]
        return f"{module}.{self.function.__name__.rstrip('_')}"

    @property
    def is_pure(self) -> bool:
        return not self.reach

    @property
    def subjects(self) -> tuple[Subject, ...]:
        return SUBJECTS if self.is_pure else tuple(self.reach)

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @cached_property
    def params(self) -> type[BaseModel]:
        """The filter's own parameters, from the function's signature."""
        given = [one for one in inspect.signature(self.function).parameters.values() if one.annotation is not Scope]
        fields: dict[str, Any] = {
            one.name: (
                Duration if one.annotation is timedelta else one.annotation,
                ... if one.default is inspect.Parameter.empty else one.default,
            )
            for one in given
        }
        return create_model(self.name, __config__=ConfigDict(extra="forbid"), **fields)

    def column(self, params: Mapping[str, Any], scope: Scope) -> Expression:
        found: Expression = self._asked(params, scope)
        return found

    def acts(self, params: Mapping[str, Any], scope: Scope) -> Acts:
        found: Acts = self._asked(params, scope)
        return found

    def _asked(self, params: Mapping[str, Any], scope: Scope) -> Any:
        return self.function(**params, scope=scope) if self._wants_scope else self.function(**params)

    @cached_property
    def _wants_scope(self) -> bool:
        return "scope" in inspect.signature(self.function).parameters

    def value(self, scope: Scope, params: Mapping[str, Any]) -> Any:
        return self.function(scope, **params)


Decorator = Callable[[Callable[..., Any]], Filter]


def _filter(kind: Kind, function: Callable[..., Any], reach: Mapping[Subject, Reach] | None) -> Filter:
    first = next(iter(inspect.signature(function).parameters.values()), None)
    if first is not None and first.annotation is Scope and first.kind is not first.KEYWORD_ONLY:
        return Filter(function, kind, {})
    return Filter(function, kind, reach or function.__globals__["REACH"])


def text(function: Callable[..., Any]) -> Filter:
    return _filter(TEXT, function, None)


def number(function: Callable[..., Any]) -> Filter:
    return _filter(NUMBER, function, None)


def date(function: Callable[..., Any]) -> Filter:
    return _filter(DATE, function, None)


def lunar(function: Callable[..., Any]) -> Filter:
    """A day that is celebrated by the Chinese calendar."""
    return _filter(LUNAR, function, None)


def age(function: Callable[..., Any]) -> Filter:
    """Years of age, by a day of birth."""
    return _filter(AGE, function, None)


def set(function: Callable[..., Any]) -> Filter:
    return _filter(SET, function, None)


def flag(function: Callable[..., Any]) -> Filter:
    return _filter(FLAG, function, None)


def secret(function: Callable[..., Any]) -> Filter:
    return _filter(SECRET, function, None)


def clock(function: Callable[..., Any]) -> Filter:
    return _filter(CLOCK, function, None)


def span(function: Callable[..., Any]) -> Filter:
    """How long ago a moment is."""
    return _filter(SPAN, function, None)


def behaviour(function: Callable[..., Any]) -> Filter:
    return _filter(BEHAVIOUR, function, None)


def counted(function: Callable[..., Any]) -> Filter:
    """A behaviour whose count is meant when no measure is named."""
    return _filter(COUNTED, function, None)


def days(function: Callable[..., Any]) -> Filter:
    return _filter(DAYS, function, None)


def summed(function: Callable[..., Any]) -> Filter:
    return _filter(SUMMED, function, None)


def averaged(function: Callable[..., Any]) -> Filter:
    return _filter(AVERAGED, function, None)


def most(function: Callable[..., Any]) -> Filter:
    return _filter(MOST, function, None)


def own(kind: Kind, *subjects: Subject) -> Decorator:
    """A fact of the subject itself, in a module whose other facts are on rows beside it."""
    return lambda function: _filter(kind, function, dict.fromkeys(subjects, OWN))


def own_number(*subjects: Subject) -> Decorator:
    return own(NUMBER, *subjects)


def own_date(*subjects: Subject) -> Decorator:
    return own(DATE, *subjects)


def own_flag(*subjects: Subject) -> Decorator:
    return own(FLAG, *subjects)


def own_text(*subjects: Subject) -> Decorator:
    return own(TEXT, *subjects)


def own_span(*subjects: Subject) -> Decorator:
    return own(SPAN, *subjects)


def text_over(reach: Mapping[Subject, Reach]) -> Decorator:
    """A text that is reached in another way than the rest of its module."""
    return lambda function: _filter(TEXT, function, reach)


def set_over(reach: Mapping[Subject, Reach]) -> Decorator:
    """A set that is reached in another way than the rest of its module."""
    return lambda function: _filter(SET, function, reach)
