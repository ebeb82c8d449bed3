"""A run on its way: what the engine decides is done and written down, until the run waits or is over."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.model.tables import Run
from bot.sop import engine, followups, results, winners
from bot.sop.conditions import Condition, leaves
from bot.sop.engine import Ended, Moment, Outcome, Pause, Perform, Taken
from bot.sop.perform import perform
from bot.sop.schema import Position, Sop, spelled
from bot.sop.scope import Judgement
from bot.sop.triggers import recorded_as
from bot.sop.turn import Occasion, Turn
from bot.storage.ledger.timers import Timer
from bot.storage.queries import sops as rows
from bot.storage.queries import trials

WAITING, PAUSED = "waiting", "paused"


def walk(turn: Turn, run: Run, sop: Sop, occasion: Occasion, position: Position | None) -> None:
    outcome = engine.advance(sop, position, moment(turn, run, sop, occasion))
    assert outcome is not None
    apply(turn, run, sop, occasion, outcome)


def apply(turn: Turn, run: Run, sop: Sop, occasion: Occasion, outcome: Outcome) -> None:
    """Do what the engine said, until the run waits or is over."""
    while True:
        _write(turn, run, outcome.taken)
        match outcome:
            case Perform(step=step, position=position, then=then):
                _write(turn, run, [perform(turn, run, sop, step, position, occasion)])
                following = engine.advance(sop, then, moment(turn, run, sop, occasion))
                assert following is not None
                outcome = following
            case Pause():
                sleep(turn, run, outcome)
                return
            case Ended():
                close(turn, run, outcome)
                return


def moment(turn: Turn, run: Run, sop: Sop, occasion: Occasion) -> Moment:
    """The world as the engine asks about it for this run."""
    session, evidence, scene = turn.work.session, turn.library.evidence, turn.scene(sop, occasion, run)

    def happened(event: str, since: Position | None) -> int:
        known = evidence.count(scene, event, None if since is None else spelled(since))
        return trials.happened(session, run, recorded_as(event), _since(turn, run, since)) if known is None else known

    def became(position: Position) -> Sequence[str]:
        known = evidence.results(scene, sop, position)
        return results.of_step(session, run, position) if known is None else known

    def winner(position: Position) -> str:
        known = evidence.winner(scene, sop, position)
        return winners.winner_of(turn.work, sop, position) if known is None else known

    return Moment(
        now=turn.work.now,
        zone=turn.library.around.zone,
        subject=run.subject,
        judge=lambda condition: turn.judge(condition, sop, occasion, run=run),
        happened=happened,
        results=became,
        winner=winner,
    )


def listening(turn: Turn, run: Run, moment: Moment) -> Moment:
    """The same for a run that waits: what its conditions find is written down, whether it goes on or not."""

    def judge(condition: Condition) -> Judgement:
        judgement = moment.judge(condition)
        note_asked(turn, run, condition, judgement)
        return judgement

    return replace(moment, judge=judge)


def note_asked(turn: Turn, run: Run, condition: Condition, judgement: Judgement) -> None:
    """Write down what was found of a waiting run, beside what the event itself says."""
    answers = zip(leaves(condition), judgement.as_list(), strict=True)
    found = [verdict for leaf, verdict in answers if not leaf.filter.is_pure]
    if found:
        rows.note_asked(turn.work.session, run, found, turn.work.now, turn.work.trace_id)


def _since(turn: Turn, run: Run, position: Position | None) -> datetime:
    """When a step was last taken; when the run began, for one that never was."""
    step = None if position is None else rows.last_step(turn.work.session, run, spelled(position))
    return run.started_at if step is None else step.at


def sleep(turn: Turn, run: Run, pause: Pause) -> None:
    run.state, run.position, run.waiting_for = "waiting", list(pause.position), pause.event
    run.waits, run.wake_at = run.waits + 1, pause.until
    detail = {"until": pause.until.isoformat()} | ({"event": pause.event} if pause.event else {})
    _write(turn, run, [Taken(pause.position, pause.name, WAITING, detail)])
    about = {"run": run.id, "wait": run.waits}
    turn.work.set_timer(Timer(followups.WAKE, timer_key(run), pause.until, run.subject, about))


def close(turn: Turn, run: Run, ended: Ended) -> None:
    run.state, run.reason = "exited" if ended.exited else "done", ended.reason
    run.ended_at, run.waiting_for = turn.work.now, ""
    if ended.reached_goal:
        run.goal_at = turn.work.now


def timer_key(run: Run) -> str:
    return f"run:{run.id}:{run.waits}"


def _write(turn: Turn, run: Run, taken: Sequence[Taken]) -> None:
    assert run.id is not None
    for one in taken:
        if one.name == "split":
            run.variant = {**run.variant, spelled(one.position): one.outcome}
        position, detail = spelled(one.position), dict(one.detail)
        is_wait = one.name.startswith("wait") or one.name == PAUSED
        if not (is_wait and rows.conclude_step(turn.work.session, run.id, position, WAITING, one.outcome, detail)):
            step = {"run_id": run.id, "position": position, "name": one.name, "outcome": one.outcome, "detail": detail}
            rows.add_step(turn.work.session, {**step, "at": turn.work.now, "trace_id": turn.work.trace_id})
