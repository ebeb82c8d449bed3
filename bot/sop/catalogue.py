"""The catalogue: everything an SOP can be made of, read from the code itself."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from bot.i18n import gettext
from bot.sop.actions import Action
from bot.sop.components import all_actions
from bot.sop.durations import Duration, spell_duration
from bot.sop.filters import all_filters
from bot.sop.filters.kind import Filter
from bot.sop.filters.operators import Kind
from bot.sop.gates import GATES, Gate
from bot.sop.schema import Branch, BranchEvent, BranchResult, Exit, Goal, If, Split, Wait, WaitFor, WaitUntil
from bot.sop.triggers import TRIGGERS, TriggerKind

Item = dict[str, Any]


def as_dict() -> dict[str, list[Item]]:
    """What `xiaoer catalogue --json` prints."""
    return {
        "triggers": [_trigger(kind) for kind in TRIGGERS.values()],
        "splits": [
            *(_item(name, "any", _summary(kind), params) for name, (kind, params) in _SPLITS.items()),
            *(_gate(gate) for gate in GATES),
        ],
        "actions": [_action(action) for action in all_actions().values()],
        "filters": [_filter(filter) for filter in all_filters().values()],
    }


def _param(name: str, kind: str, *, required: bool = True, unit: str = "") -> Item:
    return {"name": name, "type": kind, "required": required, **({"unit": unit} if unit else {})}


_DURATION_UNIT = "s, m, h, d, w"
UNITS: Mapping[str, str] = {
    "duration": _DURATION_UNIT,
    "share": "%",
    "time of day": "HH:MM",
    "days": "-7d, 0d, 3d",
    "cron": "minute hour day month weekday",
    "date": "YYYY-MM-DD HH:MM",
    "line": f"{_DURATION_UNIT}; messages; %",
}
"""How a value of each type is written."""
_STEPS, _CONDITION = "steps", "condition"
_SPLITS: Mapping[str, tuple[type, list[Item]]] = {
    "if": (If, [_param("if", _CONDITION), _param("then", _STEPS), _param("else", _STEPS, required=False)]),
    "branch": (Branch, [_param("branch", "list of {when, steps}"), _param("default", _STEPS)]),
    "branch_event": (
        BranchEvent,
        [
            _param("event", "event"),
            _param("since", "step", required=False),
            _param("then", _STEPS),
            _param("else", _STEPS, required=False),
        ],
    ),
    "branch_result": (
        BranchResult,
        [_param("branch_result", "step"), _param("ways", "steps by result"), _param("default", _STEPS)],
    ),
    "split": (Split, [_param("split", "variants {weight, steps}")]),
    "wait": (Wait, [_param("wait", "duration", unit=_DURATION_UNIT)]),
    "wait_until": (
        WaitUntil,
        [
            _param("time", "time of day", required=False, unit="HH:MM"),
            _param("weekdays", "list of weekdays", required=False),
            _param("outside", "window", required=False, unit="HH:MM"),
            _param("workdays_only", "flag", required=False),
            _param("date", "moment", required=False),
        ],
    ),
    "wait_for": (
        WaitFor,
        [
            _param("event", "event"),
            _param("within", "duration", unit=_DURATION_UNIT),
            _param("where", _CONDITION, required=False),
            _param("then", _STEPS, required=False),
            _param("timeout", _STEPS, required=False),
        ],
    ),
    "goal": (Goal, [_param("goal", "flag")]),
    "exit": (Exit, [_param("exit", "text")]),
}


def _summary(kind: type) -> str:
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def _item(name: str, subject: str, summary: str, params: list[Item], **more: Any) -> Item:
    return {"name": name, "subject": subject, "summary": gettext(summary), "params": params, **more}


def _gate(gate: Gate) -> Item:
    params = [_param(name, kind, required=False, unit=_unit(kind)) for name, kind in gate.params.items()]
    return _item(gate.name, "contact" if gate.only_contacts else "any", gate.summary, params)


def _unit(kind: str) -> str:
    return UNITS.get(kind, "")


def _trigger(kind: TriggerKind) -> Item:
    """What may be written; of the ways to tell a date one is needed, of the others the first."""
    given = kind.params or {}
    first = next(iter(given), "") if kind.name != "date" else ""
    params = [_param(name, type_, required=name == first, unit=_unit(type_)) for name, type_ in given.items()]
    return _item(kind.name, ", ".join(kind.subjects), kind.summary, params)


def _action(action: Action) -> Item:
    return _item(action.name, action.subject, action.summary, list(_fields(action.params)), needs=action.needs)


def _filter(filter: Filter) -> Item:
    params = [*_fields(filter.params), *_operators(filter.kind)]
    return _item(filter.name, ", ".join(filter.subjects), filter.summary, params, kind=filter.kind.name)


def _operators(kind: Kind) -> Iterable[Item]:
    if kind.measures:
        yield _param("within", "duration", required=False, unit=_DURATION_UNIT)
        yield _param("where", "properties", required=False)
        yield _param("of", "property", required=False)
    for name in [*kind.operators, *kind.measures]:
        yield _param(name, "operator", required=False)


def _fields(model: type[BaseModel]) -> Iterable[Item]:
    for name, field in model.model_fields.items():
        is_duration = field.annotation in _durations()
        item = _param(
            name,
            "duration" if is_duration else _type_name(field.annotation),
            required=field.is_required(),
            unit=_DURATION_UNIT if is_duration else "",
        )
        if field.default not in (PydanticUndefined, None, [], (), ""):
            item["default"] = spell_duration(field.default) if is_duration else field.default
        yield item


def _durations() -> tuple[Any, ...]:
    plain = get_args(Duration)[0]
    return plain, plain | None, Duration | None


_NAMES = {str: "text", int: "number", float: "number", bool: "flag"}


def _type_name(annotation: Any) -> str:
    if annotation in _NAMES:
        return _NAMES[annotation]
    inner = [one for one in get_args(annotation) if one is not type(None)]
    if str(annotation).startswith("list"):
        return f"list of {_type_name(inner[0])}"
    if inner:
        return _type_name(inner[0])
    return str(getattr(annotation, "__name__", annotation)).lower()
