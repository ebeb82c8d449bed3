"""Every filter with every operator of its kind, asked of everybody and of one."""

from collections.abc import Iterator

import pytest
from pydantic.fields import FieldInfo

from bot.sop import segments
from bot.sop.filters import all_filters
from bot.sop.filters.operators import KINDS
from bot.storage.work import Work
from tests.filters.asking import condition, scope
from tests.sops.town import Town

OPERANDS = {
    "text": {
        "eq": "a", "ne": "a", "in": "[a]", "not_in": "[a]", "contains": "a%", "not_contains": "a", "starts_with": "a",
        "ends_with": "a", "matches": "'*a*'",
    },
    "number": {
        "eq": "1", "ne": "1", "gt": "1", "gte": "1", "lt": "1", "lte": "1", "between": "[1, 2]",
        "not_between": "[1, 2]", "in": "[1]", "not_in": "[1]",
    },
    "date": {
        "before": "2026-01-01", "after": "2026-01-01", "between": "[2026-01-01, 2026-02-01]", "within": "7d",
        "not_within": "7d", "within_next": "7d", "anniversary": "7d", "anniversary_in": "today",
    },
    "lunar": {"anniversary": "7d", "anniversary_in": "7d"},
    "age": {
        "eq": "18", "ne": "18", "gt": "18", "gte": "18", "lt": "18", "lte": "18", "between": "[18, 30]",
        "not_between": "[18, 30]",
    },
    "set": {"has_any": "[a, 1]", "has_all": "[a, 2]", "has_none": "[a]"},
    "flag": {"is": "true"},
    "secret": {},
    "clock": {"between": "['22:00', '08:00']", "not_between": "['22:00', '08:00']"},
    "behaviour": {
        "exists": "true", "never": "true", "count": "{gte: 1}", "ratio": "{lte: 1}, within: 7d",
        "distinct_days": "{gte: 1}", "sum": "{gte: 1}", "avg": "{gte: 1}", "most": "{gte: 1}",
        "first_at": "{within: 7d}", "last_at": "{before: 2026-01-01}",
    },
    "span": {
        "gt": "1d", "gte": "1d", "lt": "1d", "lte": "1d", "between": "[1d, 2d]", "not_between": "[1d, 2d]",
    },
}  # fmt: skip
OPERANDS |= {kind: {**OPERANDS["number"], **OPERANDS["behaviour"]} for kind in KINDS if kind.startswith("behaviour_")}
PRESENCE = {"exists": "true", "missing": "true"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(tmp_path_factory.mktemp("filters"))
    yield town
    town.database.close()


def _given(field: FieldInfo) -> str:
    return "x" if field.annotation is str else "3d"


@pytest.mark.parametrize("name", sorted(all_filters()))
def test_a_filter_answers_whatever_its_kind_allows(place: Town, name: str) -> None:
    filter = all_filters()[name]
    required = {name: field for name, field in filter.params.model_fields.items() if field.is_required()}
    own = "".join(f"{name}: {_given(field)}, " for name, field in required.items())
    operands = dict(OPERANDS[filter.kind.name])
    if "missing" in filter.kind.operators:
        operands |= PRESENCE
    assert set(operands) == {*filter.kind.operators, *filter.kind.measures}

    def ask(work: Work) -> None:
        for subject in filter.subjects:
            around = scope(place, subject, user_id="zhou")
            everybody = segments.members(work.session, condition("time.month: exists"), around)
            for operator, operand in operands.items():
                asked = condition(f"{name}: {{{own}{operator}: {operand}}}")
                members = segments.members(work.session, asked, around)
                alone = [one for one in everybody if segments.judge(work.session, asked, around, one).passed]
                assert alone == members, (subject, operator)

    place.work(ask)
