"""A corpus of bad files: `xiaoer sop lint` catches each by the code, and on the line, that its first line names."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot import i18n
from bot.cli import cli
from bot.settings import HOUSE
from bot.sop.actions import Action
from bot.sop.codes import CODES, FIXES
from bot.sop.components import all_actions
from bot.sop.parse import parse

SOPS = HOUSE / "sops"
CORPUS = HOUSE / "tests" / "data" / "bad_sops"
BAD = sorted(CORPUS.rglob("*.yaml"))
WECOM = {
    "CORP_ID": "ww1", "AGENT_ID": "1", "SECRET": "s", "TOKEN": "t", "AES_KEY": "a" * 43,
}  # fmt: skip
"""WeCom alone is configured: what an official account would have to do is found."""
PROSE = re.compile(r"\b[a-zA-Z]{2,} [a-z]{2,} [a-z]{2,}")
"""Three English words in a row: a sentence that nobody translated."""

Lint = Callable[..., Result]


def expected(path: Path) -> tuple[str, int]:
    """`# X103 7`: the code and the line."""
    _hash, code, line = path.read_text(encoding="utf-8").split("\n", 1)[0].split()
    return code, int(line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the rules that are shipped, and one decent SOP to meet."""
    shutil.copytree(SOPS / "rules", tmp_path / "rules")
    (tmp_path / "contact").mkdir()
    shutil.copy(SOPS / "contact" / "welcome.yaml", tmp_path / "contact")
    return tmp_path


@pytest.fixture
def lint(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Lint:
    """Types `xiaoer sop lint …` beside that folder, in Chinese."""
    monkeypatch.setenv("XIAOER_SOPS", str(folder))
    monkeypatch.setenv("XIAOER_LANGUAGE", "zh_CN")
    for name, value in WECOM.items():
        monkeypatch.setenv(f"XIAOER_WECOM__{name}", value)
    return lambda *words: CliRunner().invoke(cli, ["sop", "lint", *map(str, words)], catch_exceptions=False)


def put(folder: Path, path: Path) -> Path:
    there = folder / path.relative_to(CORPUS)
    there.parent.mkdir(exist_ok=True)
    shutil.copy(path, there)
    return there


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_each_is_caught_by_the_right_code_on_the_right_line(lint: Lint, folder: Path, path: Path) -> None:
    there = put(folder, path)
    answer = lint(there)
    code, line = expected(path)
    [said] = answer.stdout.splitlines()
    assert said.startswith(f"{there}:{line}: {code} ")
    assert said.endswith(f" → {i18n.gettext(FIXES[code], 'zh_CN')}")
    assert not PROSE.search(said.removeprefix(str(there))), said
    assert answer.exit_code == 1


def test_the_corpus_is_large_and_knows_every_code() -> None:
    assert len(BAD) >= 60
    assert {expected(path)[0] for path in BAD} == set(CODES) - {"X128"}


def test_there_is_something_to_do_about_every_finding() -> None:
    assert set(FIXES) == set(CODES)


def test_nothing_is_found_in_what_is_shipped(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIAOER_SOPS", str(SOPS))
    everything = sorted(path for path in SOPS.rglob("*") if path.suffix == ".yaml")
    official = [line.split(": ")[1] for line in lint().stdout.splitlines()]
    assert {line.partition(" ")[0] for line in official} <= {"X123"}  # it waits for an official account
    for name in WECOM:
        monkeypatch.delenv(f"XIAOER_WECOM__{name}")
    for words in ([], [SOPS], everything):
        answer = lint(*words)
        assert (answer.stdout, answer.exit_code) == ("", 0)


def test_an_sop_that_cannot_begin_for_want_of_an_adapter_is_only_warned_of(lint: Lint, folder: Path) -> None:
    shutil.copy(SOPS / "contact" / "official.yaml", folder / "contact")
    answer = lint(folder / "contact" / "official.yaml")
    assert {line.split(": ")[1][:4] for line in answer.stdout.splitlines()} == {"X123"}
    assert answer.exit_code == 0


def test_a_mix_that_cannot_be_read_is_named(lint: Lint, folder: Path) -> None:
    (folder / "rules" / "mix.yaml").write_text("promotion:\n  most_percent: viel\n  words: [券]\n", encoding="utf-8")
    answer = lint()
    assert f"{folder}/rules/mix.yaml:2: X128 promotion.most_percent: 要写数字 → " in answer.stdout
    assert answer.exit_code == 1


def test_a_segment_is_checked_as_a_segment(lint: Lint, folder: Path) -> None:
    (folder / "segments").mkdir()
    path = folder / "segments" / "vip.yaml"
    path.write_text("segment: vip\ntitle: VIP\nsubject: contact\nwho: {contact.cty: 上海}\n", encoding="utf-8")
    [said] = lint(path).stdout.splitlines()
    assert said.startswith(f"{path}:4: X107 ")
    assert len(lint().stdout.splitlines()) == 1
    assert lint(folder / "contact").stdout == ""


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"\x89PNG\r\n\x1a\n\x00\xff", 1), ("title: 春".encode("gbk"), 1), (b"a: 1\n\xff", 2), (b"", 1), (b"\x00", 1)],
    ids=["picture", "gbk", "second line", "nothing", "zero byte"],
)
def test_a_file_that_is_no_text_is_named(lint: Lint, folder: Path, content: bytes, line: int) -> None:
    path = folder / "contact" / "x.yaml"
    path.write_bytes(content)
    [said] = lint(path).stdout.splitlines()
    assert said.startswith(f"{path}:{line}: X100 ")
    assert not PROSE.search(said.removeprefix(str(path))), said


def test_a_byte_order_mark_is_no_fault(lint: Lint, folder: Path) -> None:
    path = folder / "contact" / "welcome.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert (lint().stdout, lint().exit_code) == ("", 0)


@pytest.mark.parametrize("words", [["nowhere.yaml"], ["--colour"]])
def test_a_command_that_cannot_be_meant_ends_with_2(lint: Lint, words: list[str]) -> None:
    answer = lint(*words)
    assert (answer.exit_code, answer.stdout) == (2, "")


JUNK: list[Any] = [
    None,
    -1,
    10**9,
    1.5,
    "",
    [],
    {},
    "x" * 5000,
    [1] * 100,
    True,
    "x",
    ["x"],
    [{}],
    [{"image": 1}],
    {"a": 1},
]


@pytest.mark.parametrize("action", all_actions().values(), ids=lambda action: action.name)
def test_whatever_a_parameter_is_given_is_refused_in_the_readers_language(action: Action) -> None:
    """Every parameter of every action, with values that it cannot take; YAML takes JSON."""
    i18n.use("zh_CN")
    head = "sop: contact/a\ntitle: T\nsubject: contact\ntrigger: contact.added\n"
    for name in action.params.model_fields:
        for value in JUNK:
            body = f"steps: [{{do: {action.name}, {name}: {json.dumps(value)}}}]\n"
            _sop, findings = parse(head + body, "a.yaml", "contact/a")
            assert not [str(one) for one in findings if PROSE.search(one.message)]
