"""Runs: how they begin, wait, wake, end, and what is written down."""

from datetime import timedelta

import pytest

from bot.model.events import ContactAdded, Tracked
from bot.model.tables import Run, StepRun, Suppression
from bot.sop import publish
from bot.sop.library import Library
from tests.sops.town import EXTERNAL, HAO, LIN, MEI, ZHOU, Town

NOTE = "steps: [{do: note, text: done}]\n"


def test_an_event_that_comes_again_begins_one_run(town: Town) -> None:
    town.sop("contact/hello", NOTE)
    event = ContactAdded(at=town.clock.now(), user_id=ZHOU, external_user_id=EXTERNAL[MEI])
    assert [town.hear(event), town.hear(event), town.hear(event)] == [1, 0, 0]
    assert town.notes("contact/hello") == ["done"]


def test_two_contacts_in_the_same_second_are_two_runs(town: Town) -> None:
    town.sop("contact/hello", NOTE)
    town.added(MEI)
    town.added(HAO)
    assert [run.subject for run in town.runs("contact/hello")] == ["contact:1", "contact:2"]


def test_half_added_and_then_added_is_one_adding(town: Town) -> None:
    town.sop("contact/hello", NOTE)
    town.sop("contact/half", NOTE, trigger="contact.half_added")
    assert town.half_added() == 2
    town.clock.advance(timedelta(seconds=4))
    assert town.added(code="") == 0


def test_a_contact_who_adds_another_staff_member_is_added_again(town: Town) -> None:
    town.sop("contact/hello", NOTE)
    town.half_added()
    assert town.added(user=LIN) == 1


def test_a_half_added_contact_without_a_code_is_not_added_yet(town: Town) -> None:
    town.sop("contact/hello", NOTE)
    assert town.half_added(code="") == 0
    assert town.added() == 1


def test_a_wait_is_a_row_and_the_run_goes_on_in_time(town: Town) -> None:
    town.sop("contact/hello", "steps: [{do: note, text: a}, {wait: 10m}, {do: note, text: b}]\n")
    town.added()
    assert town.path("contact/hello") == ["note:done", "wait:waiting"]
    town.advance(timedelta(minutes=9))
    assert town.notes("contact/hello") == ["a"]
    town.advance(timedelta(minutes=1))
    assert town.path("contact/hello") == ["note:done", "wait:passed", "note:done"]
    assert town.runs("contact/hello")[0].state == "done"


WAIT_FOR = """
steps:
  - wait_for: {event: message.received, within: 24h, where: {message.text: {contains: 试色}}}
    then: [{do: note, text: "heard {{ event.text }}"}]
    timeout: [{do: note, text: silence}]
"""


def test_a_wait_ends_with_the_event_it_is_for(town: Town) -> None:
    town.sop("contact/hello", WAIT_FOR)
    town.added()
    town.says("你好")
    town.says("我要试色", HAO)
    assert town.runs("contact/hello")[0].state == "waiting"
    town.says("我要试色")
    assert town.notes("contact/hello") == ["heard 我要试色"]
    town.advance(timedelta(days=2))
    assert town.path("contact/hello") == ["wait_for:then", "note:done"]


def test_a_wait_ends_by_time_when_nothing_happens(town: Town) -> None:
    town.sop("contact/hello", WAIT_FOR)
    town.added()
    town.advance(timedelta(hours=24))
    assert town.notes("contact/hello") == ["silence"]
    town.says("我要试色")
    assert town.notes("contact/hello") == ["silence"]


def test_an_event_does_not_wake_the_run_it_begins(town: Town) -> None:
    town.sop("contact/hello", WAIT_FOR, trigger="message.received")
    town.says("试色")
    assert town.path("contact/hello") == ["wait_for:waiting"]


MUTEX = "mutex: welcome\npriority: {}\nsteps: [{{do: note, text: done}}]\n"


def test_in_a_mutex_group_the_highest_priority_wins_and_the_loser_is_written_down(town: Town) -> None:
    town.sop("contact/low", MUTEX.format("low"))
    town.sop("contact/high", MUTEX.format(100))
    assert town.added() == 1
    assert town.runs("contact/high")[0].state == "done"
    assert town.suppressed("contact/low") == ["mutex"]


def test_an_event_that_comes_again_decides_nothing_anew(town: Town) -> None:
    """Neither what was kept out is counted twice, nor does the loser get in because the winner has been there."""
    town.sop("contact/low", MUTEX.format("low"))
    town.sop("contact/high", "reentry: never\n" + MUTEX.format(100))
    town.sop("contact/autumn", "when: {event.state: autumn}\n" + NOTE)
    town.sop("contact/held", "holdout: 100%\n" + NOTE)
    event = ContactAdded(at=town.clock.now(), user_id=ZHOU, external_user_id=EXTERNAL[MEI], state="spring")
    assert [town.hear(event), town.hear(event)] == [1, 0]
    kept_out = {row.sop: row.rule for row in town.rows(Suppression)}
    assert kept_out == {"contact/low": "mutex", "contact/autumn": "when", "contact/held": "holdout"}
    assert len(town.rows(Suppression)) == len(kept_out)
    assert [run.sop for run in town.rows(Run)] == ["contact/high"]


def test_a_winner_that_does_not_fit_leaves_the_moment_to_the_next(town: Town) -> None:
    town.sop("contact/low", MUTEX.format("low"))
    town.sop("contact/high", "when: {event.state: autumn}\n" + MUTEX.format(100))
    town.added()
    assert [run.sop for run in town.rows(Run)] == ["contact/low"]
    assert town.suppressed("contact/high") == ["when"]


@pytest.mark.parametrize(
    ("reentry", "begun"), [("never", [1, 0, 0]), ("always", [1, 1, 1]), ("{after: 2d}", [1, 0, 1])]
)
def test_reentry(town: Town, reentry: str, begun: list[int]) -> None:
    town.sop("contact/hello", f"reentry: {reentry}\n" + NOTE)
    found = []
    for _turn in range(3):
        found.append(town.added())
        town.advance(timedelta(days=1))
    assert found == begun


def test_rollout_and_holdout_are_even_stable_and_written_down(town: Town) -> None:
    town.sop("contact/hello", "rollout: {percent: 0}\n" + NOTE)
    assert town.added() == 0
    assert town.suppressed("contact/hello") == ["rollout"]
    town.sop("contact/held", "holdout: 100%\n" + NOTE)
    assert town.added(HAO) == 0
    assert town.suppressed("contact/held") == ["holdout"]


def test_a_goal_closes_what_is_open_and_marks_what_is_over(town: Town) -> None:
    town.sop("contact/open", "goal: {event: order.paid, within: 7d}\nsteps: [{wait: 3d}, {do: note, text: late}]\n")
    town.sop("contact/over", "goal: {event: order.paid, within: 7d}\n" + NOTE)
    town.added()
    town.advance(timedelta(days=1))
    town.hear(Tracked(at=town.clock.now(), name="order.paid", event_id="o1", external_user_id=EXTERNAL[MEI]))
    opened, over = town.runs("contact/open")[0], town.runs("contact/over")[0]
    assert (opened.state, opened.reason, opened.goal_at) == ("done", "goal", town.clock.now())
    assert over.goal_at == town.clock.now()
    town.advance(timedelta(days=9))
    assert town.path("contact/open") == ["wait:goal"]


def test_an_event_after_the_window_is_no_goal(town: Town) -> None:
    town.sop("contact/over", "goal: {event: order.paid, within: 7d}\n" + NOTE)
    town.added()
    town.advance(timedelta(days=7, seconds=1))
    town.hear(Tracked(at=town.clock.now(), name="order.paid", event_id="o1", external_user_id=EXTERNAL[MEI]))
    assert town.runs("contact/over")[0].goal_at is None


EXITS = """exit_on: [{event: contact.lost}, {event: order.paid, where: {event.amount: {gte: 100}}}]
steps: [{wait: 3d}, {do: note, text: late}]
"""


def pays(town: Town, amount: int) -> None:
    event = Tracked(at=town.clock.now(), name="order.paid", event_id=f"o{amount}", properties={"amount": amount})
    town.hear(event)


def test_an_exit_ends_a_run_whatever_it_waits_for(town: Town) -> None:
    town.sop("contact/hello", EXITS)
    town.added(MEI)
    town.added(HAO)
    pays(town, 99)
    assert [run.state for run in town.runs("contact/hello")] == ["waiting", "waiting"]
    pays(town, 100)
    mei, hao = town.runs("contact/hello")
    assert (mei.state, mei.reason, mei.goal_at, hao.state) == ("exited", "order.paid", None, "waiting")
    town.advance(timedelta(days=4))
    assert town.path("contact/hello", 0) == ["wait:exited"]
    assert town.notes("contact/hello", 1) == ["late"]


def test_a_deadline_ends_what_is_still_on_its_way(town: Town) -> None:
    town.sop("contact/hello", "deadline: 2d\nsteps: [{wait: 1d}, {do: note, text: a}, {wait: 5d}, {exit: late}]\n")
    town.sop("contact/short", "deadline: 2d\nsteps: [{wait: 1d}, {do: note, text: a}]\n")
    town.added()
    town.advance(timedelta(days=2))
    run, short = town.runs("contact/hello")[0], town.runs("contact/short")[0]
    assert (run.state, run.reason, run.ended_at) == ("exited", "deadline", town.clock.now())
    assert town.path("contact/hello") == ["wait:passed", "note:done", "wait:deadline"]
    assert (short.state, short.reason) == ("done", "")
    town.advance(timedelta(days=9))
    assert town.runs("contact/hello")[0].reason == "deadline"


def test_goal_exit_and_deadline_are_those_of_the_version_that_a_run_is_on(town: Town) -> None:
    """Also after a restart, when nothing but the database knows of it."""
    old = "goal: {event: order.paid, within: 7d}\nexit_on: {event: contact.lost}\ndeadline: 5d\nsteps: [{wait: 6d}]\n"
    town.sop("contact/hello", old)
    for contact in (MEI, HAO):
        town.added(contact)
    town.sop("contact/hello", "steps: [{do: note, text: new}]\n")
    town.library = Library(folder=town.folder)
    town.read()
    pays(town, 1)
    town.advance(timedelta(days=5))
    assert [run.reason for run in town.runs("contact/hello")] == ["goal", "deadline"]


def test_a_running_run_finishes_on_its_version(town: Town) -> None:
    town.sop("contact/hello", "steps: [{wait: 1d}, {do: note, text: old}]\n")
    town.added()
    town.sop("contact/hello", "steps: [{do: note, text: new}]\n")
    town.added(HAO)
    town.advance(timedelta(days=1))
    assert town.notes("contact/hello", 0) == ["old"]
    assert town.notes("contact/hello", 1) == ["new"]


def test_a_paused_sop_lets_nobody_in_and_holds_who_is_inside(town: Town) -> None:
    town.sop("contact/hello", WAIT_FOR)
    town.added()
    town.work(lambda work: publish.pause(work, "contact/hello"))
    assert town.added(HAO) == 0
    assert town.suppressed("contact/hello") == ["paused"]
    town.says("试色")
    town.advance(timedelta(hours=1))
    assert town.notes("contact/hello") == []
    town.work(lambda work: publish.resume(work, "contact/hello"))
    town.advance(timedelta(minutes=5))
    assert town.notes("contact/hello") == ["heard 试色"]


def test_a_step_that_fails_leaves_its_outcome_and_the_run_goes_on(town: Town) -> None:
    town.sop("contact/hello", 'steps: [{do: note, text: "{{ event.amount | round }}"}, {do: note, text: b}]\n')
    town.added()
    outcomes = [(step.name, step.outcome) for step in town.rows(StepRun)]
    assert outcomes[-1] == ("note", "done")


def test_triggered_is_sent_and_suppressed_and_failed_and_pending(town: Town) -> None:
    town.sop("contact/hello", "steps: [{do: send_welcome, text: 你好}]\n")
    town.added(MEI, code="one")
    town.added(HAO, code="")
    assert [town.path("contact/hello", run) for run in (0, 1)] == [
        ["send_welcome:planned"],
        ["send_welcome:suppressed"],
    ]
    town.ended("expired", reason="the code had run out")
    assert town.path("contact/hello", 0) == ["send_welcome:expired"]
    assert town.suppressed("contact/hello") == ["no welcome code"]


def test_one_sop_starts_and_stops_another(town: Town) -> None:
    town.sop("contact/second", "steps: [{wait: 1d}]\n", trigger="{event: never.happens}")
    town.sop(
        "contact/first",
        "steps: [{do: start_sop, sop: contact/second}, {wait: 1h}, {do: stop_sop, sop: contact/second}]\n",
    )
    town.added()
    town.settle()
    assert town.runs("contact/second")[0].state == "waiting"
    town.advance(timedelta(hours=1))
    assert town.runs("contact/second")[0].state == "exited"


def test_sops_that_start_one_another_come_to_rest(town: Town) -> None:
    town.sop("contact/a", "steps: [{do: start_sop, sop: contact/b}]\n")
    town.sop("contact/b", "steps: [{do: start_sop, sop: contact/a}]\n", trigger="{event: never.happens}")
    town.added()
    town.settle()
    assert len(town.rows(Run)) == 6
