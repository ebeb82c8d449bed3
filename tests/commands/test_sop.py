"""Trying out, publishing and taking back SOPs by command."""

from pathlib import Path

import pytest

from bot.model.tables import AuditRow, ContactTag
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


# ── segments ───────────────────────────────────────────────────────────────────────────────────────────────────────

MEIS = "segment: meis\ntitle: 梅们\nsubject: contact\nwho: {contact.name: Mei}\n"


def test_a_segment_is_counted_and_previewed(ask: Ask, listening: Community, folder: Path) -> None:
    assert ask("/segment") == "There is no segment yet."
    (folder / "segments").mkdir()
    (folder / "segments" / "meis.yaml").write_text(MEIS, encoding="utf-8")
    take_up(listening, folder)
    assert ask("/segment") == "meis · 梅们: 1 in it now"
    assert ask("/人群 梅们") == ask("/segment meis") == "meis · 梅们: 1 in it now\n  Mei #1"
    assert ask("/segment meise") == "there is no segment meise. Did you mean meis?"
    assert "in it now" not in ask("/segment meis", by="zhou")


# ── taking back ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_commands_have_tagged_is_shown_and_then_taken_back(ask: Ask, listening: Community) -> None:
    ask("/tag add Mei 兴趣/口红", by="zhou")
    shown = ask("/undo command 2h")
    assert "command gave 1 tags, 0 scores and 0 tasks, which can be taken back." in shown
    assert shown.endswith("To take it back, write: /undo command 2h yes")
    assert [tag.removed_at for tag in listening.rows(ContactTag)] == [None]
    assert "they are taken back" in ask("/撤销 command 2h 确认")
    assert all(tag.removed_at for tag in listening.rows(ContactTag))
    [call] = [call for call in listening.calls("externalcontact/mark_tag") if call.body.get("remove_tag")]
    assert call.body["remove_tag"] == ["etLIP"]
    [entry] = [row for row in listening.rows(AuditRow) if row.action == "undo"]
    assert (entry.actor, entry.target) == ("lin", "command")
    assert ask("/undo command 2h yes") == "Nothing of command is left to take back."
    assert "neither a moment" in ask("/undo command someday")
    assert "taken back" not in ask("/undo command 2h yes", by="zhou")
