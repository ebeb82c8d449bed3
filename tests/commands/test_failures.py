"""/failures: managers see what went wrong and why, and say what becomes of it."""

import pytest
from sqlmodel import select

from bot.model.events import UnknownCallback
from bot.model.tables import AuditRow, InboxRow, OutboxRow
from bot.storage.ledger import payloads
from tests.commands.conftest import Ask
from tests.community.people import START, Community


@pytest.fixture
def dead(listening: Community) -> Community:
    """One call of each bad ending, and an event that was given up."""
    for number, (state, errcode) in enumerate((("failed", 60020), ("unknown", 0), ("expired", 0)), 900):
        listening.add(
            OutboxRow(id=number, platform="wecom", endpoint="message/send", state=state, errcode=errcode or None,
                      reason="no answer within 10 s: 13812345678", attempts=3, planned_at=START, ready_at=START,
                      finished_at=START, body={"text": {"content": "hush"}}, trace_id="t1")
        )  # fmt: skip
    event = UnknownCallback(at=START, source="wecom", fields={})
    listening.add(
        InboxRow(id=900, source="wecom", kind="unknown", dedupe_key="k", state="buried", attempts=8,
                 error="KeyError: 'x'", payload=payloads.write_event(event), trace_id="t2",
                 event_at=START, received_at=START, ready_at=START,
                 finished_at=START)
    )  # fmt: skip
    return listening


def state(community: Community, number: int) -> str:
    return next(row.state for row in community.rows(OutboxRow) if row.id == number)


def test_the_list_names_each_failure_and_why(ask: Ask, dead: Community) -> None:
    told = ask("/failures")
    assert "C900 · message/send · failed · 60020 this machine's address is not among the app's trusted IPs" in told
    assert "E900 · unknown · given up · KeyError: 'x'" in told
    assert "13812345678" not in told


def test_one_is_explained_without_what_was_written(ask: Ask, dead: Community) -> None:
    told = ask("/失败 查看 c901")
    assert "outcome unknown" in told
    assert "may arrive twice" in told
    assert "138****5678" in told
    assert "hush" not in told


def test_what_may_arrive_twice_asks_for_a_sure_hand(ask: Ask, dead: Community) -> None:
    assert "/failures retry C901 sure" in ask("/failures retry c901")
    assert state(dead, 901) == "unknown"
    assert ask("/failures retry c901 确认") == "C901 is sent again."
    assert state(dead, 901) == "planned"


def test_a_failure_is_sent_again_without_its_deadline(ask: Ask, dead: Community) -> None:
    assert ask("/failures retry C902") == "C902 is sent again."
    [row] = [row for row in dead.rows(OutboxRow) if row.id == 902]
    assert (row.state, row.attempts, row.retries, row.deadline) == ("planned", 0, 1, None)


def test_a_failure_is_let_go_and_that_is_written_down(ask: Ask, dead: Community) -> None:
    assert ask("/failures drop E900") == "E900 is let go."
    assert ask("/failures drop E900") == "There is no failure E900."
    written = dead.work(lambda work: work.session.exec(select(AuditRow).where(AuditRow.target == "E900")).all())
    assert [(row.actor, row.action) for row in written if row.action == "failures.drop"] == [("lin", "failures.drop")]


def test_staff_may_not(ask: Ask, dead: Community) -> None:
    for line in ("/failures", "/failures retry C900", "/failures drop C900"):
        assert ask(line, by="zhou") == "That is for community managers only."
    assert state(dead, 900) == "failed"


def test_when_nothing_failed_it_says_so(ask: Ask) -> None:
    assert ask("/failures") == "Nothing has failed."
