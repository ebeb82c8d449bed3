"""The catalogue names nothing that has no test of its own, and explains itself in both languages."""

import ast
import re
from pathlib import Path

import pytest

from bot import i18n
from bot.settings import HOUSE
from bot.sop.catalogue import as_dict
from bot.sop.held_back import RULES

HERE = Path(__file__).parent
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def functions(*files: Path) -> set[str]:
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in files)
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)}


@pytest.mark.parametrize("part", ["triggers", "splits", "actions"])
def test_every_name_goes_through_the_whole_bot_in_a_test(part: str) -> None:
    tests = functions(HERE / f"test_{part}.py")
    names = {f"test_{item['name'].replace('.', '_')}" for item in as_dict()[part]}
    assert [name for name in sorted(names) if not any(test.startswith(name) for test in tests)] == []


@pytest.fixture
def chinese() -> object:
    before = i18n.current()
    i18n.use("zh_CN")
    yield
    i18n.use(before)


@pytest.mark.usefixtures("chinese")
def test_every_name_has_a_line_in_chinese() -> None:
    plain = [item["name"] for part in as_dict().values() for item in part if not CHINESE.search(item["summary"])]
    assert plain == []


def test_every_number_and_duration_has_its_unit_or_its_kind() -> None:
    for part in ("triggers", "splits", "actions"):
        for item in as_dict()[part]:
            for param in item["params"]:
                assert param["type"]
                assert param["type"] != "duration" or param["unit"], (item["name"], param)


def test_every_rule_that_holds_something_back_has_words() -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in (HOUSE / "bot").rglob("*.py"))
    named = set(re.findall(r'(?:Suppress|Refused)\(\s*"([^"]+)"', code))
    named |= set(re.findall(r'suppress\(turn, sop\.name, subject, "([^"]+)"', code))
    assert len(named) > 20
    assert named - set(RULES) == set()
