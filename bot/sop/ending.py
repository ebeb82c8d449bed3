"""What ends a run from outside: its goal, an exit of its SOP, its deadline. Each by the version that the run is on."""

from collections.abc import Callable, Iterator, Sequence

from bot.model.tables import Run
from bot.sop import followups
from bot.sop.engine import Ended
from bot.sop.publish import version_of
from bot.sop.schema import Sop
from bot.sop.turn import Occasion, Turn
from bot.sop.walking import close, note_asked, timer_key
from bot.storage.ledger.timers import Timer
from bot.storage.queries import sops as rows

DEADLINE = "deadline"


def by_event(turn: Turn, occasion: Occasion, names: Sequence[str]) -> None:
    """Mark the runs whose goal this event is, also ended ones, and close the open ones that it ends."""
    _reach_goals(turn, occasion, names)
    wanted = _named(turn, lambda sop: any(one.event in names for one in sop.exits))
    for subject in occasion.subject_keys if wanted else ():
        for run in rows.open_runs(turn.work.session, subject, wanted):
            sop = version_of(turn.work, turn.library, run)
            if sop is not None and (reason := _exit_of(turn, run, sop, occasion, names)):
                _end(turn, run, Ended(reason=reason, exited=True), "exited")


def _exit_of(turn: Turn, run: Run, sop: Sop, occasion: Occasion, names: Sequence[str]) -> str:
    """Which of its exits the event is; empty when it is none."""
    for one in sop.exits:
        if one.event in names:
            judgement = turn.judge(one.where, sop, occasion, run=run)
            note_asked(turn, run, one.where, judgement)
            if judgement.passed:
                return one.event
    return ""


def set_deadline(turn: Turn, run: Run, sop: Sop) -> None:
    if sop.deadline is not None:
        due_at = run.started_at + sop.deadline
        turn.work.set_timer(Timer(followups.DEADLINE, f"deadline:{run.id}", due_at, run.subject, {"run": run.id}))


def by_deadline(turn: Turn, run_id: int) -> None:
    """The run has had its time."""
    run = rows.lock_waiting(turn.work.session, run_id)
    if run is not None:
        _end(turn, run, Ended(reason=DEADLINE, exited=True), DEADLINE)


def _reach_goals(turn: Turn, occasion: Occasion, names: Sequence[str]) -> None:
    wanted = _named(turn, lambda sop: sop.goal is not None and sop.goal.event in names)
    longest = max((sop.goal.within for sop in _known(turn) if sop.goal and sop.name in wanted), default=None)
    if longest is None:
        return
    for subject in occasion.subject_keys:
        for run in rows.without_goal(turn.work.session, subject, wanted, occasion.event.at - longest):
            sop = version_of(turn.work, turn.library, run)
            goal = sop.goal if sop else None
            if goal is None or goal.event not in names or occasion.event.at - run.started_at > goal.within:
                continue
            run.goal_at = occasion.event.at
            if run.state in rows.OPEN:
                _end(turn, run, Ended(reason="goal"), "goal")


def _end(turn: Turn, run: Run, ended: Ended, outcome: str) -> None:
    turn.work.cancel_timer(timer_key(run))
    close(turn, run, ended)
    rows.conclude_waiting(turn.work.session, run, outcome)


def _known(turn: Turn) -> Iterator[Sop]:
    """What is in force, and older versions that somebody is still on."""
    yield from turn.library
    yield from turn.library.versions.values()


def _named(turn: Turn, asks: Callable[[Sop], bool]) -> list[str]:
    return sorted({sop.name for sop in _known(turn) if asks(sop)})
