"""A corpus of bad files: each is caught by the code, and on the line, that its first line names."""

import shutil
from pathlib import Path

import pytest

from bot.settings import HOUSE
from bot.sop.findings import Finding
from bot.sop.lint import CODES, lint
from bot.sop.lint_library import FIXES, LIBRARY_CODES, fix_of, lint_library

SOPS = HOUSE / "sops"
CORPUS = HOUSE / "tests" / "data" / "bad_sops"
BAD = sorted(CORPUS.rglob("*.yaml"))
ABLE = frozenset({"wecom"})
"""WeCom alone is configured: what an official account would have to do is found."""


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


def found(folder: Path, path: Path) -> list[Finding]:
    there = folder / path.relative_to(CORPUS)
    there.parent.mkdir(exist_ok=True)
    shutil.copy(path, there)
    return [*lint([there], folder, SOPS / "media", ABLE), *lint_library([there], folder)]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_each_is_caught_by_the_right_code_on_the_right_line(folder: Path, path: Path) -> None:
    findings = found(folder, path)
    assert {(one.code, one.line) for one in findings} == {expected(path)}, findings
    assert all(fix_of(one.code) for one in findings)


def test_the_corpus_is_large_and_knows_every_code() -> None:
    assert len(BAD) >= 60
    assert {expected(path)[0] for path in BAD} == set(CODES) | set(LIBRARY_CODES)


def test_there_is_something_to_do_about_every_finding() -> None:
    assert set(FIXES) == set(CODES) | set(LIBRARY_CODES)


def test_nothing_is_found_in_what_is_shipped() -> None:
    able = ABLE | {"official", "official.custom_message"}
    assert [*lint([SOPS], SOPS, SOPS / "media", able), *lint_library([SOPS], SOPS)] == []
