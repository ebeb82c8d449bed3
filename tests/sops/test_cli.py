"""`xiaoer sop …` and `xiaoer undo`, as somebody types them."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot import settings as configuration
from bot.cli import cli, main
from bot.cli_sop.rehearse import hearing
from bot.model.calls import Call
from bot.model.events import Tracked
from bot.model.ids import ExternalUserId
from bot.model.tables import ContactTag, ExternalContact, FollowUser, InboxRow, OutboxRow, Suppression
from bot.sop.channels import channel_of, reached
from bot.storage.ledger import inbox
from bot.storage.work import Work
from tests.sops.town import START, Town

HELLO = "sop: contact/hello\ntitle: T\nsubject: contact\ntrigger: contact.added\n"
GIVES = "when: {contact.city: 上海}\nsteps: [{do: add_tag, tags: [渠道/春季]}, {do: message_staff, text: 来客了}]\n"

Type = Callable[..., Result]


@pytest.fixture
def xiaoer(town: Town, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Types a command, beside a town in which the SOP is in force and Mei has come."""
    monkeypatch.setenv("XIAOER_DATABASE_URL", town.database.url)
    monkeypatch.setenv("XIAOER_SOPS", str(town.folder))
    monkeypatch.setenv("XIAOER_LANGUAGE", "en")
    town.write("contact/hello", HELLO + GIVES)
    town.read()
    town.added()
    return lambda *words: CliRunner().invoke(cli, list(words), catch_exceptions=False)


@pytest.fixture
def refused(xiaoer: Type, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Types a command that cannot be done: what it says."""

    def type_it(words: str) -> str:
        monkeypatch.setattr("sys.argv", ["xiaoer", *words.split()])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        assert (end.value.code != 0, said.out) == (True, "")
        return said.err

    return type_it


def draft(town: Town, body: str) -> str:
    path = town.folder.parent / "draft" / "contact" / "hello.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(HELLO + body, encoding="utf-8")
    return str(path)


def test_simulate_takes_a_name_or_a_file(xiaoer: Type, town: Town) -> None:
    told = json.loads(xiaoer("sop", "simulate", "contact/hello", "--contacts", "12", "--json").output)
    assert 0 < told["entered"] < 12
    assert told["suppressed"] == {"when": 12 - told["entered"]}
    lines = xiaoer("sop", "simulate", draft(town, "steps: [{do: note, text: a}]\n"), "--contacts", "5").output
    assert "5 entered" in lines
    assert "     5  note:done" in lines


@pytest.mark.parametrize("command", ["simulate", "replay", "plan", "lint"])
def test_a_file_may_be_named_from_where_one_is(
    xiaoer: Type, town: Town, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(town.folder.parent)
    more = {"simulate": ["--contacts", "5"], "replay": ["--since", "2026-03-01"]}.get(command, [])
    assert xiaoer("sop", command, "sops/contact/hello.yaml", *more).exit_code == 0


def test_explain_says_why_with_what_was_found(xiaoer: Type) -> None:
    lines = xiaoer("sop", "explain", "1").output.splitlines()
    assert lines[0].startswith("contact/hello (version ")
    assert "    ✓ contact.city: wanted 上海, found 上海" in lines
    assert json.loads(xiaoer("sop", "explain", "wmMEI", "--json").output)["runs"][0]["sop"] == "contact/hello"


def test_undo_says_first_what_it_would_do(xiaoer: Type, town: Town) -> None:
    since = ("--since", "2026-03-01")
    assert (
        "1 tags, 0 scores and 0 tasks, which can be taken back"
        in xiaoer("undo", "contact/hello", *since, "--dry-run").output
    )
    assert town.rows(ContactTag)[0].removed_at is None
    lines = xiaoer("undo", "contact/hello", *since).output
    assert "they are taken back" in lines
    assert "message_staff (done)" in lines
    assert town.rows(ContactTag)[0].removed_at is not None


def test_publish_shows_the_plan_and_rollback_goes_back(xiaoer: Type, town: Town) -> None:
    path = draft(town, GIVES.replace("上海", "北京"))
    assert xiaoer("sop", "publish", path).exit_code == 1
    assert "上海" in (town.folder / "contact/hello.yaml").read_text(encoding="utf-8")
    lines = xiaoer("sop", "publish", path, "--yes").output
    assert "contact/hello: " in lines
    assert "北京" in (town.folder / "contact/hello.yaml").read_text(encoding="utf-8")
    town.read()
    xiaoer("sop", "rollback", "contact/hello")
    assert "上海" in (town.folder / "contact/hello.yaml").read_text(encoding="utf-8")


OFFER = """sop: contact/hello
title: T
subject: contact
trigger: {{event: page.viewed}}
purpose: service
when: {{contact.city: {city}}}
steps: [{{do: send_mass, text: {city}上新}}, {{wait: 2d}}, {{do: note, text: {city}}}]
"""


def everybody_looks(town: Town, day: int) -> None:
    """Ten people look at a page, and what the bot's handlers do about it is on record."""
    hear = hearing(configuration.load())

    def looks(work: Work, who: ExternalUserId) -> None:
        event = Tracked(at=work.now, name="page.viewed", event_id=f"{day}:{who}", external_user_id=who)
        work.record(event)
        hear(work, town.library, event)

    for number in range(10, 20):
        town.work(lambda work, number=number: looks(work, ExternalUserId(f"wm{number}")))  # type: ignore[misc]
    for row in town.rows(InboxRow):
        town.work(lambda work, row=row: inbox.finish(work.session, row, work.now))  # type: ignore[misc]


def messages(town: Town) -> Counter[str]:
    """What has been planned so far, by channel."""
    calls = [Call(row.endpoint, row.body) for row in town.rows(OutboxRow)]
    return Counter(channel for call in calls if (channel := channel_of(call)) for _whom in reached(call))


def test_what_a_plan_by_events_foretells_is_what_publishing_then_changes(
    xiaoer: Type, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli_sop.desk.CLOCK", town.clock)
    town.add(*(contact_of(number, ("上海", "杭州")[number % 2]) for number in range(10, 20)))
    town.add(*(FollowUser(contact_id=n, user_id="zhou", added_at=START, changed_at=START) for n in range(10, 20)))
    town.write("contact/hello", OFFER.format(city="上海"))
    town.read()
    everybody_looks(town, 1)
    old, sent = town.runs("contact/hello"), messages(town)
    town.advance(timedelta(days=1))
    path = draft(town, "")
    Path(path).write_text(OFFER.format(city="杭州"), encoding="utf-8")

    told = json.loads(xiaoer("sop", "plan", path, "--json").output)
    assert (len(told["joins"]), len(told["leaves"]), told["channels"]) == (5, 5, {"mass_send": 5})
    assert (town.runs("contact/hello"), messages(town)) == (old, sent)
    xiaoer("sop", "publish", path, "--yes")
    town.read()
    everybody_looks(town, 2)

    new = town.runs("contact/hello")[len(old) :]
    assert sorted(run.subject for run in new) == told["joins"]
    assert {run.digest for run in new} == {told["digest"]}
    assert messages(town) - sent == told["channels"]
    kept_out = [row.subject for row in town.rows(Suppression) if row.rule == "when"]
    assert sorted(kept_out[-5:]) == told["leaves"]
    town.advance(timedelta(days=3))
    assert [town.notes("contact/hello", place) for place in range(1, 11)] == [["上海"]] * 5 + [["杭州"]] * 5


def contact_of(number: int, city: str) -> ExternalContact:
    return ExternalContact(id=number, external_user_id=f"wm{number}", city=city, first_seen_at=START)


def test_replay_and_plan_speak_json(xiaoer: Type) -> None:
    told = json.loads(xiaoer("sop", "replay", "contact/hello", "--since", "2026-03-01", "--json").output)
    assert {"same", "only_was", "only_would"} <= set(told)
    assert json.loads(xiaoer("sop", "plan", "contact/hello", "--json").output)["joins"] == []


def test_a_segment_is_counted_with_examples_also_before_it_is_in_force(xiaoer: Type, town: Town) -> None:
    segment = town.folder / "segments" / "shanghai.yaml"
    segment.parent.mkdir()
    segment.write_text("segment: shanghai\ntitle: S\nsubject: contact\nwho: {contact.city: 上海}\n", encoding="utf-8")
    told = "shanghai · S: 1 in it now\n  梅 #1\n"
    assert [xiaoer("sop", "segment", *which).output for which in ([], ["shanghai"], [str(segment)])] == [told] * 3
    [found] = json.loads(xiaoer("sop", "segment", "shanghai", "--examples", "0", "--json").output)
    assert (found["count"], found["examples"]) == (1, [])


def test_lint_names_a_fix(xiaoer: Type, town: Town) -> None:
    answer = xiaoer("sop", "lint", draft(town, "steps: [{do: nte, text: a}]\n"))
    assert answer.exit_code == 1
    assert ":5: X106 " in answer.output
    assert "→ use an action that exists" in answer.output


def test_the_schema_is_json(xiaoer: Type) -> None:
    assert json.loads(xiaoer("sop", "schema").output)["title"] == "Xiaoer SOP"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("sop explain 99", "没有找到客户 99：请写编号、外部联系人 id 或完整名字"),
        ("sop explain 1 contact/helo", "没有名为 contact/helo 的流程。是不是 contact/hello？"),
        ("sop simulate hello", "没有名为 hello 的流程。是不是 contact/hello？"),
        ("sop segment vip", "没有名为 vip 的人群。"),
        ("sop segment nowhere.yaml", "没有这个文件：nowhere.yaml"),
        ("sop plan nowhere.yaml", "没有这个文件：nowhere.yaml"),
        ("sop rollback contact/hello", "contact/hello 没有更早的版本。"),
        ("sop rollback contact/hello --to ffff", "contact/hello 没有以 ffff 开头的版本。"),
        ("sop replay contact/hello --since 昨天吧", "昨天吧 既不是日期（例如 2026-02-01），也不是多久以前（例如 7d）"),
        ("undo contact/hello --since 2999-01-01", "2999-01-01 还没有到"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence_in_the_readers_language(
    refused: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, words: str, sentence: str
) -> None:
    monkeypatch.setenv("XIAOER_LANGUAGE", "zh_CN")
    assert sentence in refused(words)


def test_explain_finds_a_contact_by_name_too(xiaoer: Type) -> None:
    assert (
        xiaoer("sop", "explain", "梅").output
        == xiaoer("sop", "explain", "#1").output
        == xiaoer("sop", "explain", "1").output
    )


def test_a_database_without_tables_says_what_to_do(
    refused: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XIAOER_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    assert "run xiaoer migrate first" in refused("sop explain 1")
