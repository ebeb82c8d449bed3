"""The language as JSON Schema, for editors: made from the code that reads SOPs.

Actions give their parameters, filters their operators; what an operator takes is found by handing it samples. A schema
cannot see what lint sees (names that do not exist, texts that are too long): it refuses what has the wrong shape.
"""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from bot.sop.actions import CHANNELS
from bot.sop.components import all_actions
from bot.sop.durations import UNITS
from bot.sop.filters import all_filters
from bot.sop.filters.kind import Filter
from bot.sop.filters.operators import KINDS, RATIO, Kind, Operator
from bot.sop.filters.time import WEEKDAYS
from bot.sop.parse import PRIORITIES
from bot.sop.parse_gates import OVERALL
from bot.sop.parse_trigger import BESIDE
from bot.sop.schema import PURPOSES, RESULTS
from bot.sop.scope import SUBJECTS
from bot.sop.triggers import TRIGGERS

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"

# ── single values ──────────────────────────────────────────────────────────────────────────────────────────────────

TEXT: Schema = {"type": "string", "minLength": 1}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
DURATION: Schema = {"type": "string", "pattern": rf"^\d{{1,6}}[{''.join(UNITS)}]$"}
DAY: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
MOMENT: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"}
CLOCK: Schema = {"type": "string", "pattern": r"^\d{2}:\d{2}$"}
EVENT: Schema = {"type": "string", "pattern": r"^[a-z_0-9]+(\.[a-z_0-9]+)+$"}
PERCENT: Schema = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": 100},
        {"type": "string", "pattern": r"^(100|\d{1,2}(\.\d+)?)%?$"},
    ]
}
COUNT: Schema = {"type": "integer", "minimum": 1}
CONDITION: Schema = {"$ref": "#/$defs/condition"}
STEPS: Schema = {"$ref": "#/$defs/steps"}
SAMPLES: list[tuple[Any, Schema]] = [
    ("a", TEXT),
    (2, NUMBER),
    (True, FLAG),
    ("7d", DURATION),
    ("2026-02-01", DAY),
    ("2026-02-01 08:00", MOMENT),
    ("08:30", CLOCK),
    ("today", {"const": "today"}),
]


def _shape(properties: Schema, required: tuple[str, ...] = ()) -> Schema:
    """An object with these keys and no others."""
    shape = {"type": "object", "properties": properties, "additionalProperties": False}
    return shape | ({"required": list(required)} if required else {"minProperties": 1})


def json_schema() -> Schema:
    """What `xiaoer sop schema` prints."""
    actions, below = _actions()
    return {
        "$schema": DIALECT,
        "title": "Xiaoer SOP",
        **_shape(HEAD, ("sop", "title", "subject", "trigger", "steps")),
        "$defs": {
            "steps": {"type": "array", "minItems": 1, "items": {"anyOf": [*actions, *_steps()]}},
            "condition": _condition(),
            **{kind.name: _kind(kind) for kind in KINDS.values()},
            **below,
        },
    }


# ── the head ───────────────────────────────────────────────────────────────────────────────────────────────────────

_CAP = _shape({"count": COUNT, "per": DURATION}, ("count", "per"))
_EXIT = _shape({"event": EVENT, "where": CONDITION}, ("event",))
_STOP_LOSS = _shape({"event": EVENT, "above": PERCENT, "min": COUNT, "within": DURATION}, ("event", "above"))
_BESIDE: Schema = {"offset": TEXT, "at": CLOCK, "workdays_only": FLAG}
METRIC = "metric.crossed"


def _metrics() -> list[Schema]:
    """What a line is written in depends on the figure."""
    both = (METRIC, "above")
    return [
        _shape({METRIC: {"enum": ["silence", "overdue"]}, "above": DURATION}, both),
        _shape({METRIC: {"const": "drop"}, "above": PERCENT}, both),
        _shape({METRIC: {"const": "flood"}, "above": COUNT, "within": DURATION}, both),
    ]


def _trigger() -> Schema:
    plain = {"enum": [name for name, kind in TRIGGERS.items() if not kind.params]}
    return {
        "anyOf": [
            plain,
            *(
                _shape({key: {}, **{one: _BESIDE[one] for one in more}}, (key,))
                for key, more in BESIDE.items()
                if key != METRIC
            ),
            *_metrics(),
        ]
    }


HEAD: Schema = {
    "sop": {"type": "string", "pattern": f"^({'|'.join(SUBJECTS)})/"},
    "title": TEXT,
    "subject": {"enum": list(SUBJECTS)},
    "trigger": _trigger(),
    "priority": {"anyOf": [{"enum": list(PRIORITIES)}, {"type": "integer", "minimum": 0, "maximum": 1000}]},
    "mutex": TEXT,
    "reentry": {"anyOf": [{"enum": ["never", "always"]}, _shape({"after": DURATION}, ("after",))]},
    "rollout": _shape(
        {
            "percent": PERCENT,
            "stages": {"type": "array", "minItems": 1, "items": PERCENT},
            "every": DURATION,
            "stop_loss": _STOP_LOSS,
        }
    ),
    "holdout": PERCENT,
    "purpose": {"enum": list(PURPOSES)},
    "dedupe": DURATION,
    "goal": _shape({"event": EVENT, "within": DURATION}, ("event", "within")),
    "exit_on": {"anyOf": [_EXIT, {"type": "array", "minItems": 1, "items": _EXIT}]},
    "deadline": DURATION,
    "when": CONDITION,
    "steps": STEPS,
    "frequency_cap": {"anyOf": [_CAP, _shape(dict.fromkeys((OVERALL, *CHANNELS), _CAP))]},
}


# ── steps ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Params(GenerateJsonSchema):
    """Parameters as YAML writes them: durations with a unit, one recipient or a list of them."""

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:
        return DURATION

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        found = super().function_before_schema(schema)
        takes_one = found.get("type") == "array" and schema["function"]["function"]("a") == ["a"]  # type: ignore[call-arg]
        return {"anyOf": [found["items"], found]} if takes_one else found


def _actions() -> tuple[list[Schema], Schema]:
    """A step for every action, and what their parameters refer to."""
    steps: list[Schema] = []
    below: Schema = {}
    for name, action in all_actions().items():
        params = action.params.model_json_schema(schema_generator=_Params)
        below |= params.pop("$defs", {})
        params.pop("title", None)
        properties = {"do": {"const": name}, "id": TEXT, **params.get("properties", {})}
        steps.append({**_shape(properties, ("do", *params.get("required", ()))), "description": action.summary})
    return steps, below


def _steps() -> list[Schema]:
    return [_shape({**properties, "id": TEXT}, required) for properties, required in STEPS_BY_KEY.values()]


_CASE = _shape({"name": TEXT, "when": CONDITION, "steps": STEPS}, ("when", "steps"))
_VARIANT = _shape({"weight": {"type": "integer", "minimum": 1, "maximum": 10_000}, "steps": STEPS}, ("weight",))
_WINNER = _shape({"event": EVENT, "within": DURATION, "min_sample": COUNT, "min_time": DURATION}, ("event",))
_UNTIL = _shape(
    {
        "time": CLOCK,
        "weekdays": {"type": "array", "minItems": 1, "items": {"enum": list(WEEKDAYS)}},
        "outside": {"type": "array", "minItems": 2, "maxItems": 2, "items": CLOCK},
        "workdays_only": FLAG,
        "date": MOMENT,
    }
)
STEPS_BY_KEY: dict[str, tuple[Schema, tuple[str, ...]]] = {
    "if": ({"if": CONDITION, "then": STEPS, "else": STEPS}, ("if", "then")),
    "branch": ({"branch": {"type": "array", "minItems": 1, "items": _CASE}, "default": STEPS}, ("branch", "default")),
    "branch_event": (
        {"branch_event": _shape({"event": EVENT, "since": TEXT}, ("event",)), "then": STEPS, "else": STEPS},
        ("branch_event", "then"),
    ),
    "branch_result": (
        {"branch_result": TEXT, "ways": _shape(dict.fromkeys(RESULTS, STEPS)), "default": STEPS},
        ("branch_result", "ways", "default"),
    ),
    "split": (
        {"split": {"type": "object", "minProperties": 2, "additionalProperties": _VARIANT}, "winner": _WINNER},
        ("split",),
    ),
    "wait": ({"wait": DURATION}, ("wait",)),
    "wait_until": ({"wait_until": _UNTIL}, ("wait_until",)),
    "wait_for": (
        {
            "wait_for": _shape({"event": EVENT, "within": DURATION, "where": CONDITION}, ("event", "within")),
            "then": STEPS,
            "timeout": STEPS,
        },
        ("wait_for",),
    ),
    "goal": ({"goal": {"const": True}}, ("goal",)),
    "exit": ({"exit": {"anyOf": [{"const": True}, TEXT]}}, ("exit",)),
}
"""Every kind of step but actions: its keys, and those it cannot do without."""


# ── conditions ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _condition() -> Schema:
    several = {"type": "array", "minItems": 1, "items": CONDITION}
    return _shape(
        {
            "all": several,
            "any": several,
            "not": CONDITION,
            **{name: _filter(one) for name, one in all_filters().items()},
        }
    )


def _filter(filter: Filter) -> Schema:
    params = filter.params.model_json_schema(schema_generator=_Params)
    if not params.get("properties"):
        return {"$ref": f"#/$defs/{filter.kind.name}", "description": filter.summary}
    shape = _shape({**_operators(filter.kind), **params["properties"]}, tuple(params.get("required", ())))
    return {
        "anyOf": [shape | _together(filter.kind), *(_short(filter.kind) if not params.get("required") else [])],
        "description": filter.summary,
    }


def _kind(kind: Kind) -> Schema:
    """What may be asked of a fact of a kind."""
    return {"anyOf": [_shape(_operators(kind)) | _together(kind), *_short(kind)]}


def _together(kind: Kind) -> Schema:
    """What has to stand beside what."""
    return {"dependentRequired": {RATIO: ["within"]}} if kind.measures else {}


def _operators(kind: Kind) -> Schema:
    found = {name: operand(operator) for name, operator in kind.operators.items()}
    if kind.measures:
        found |= {name: {"$ref": f"#/$defs/{measure.name}"} for name, measure in kind.measures.items()}
        found |= {"within": DURATION, "where": {"type": "object"}, "of": TEXT}
    return found


def _short(kind: Kind) -> list[Schema]:
    """What may be said without naming an operator."""
    bare = [name for name in ("exists", "missing", "never") if name in kind.operators]
    short = [operand(kind.operators[kind.shorthand])] if kind.shorthand else []
    return [*short, *([{"enum": bare}] if bare else [])]


def operand(operator: Operator) -> Schema:
    """What an operator takes: of the samples, those that it can read."""
    single = [schema for sample, schema in SAMPLES if _takes(operator, sample)]
    if not single:
        return {"anyOf": [many for sample, schema in SAMPLES if (many := _many(operator, sample, schema))]}
    return TEXT if TEXT in single else {"anyOf": single}


def _many(operator: Operator, sample: Any, schema: Schema) -> Schema:
    sizes = [size for size in (1, 2, 3) if _takes(operator, [sample] * size)]
    limits = {"maxItems": sizes[-1]} if sizes and sizes[-1] < 3 else {}
    return {"type": "array", "items": schema, "minItems": sizes[0], **limits} if sizes else {}


def _takes(operator: Operator, sample: Any) -> bool:
    try:
        operator.read(sample)
    except ValueError:
        return False
    return True
