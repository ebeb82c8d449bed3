"""Trying out, publishing and taking back SOPs by command."""

from pathlib import Path

import pytest

from bot.sop.library import load
from bot.sop.publish import publish
from tests.commands.conftest import Ask
from tests.community.people import Community

TEXT = "sop: contact/hello\ntitle: Hello\nsubject: contact\ntrigger: contact.added\nsteps: [{{do: note, text: {}}}]\n"


@pytest.fixture
def folder(listening: Community, tmp_path: Path) -> Path:
    """A folder with one SOP in force, and a draft of it."""
    folder = tmp_path / "sops"
    for place, words in (("contact", "old"), ("drafts/contact", "new")):
        (folder / place).mkdir(parents=True)
        (folder / place / "hello.yaml").write_text(TEXT.format(words), encoding="utf-8")
    take_up(listening, folder)
    return folder


def take_up(listening: Community, folder: Path) -> None:
    """What a running bot does when the folder has changed."""
    library, findings = load(folder)
    assert findings == []
    listening.library = listening.work(lambda work: publish(work, library))


def test_a_draft_is_simulated_by_name(ask: Ask, folder: Path) -> None:
    told = ask("/sop simulate contact/hello")
    assert "20 entered" in told
    assert "note:done" in told


def test_publishing_shows_the_change_and_wants_its_version(ask: Ask, folder: Path) -> None:
    told = ask("/流程 发布 contact/hello")
    assert "-steps: [{do: note, text: old}]" in told
    assert "+steps: [{do: note, text: new}]" in told
    version = told.rsplit(" ", 1)[1]
    assert "has changed" in ask("/sop publish contact/hello 00000000")
    assert "text: old" in (folder / "contact/hello.yaml").read_text()
    assert f"in force as version {version}" in ask(f"/sop publish contact/hello {version}")
    assert "text: new" in (folder / "contact/hello.yaml").read_text()


def test_an_earlier_version_comes_back(ask: Ask, listening: Community, folder: Path) -> None:
    version = ask("/sop publish contact/hello").rsplit(" ", 1)[1]
    ask(f"/sop publish contact/hello {version}")
    take_up(listening, folder)
    newer, older, _how = ask("/sop rollback contact/hello").splitlines()
    assert newer.startswith(version)
    assert "in force" in ask(f"/sop rollback hello {older.split()[0]}")
    assert "text: old" in (folder / "contact/hello.yaml").read_text()


def test_a_draft_that_lint_refuses_is_not_published(ask: Ask, folder: Path) -> None:
    (folder / "drafts/contact/hello.yaml").write_text(TEXT.format("'{{ contact.nme }}'"), encoding="utf-8")
    assert "X120" in ask("/sop publish contact/hello")


def test_a_name_does_not_lead_out_of_the_drafts(ask: Ask, folder: Path) -> None:
    (folder.parent / "secret.yaml").write_text(TEXT.format("secret"), encoding="utf-8")
    assert "There is no SOP" in ask("/sop publish ../../secret")


def test_who_is_no_manager_may_not(ask: Ask, folder: Path) -> None:
    assert "in force" not in ask("/sop publish contact/hello", by="zhou")
