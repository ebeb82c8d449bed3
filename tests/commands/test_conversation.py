"""The app conversation: who is answered, how often, and with what."""

import pytest

from bot import i18n
from bot.model.events import StaffWrote
from bot.model.ids import UserId
from bot.model.tables import AuditRow, CustomerGroup, OutboxRow, Staff
from bot.settings import RoleSettings, Settings
from bot.storage.work import Work
from handlers.commands.command import Command, commands, registry
from handlers.commands.parse import parse
from tests.commands.conftest import Ask
from tests.community.people import Community


def test_a_line_that_is_delivered_again_is_answered_once(listening: Community) -> None:
    line = StaffWrote(at=listening.clock.now(), user_id=UserId("lin"), message_id="7", text="/help")
    for _delivery in range(4):
        listening.handle(line)
    assert len(listening.texts()) == 1
    assert len(listening.rows(AuditRow)) == 1


def test_text_without_a_slash_gets_a_hint_once_a_day(ask: Ask, listening: Community) -> None:
    assert "/help" in ask("good morning")
    assert ask("and how are you?") == ""
    assert "/help" in ask("good morning", by="zhou")
    listening.pass_time(24 * 60)
    assert "/help" in ask("good morning")


def test_a_day_of_hints_ends_at_midnight_in_shanghai(ask: Ask, listening: Community) -> None:
    listening.pass_time(13 * 60)  # 23:00 there
    assert ask("good evening")
    listening.pass_time(61)
    assert ask("good morning")


def test_an_unknown_command_leads_to_the_one_that_was_meant(ask: Ask) -> None:
    assert ask("/reprot week") == "I do not know /reprot. Did you mean /report? /help shows everything."
    assert ask("/报表") == "I do not know /报表. Did you mean /报告? /help shows everything."
    assert ask("/xyzzy") == "I do not know /xyzzy. /help shows what I can do."


def test_nobody_is_led_to_what_they_may_not_do(ask: Ask) -> None:
    assert "report" not in ask("/reprot week", by="zhou").replace("/reprot", "")


def test_a_refusal_is_one_line_and_changes_nothing(ask: Ask, listening: Community) -> None:
    assert ask("/report week", by="zhou") == "That is for community managers only."
    [row] = listening.rows(AuditRow)
    assert (row.actor, row.action, row.detail) == ("zhou", "command.report", {"outcome": "refused"})


def test_whom_the_directory_does_not_name_is_refused(ask: Ask, listening: Community) -> None:
    refusal = "I do not know you yet: the directory does not name you as active staff."
    assert ask("/help", by="stranger") == refusal
    listening.add(Staff(user_id="gone", name="Gone", status=5))
    assert ask("/help", by="gone") == refusal


def test_a_manager_who_has_left_manages_no_more(ask: Ask, listening: Community) -> None:
    def leave(work: Work) -> None:
        lin = work.session.get(Staff, "lin")
        assert lin is not None
        lin.status = 5

    listening.work(leave)
    assert "I do not know you" in ask("/report")


def test_user_ids_are_compared_without_case(ask: Ask) -> None:
    assert "What you can write" in ask("/help", by="LIN")


def test_help_shows_what_the_reader_may_do_in_the_reader_s_language(ask: Ask) -> None:
    for_lin, for_zhou = ask("/help"), ask("/help", by="zhou")
    assert "/report [day|week|month] · Report on the community, up to yesterday" in for_lin
    assert "/report" not in for_zhou
    assert "/lead" in for_zhou
    assert "/post" in for_zhou, "Zhou owns a group"


def test_help_on_one_command_shows_its_forms(ask: Ask) -> None:
    told = ask("/帮助 线索")
    assert "/lead claim ID" in told
    assert "/lead hand ID to USER" in told
    assert ask("/help report", by="zhou") == "There is no command /report for you."


def test_an_error_shows_the_right_form_in_one_line(ask: Ask) -> None:
    assert ask("/report yearly") == "“yearly” does not fit. Write: /report [day|week|month]"
    assert ask("/lead claim") == "Something is missing. Write: /lead claim ID"
    assert ask("/lead claim x") == "“x” does not fit. Write: /lead claim ID"
    assert ask("/lead claim 99") == "There is no lead 99."
    assert ask("/tag paint Mei x").startswith("“paint” does not fit.")
    assert ask('/who "Mei') == 'A quotation is not closed: "Mei'
    for line in ("/lead claim 999999999999", "/lead claim -1", "/post status 99999999999999999999"):
        assert "\n" not in ask(line)


def test_a_long_answer_comes_in_pieces_that_keep_their_order(ask: Ask, listening: Community) -> None:
    names = [f"很长很长很长的群名{n}" * 6 for n in range(30)]
    listening.add(*(CustomerGroup(chat_id=f"wr{n}", name=name, owner="zhou") for n, name in enumerate(names)))
    ask("/groups", message_id="long")
    rows = [row for row in listening.rows(OutboxRow) if (row.dedupe_key or "").startswith("answer:long")]
    assert 1 < len(rows) <= 4
    assert {row.subject for row in rows} == {"staff:lin"}
    assert all(len(row.body["text"]["content"].encode()) <= 2048 for row in rows)


def test_an_admin_may_do_everything(ask: Ask, listening: Community) -> None:
    listening.settings = Settings.model_construct(language="en", roles=RoleSettings(admin=["Boss"]))
    assert "/report" in ask("/help", by="boss")
    assert "/report" not in ask("/help", by="lin")


def test_every_command_has_a_chinese_name_a_meaning_and_a_form_that_begins_with_its_name() -> None:
    for command in commands():
        assert any(not name.isascii() for name in command.names), command.names
        for verb in (command, *command.verbs):
            assert verb.meaning, command.names
            assert "." not in verb.meaning
            assert verb.form.startswith(f"/{command.names[0]}")
            assert verb.arguments


def test_the_registry_knows_every_file() -> None:
    named = {"help", "report", "lead", "tag", "who", "post", "sop", "groups", "status", "mute", "why"}
    assert named <= registry().keys()
    assert all(isinstance(command, Command) for command in registry().values())


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_form_that_is_shown_is_understood(language: str) -> None:
    for command in commands():
        for verb in (command, *command.verbs):
            shown = i18n.gettext(verb.form, language)
            line = parse(shown)
            assert line is not None
            assert registry()[line.name] is command, shown
            if verb is not command:
                assert line.words[0].text in verb.names, shown
