"""The commands that look after the memory, as somebody types them."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
import orjson
import pytest
from click.testing import CliRunner, Result
from sqlmodel import Session, select

from bot.clock import SystemClock
from bot.errors import BadInput, NotFound
from bot.model.tables import AuditRow, OutboxRow
from bot.storage.database import Database
from bot.upkeep import backup, failures, restore
from tests import blank

T = TypeVar("T")


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with one call of each bad ending, and settings that name it."""
    url = blank.sqlite(tmp_path / "xiaoer.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XIAOER_DATABASE_URL", url)
    monkeypatch.setenv("XIAOER_LANGUAGE", "en")
    now = SystemClock().now()

    def fill(session: Session) -> None:
        for number, state in enumerate(("failed", "unknown", "expired"), 1):
            session.add(OutboxRow(id=number, platform="wecom", endpoint="message/send", state=state, planned_at=now,
                                  ready_at=now, finished_at=now, errcode=60020, reason="not allowed"))  # fmt: skip

    inside(url, fill)
    return url


def inside(url: str, do: Callable[[Session], T]) -> T:
    database = Database(url)
    try:
        return database.run_here(do)
    finally:
        database.close()


def states(url: str) -> dict[int | None, str]:
    return inside(url, lambda session: {row.id: row.state for row in session.exec(select(OutboxRow))})


def run(command: click.Command, *words: str) -> Result:
    return CliRunner().invoke(command, words)


def test_failures_are_listed_for_people_and_for_programs(url: str) -> None:
    told = run(failures, "list").output
    assert "C1 · message/send · failed · 60020 this machine's address is not among the app's trusted IPs" in told
    found = orjson.loads(run(failures, "list", "--json").output)
    assert {(one["name"], one["state"]) for one in found} == {("C1", "failed"), ("C2", "unknown"), ("C3", "expired")}
    assert "trusted IPs" in run(failures, "show", "C1").output


def test_several_are_sent_again_together_or_none_of_them(url: str) -> None:
    refused = run(failures, "retry", "C1", "C2", "C3")
    assert isinstance(refused.exception, BadInput)
    assert states(url) == {1: "failed", 2: "unknown", 3: "expired"}
    assert run(failures, "retry", "C1", "C2", "C3", "--sure").exit_code == 0
    assert states(url) == {1: "planned", 2: "planned", 3: "planned"}
    written = inside(url, lambda session: list(session.exec(select(AuditRow))))
    assert {(row.actor.partition(":")[0], row.target) for row in written} == {
        ("cli", name) for name in ("C1", "C2", "C3")
    }


def test_what_is_let_go_is_gone_from_the_list(url: str) -> None:
    assert run(failures, "drop", "C1", "C2", "C3").exit_code == 0
    assert run(failures, "list").output == "Nothing has failed.\n"
    assert isinstance(run(failures, "show", "C1").exception, NotFound)


def test_a_backup_is_taken_and_put_back_by_command(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(backup, "copy.db").exit_code == 0
    assert isinstance(run(backup, "copy.db").exception, BadInput)
    elsewhere = f"sqlite:///{tmp_path}/elsewhere/xiaoer.db"
    monkeypatch.setenv("XIAOER_DATABASE_URL", elsewhere)
    assert run(restore, "copy.db").output == "The memory is as it was: copy.db\n"
    assert states(elsewhere) == states(url)


def test_the_command_says_in_one_line_what_is_wrong(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "failures", "show", "C99"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "xiaoer: there is no failure C99\n")
