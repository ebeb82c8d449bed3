"""The schema says what the code reads: no more, no less."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.settings import HOUSE
from bot.sop import source
from bot.sop.components import all_actions
from bot.sop.filters import all_filters
from bot.sop.filters.operators import KINDS
from bot.sop.json_schema import HEAD, STEPS_BY_KEY, json_schema, operand
from bot.sop.parse import KEYS
from bot.sop.parse_steps import Steps
from bot.sop.parse_trigger import BESIDE
from bot.sop.reading import Reading
from bot.sop.source import Source

SCHEMA: dict[str, Any] = json.loads(json.dumps(json_schema()))
VALIDATOR = Draft202012Validator(SCHEMA)
SHIPPED = [path for part in ("contact", "group", "staff") for path in sorted((HOUSE / "sops" / part).glob("*.yaml"))]
SHAPES = ("X101", "X102", "X103", "X104", "X105", "X106", "X107", "X108", "X109", "X111", "X113", "X124")
"""What a shape can be wrong about; the rest is about meaning."""
BEYOND_A_SHAPE = {
    "between_the_wrong_way", "window_of_nothing", "wait_nothing", "waits_for_nothing", "alert_to_everybody",
    "attach_a_program", "attach_outside", "sms_value_missing",
}  # fmt: skip
"""Bad files with such a code whose fault is one of meaning."""


def value(path: Path) -> Any:
    return json.loads(json.dumps(source.read(path.read_text(encoding="utf-8")).value, default=str))


def bad() -> list[Path]:
    found = sorted((HOUSE / "tests" / "data" / "bad_sops").rglob("*.yaml"))
    return [path for path in found if path.read_text().split()[1] in SHAPES and path.stem not in BEYOND_A_SHAPE]


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_is_shipped_fits(path: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(value(path))] == []


@pytest.mark.parametrize("path", bad(), ids=lambda path: path.stem)
def test_a_bad_shape_does_not_fit(path: Path) -> None:
    assert not VALIDATOR.is_valid(value(path))


def test_it_has_every_key_step_action_filter_and_trigger_of_the_code() -> None:
    assert set(HEAD) == set(KEYS)
    reading = Steps(Reading("", Source(None)))
    assert {"do", *STEPS_BY_KEY} == set(reading._kinds())
    steps = SCHEMA["$defs"]["steps"]["items"]["anyOf"]
    assert {one["properties"]["do"]["const"] for one in steps if "do" in one["properties"]} == set(all_actions())
    assert set(SCHEMA["$defs"]["condition"]["properties"]) == {"all", "any", "not", *all_filters()}
    shapes = [one for one in HEAD["trigger"]["anyOf"] if "properties" in one]
    assert {next(iter(one["properties"])): set(one["properties"]) for one in shapes} == {
        key: {key, *beside} for key, beside in BESIDE.items()
    }


def test_an_action_has_the_parameters_of_its_code() -> None:
    for one in SCHEMA["$defs"]["steps"]["items"]["anyOf"]:
        if "do" in one["properties"]:
            params = all_actions()[one["properties"]["do"]["const"]].params
            assert set(one["properties"]) == {"do", "id", *params.model_fields}
            needed = {name for name, field in params.model_fields.items() if field.is_required()}
            assert set(one["required"]) == {"do", *needed}


def test_every_operator_takes_something() -> None:
    for kind in KINDS.values():
        for name, operator in kind.operators.items():
            assert operand(operator) != {"anyOf": []}, f"{kind.name} {name}"
