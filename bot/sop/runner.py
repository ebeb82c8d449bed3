"""The runner: turns what the engine decides into rows, all inside the caller's transaction.

It starts runs, wakes them when an event or a moment comes, and closes them. What the engine decided is written step by
step, so that every run can be explained afterwards.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import orjson

from bot import log
from bot.model.events import CallFinished, ContactAdded, ContactHalfAdded, Event, ScheduleDue, TimerDue
from bot.model.ids import ChatId, ContactId, UserId
from bot.model.tables import Run, StepRun
from bot.sop import engine, followups, segments
from bot.sop.calendar import next_fire
from bot.sop.engine import Elapsed, Ended, Heard, Moment, News, Outcome, Pause, Perform, Taken
from bot.sop.enrol import enrol
from bot.sop.library import Library
from bot.sop.perform import perform
from bot.sop.publish import version_of
from bot.sop.schema import Position, Sop, spelled
from bot.sop.scope import Scope
from bot.sop.turn import Occasion, Turn
from bot.storage import ledger
from bot.storage.ledger import Timer
from bot.storage.queries import sops as rows
from bot.storage.work import Work

logger = log.get(__name__)

BATCH = 200
"""How many subjects of a schedule enter in one transaction."""
SAME_ADDING = timedelta(hours=24)
WAITING, PAUSED, PLANNED = "waiting", "paused", "planned"
HELD = timedelta(minutes=5)
"""How long a run of a paused SOP sleeps before it looks whether the pause is over."""


# ── what comes from outside ────────────────────────────────────────────────────────────────────────────────────────


def on_event(
    work: Work,
    library: Library,
    event: Event,
    *,
    contact_id: ContactId | None = None,
    chat_id: ChatId | None = None,
    user_id: UserId | None = None,
    triggers: Sequence[str],
) -> list[Run]:
    """Wake the runs that waited for the event, close those whose goal it is, and begin the runs it triggers.

    `triggers` are the event's names (`triggers.names_of`). Returns the runs that began.
    """
    occasion = Occasion(event=event, key=_digest(event), contact_id=contact_id, chat_id=chat_id, user_id=user_id)
    turn = Turn(work, library)
    _wake_waiting(turn, occasion, triggers)
    _reach_goals(turn, occasion, triggers)
    if _was_added_by_half(turn, occasion):
        triggers = [name for name in triggers if name != "contact.added"]
    begun = _begin(turn, library.triggered_by(triggers), occasion)
    turn.close()
    return begun


def on_timer(work: Work, library: Library, event: TimerDue) -> None:
    """Go on with what a timer of ours is for; see `followups`."""
    turn = Turn(work, library)
    match event.name, event.about:
        case followups.WAKE, {"run": int(run_id), "wait": int(wait)}:
            _wake_by_time(turn, run_id, wait)
        case followups.START, {"run": int(run_id), "sop": str(name)}:
            _start_for_run(turn, run_id, name)
        case followups.CONTINUE, {"sop": str(name), "at": str(at), "after": after}:
            _enrol_batch(turn, name, datetime.fromisoformat(at), after)
    turn.close()


def on_schedule(work: Work, library: Library, due: ScheduleDue) -> None:
    """Let everybody who matches `when` enter; a large audience comes in batches, each in its own transaction."""
    sop = library.find(due.sop)
    zone = library.around.zone
    if sop is None or next_fire(sop.trigger, due.at - timedelta(seconds=1), zone) != due.at:
        logger.info("a schedule that no longer stands came due", sop=due.sop, at=due.at.isoformat())
        return
    turn = Turn(work, library)
    _enrol_batch(turn, due.sop, due.at, None)
    turn.close()


def on_call_finished(work: Work, event: CallFinished) -> None:
    """Write down how the call of a step ended: sent, failed, unknown or expired."""
    detail = {"reason": event.reason, "errcode": event.errcode} if event.outcome != "sent" else {}
    for run_id, position in event.note.get("steps", []):
        rows.conclude_step(work.session, int(run_id), str(position), PLANNED, event.outcome, detail)


# ── beginning ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _begin(turn: Turn, candidates: Sequence[Sop], occasion: Occasion, depth: int = 0) -> list[Run]:
    begun = enrol(turn, candidates, occasion, depth=depth)
    for run, sop in begun:
        _walk(turn, run, sop, occasion, engine.start_of(sop))
    return [run for run, _sop in begun]


def _was_added_by_half(turn: Turn, occasion: Occasion) -> bool:
    """Whether this adding was told before, when the staff member had yet to confirm, and has begun its runs then."""
    subject = occasion.subject_key("contact")
    if not isinstance(occasion.event, ContactAdded) or subject is None or occasion.user_id is None:
        return False
    since = turn.work.now - SAME_ADDING
    return rows.began_with(turn.work.session, subject, occasion.user_id, ContactHalfAdded.kind, since)


def _start_for_run(turn: Turn, run_id: int, name: str) -> None:
    run, sop = rows.find_run(turn.work.session, run_id), turn.library.find(name)
    if run is None or sop is None:
        logger.warning("an SOP cannot be started by another", sop=name, run=run_id)
        return
    occasion = replace(_occasion_of(run), key=f"run:{run_id}")
    _begin(turn, [sop], occasion, depth=int(run.variables.get("depth", 0)) + 1)


def _enrol_batch(turn: Turn, name: str, at: datetime, after: int | str | None) -> None:
    sop = turn.library.find(name)
    if sop is None:
        return
    event = ScheduleDue(at=at, sop=sop.name)
    scope = Scope(subject=sop.subject, now=at, zone=turn.library.around.zone, event=event)
    ids = segments.members(turn.work.session, sop.when, scope, after=after, limit=BATCH)
    for subject_id in ids:
        _begin(turn, [sop], _scheduled(event, sop, subject_id))
    if len(ids) == BATCH:
        key = f"{followups.CONTINUE}:{name}:{at.isoformat()}:{ids[-1]}"
        turn.work.record(followups.go_on(name, at, ids[-1], turn.work.now), key=key)


def _scheduled(event: ScheduleDue, sop: Sop, subject_id: int | str) -> Occasion:
    occasion = Occasion(event=event, key=event.at.isoformat())
    match sop.subject:
        case "contact":
            return replace(occasion, contact_id=ContactId(int(subject_id)))
        case "group":
            return replace(occasion, chat_id=ChatId(str(subject_id)))
        case "staff":
            return replace(occasion, user_id=UserId(str(subject_id)))


# ── waking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _wake_waiting(turn: Turn, occasion: Occasion, names: Sequence[str]) -> None:
    for run in rows.waiting_for(turn.work.session, occasion.subject_keys, names):
        _wake(turn, run, Heard(run.waiting_for), _heard_by(run, occasion))


def _heard_by(run: Run, occasion: Occasion) -> Occasion:
    """The event as the run hears it: the run keeps its own people where the event names none."""
    own = _occasion_of(run)
    return replace(
        occasion,
        contact_id=occasion.contact_id or own.contact_id,
        chat_id=occasion.chat_id or own.chat_id,
        user_id=own.user_id or occasion.user_id,
    )


def _wake_by_time(turn: Turn, run_id: int, wait: int) -> None:
    run = rows.find_run(turn.work.session, run_id)
    if run is None or run.state != "waiting" or run.waits != wait:
        return
    heard = run.variables.get("heard")
    _wake(turn, run, Heard(heard) if heard else Elapsed(), _occasion_of(run))


def _wake(turn: Turn, run: Run, news: News, occasion: Occasion) -> None:
    """Take a waiting run up again, if it is this that it waited for."""
    sop = version_of(turn.work, turn.library, run)
    if sop is None:
        _close(turn, run, Ended(reason="version missing", exited=True))
        return
    position: Position = tuple(run.position)
    outcome = engine.advance(sop, position, _moment(turn, run, sop, occasion), news)
    if outcome is None or not rows.wake(turn.work.session, run, run.waits):
        return
    turn.work.cancel_timer(_timer_key(run))
    if isinstance(news, Heard):
        run.event_kind, run.event = occasion.event.kind, ledger.write_event(occasion.event)
    if rows.paused(turn.work.session, [run.sop]):
        _hold(turn, run, news)
        return
    run.variables = {name: value for name, value in run.variables.items() if name != "heard"}
    _apply(turn, run, sop, occasion, outcome)


def _hold(turn: Turn, run: Run, news: News) -> None:
    """The SOP is paused: remember the news, and look again later."""
    if isinstance(news, Heard):
        run.variables = {**run.variables, "heard": news.name}
    _sleep(turn, run, Pause(position=tuple(run.position), until=turn.work.now + HELD, name=PAUSED))


# ── walking ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _walk(turn: Turn, run: Run, sop: Sop, occasion: Occasion, position: Position | None) -> None:
    outcome = engine.advance(sop, position, _moment(turn, run, sop, occasion))
    assert outcome is not None
    _apply(turn, run, sop, occasion, outcome)


def _apply(turn: Turn, run: Run, sop: Sop, occasion: Occasion, outcome: Outcome) -> None:
    """Do what the engine said, until the run waits or is over."""
    while True:
        _write(turn, run, outcome.taken)
        match outcome:
            case Perform(step=step, position=position, then=then):
                _write(turn, run, [perform(turn, run, sop, step, position, occasion)])
                following = engine.advance(sop, then, _moment(turn, run, sop, occasion))
                assert following is not None
                outcome = following
            case Pause():
                _sleep(turn, run, outcome)
                return
            case Ended():
                _close(turn, run, outcome)
                return


def _moment(turn: Turn, run: Run, sop: Sop, occasion: Occasion) -> Moment:
    return Moment(
        now=turn.work.now,
        zone=turn.library.around.zone,
        subject=run.subject,
        judge=lambda condition: turn.judge(condition, sop.subject, occasion),
    )


def _sleep(turn: Turn, run: Run, pause: Pause) -> None:
    run.state, run.position, run.waiting_for = "waiting", list(pause.position), pause.event
    run.waits, run.wake_at = run.waits + 1, pause.until
    detail = {"until": pause.until.isoformat()} | ({"event": pause.event} if pause.event else {})
    _write(turn, run, [Taken(pause.position, pause.name, WAITING, detail)])
    about = {"run": run.id, "wait": run.waits}
    turn.work.set_timer(Timer(followups.WAKE, _timer_key(run), pause.until, run.subject, about))


def _close(turn: Turn, run: Run, ended: Ended) -> None:
    run.state, run.reason = "exited" if ended.exited else "done", ended.reason
    run.ended_at, run.waiting_for = turn.work.now, ""
    if ended.reached_goal:
        run.goal_at = turn.work.now


def _write(turn: Turn, run: Run, taken: Sequence[Taken]) -> None:
    work = turn.work
    assert run.id is not None
    for one in taken:
        if one.name == "split":
            run.variant = {**run.variant, spelled(one.position): one.outcome}
        position, detail = spelled(one.position), dict(one.detail)
        is_wait = one.name.startswith("wait") or one.name == PAUSED
        if not (is_wait and rows.conclude_step(work.session, run.id, position, WAITING, one.outcome, detail)):
            rows.add_step(work.session, _step_run(turn, run, one))


def _step_run(turn: Turn, run: Run, taken: Taken) -> StepRun:
    assert run.id is not None
    return StepRun(
        run_id=run.id,
        position=spelled(taken.position),
        name=taken.name,
        outcome=taken.outcome,
        detail=dict(taken.detail),
        at=turn.work.now,
        trace_id=turn.work.trace_id,
    )


# ── goals ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _reach_goals(turn: Turn, occasion: Occasion, names: Sequence[str]) -> None:
    """Mark the runs whose goal this event is, also ended ones; open ones have nothing left to try."""
    wanted = {sop.name: sop.goal for sop in turn.library if sop.goal is not None and sop.goal.event in names}
    if not wanted:
        return
    since = occasion.event.at - max(goal.within for goal in wanted.values())
    for subject in occasion.subject_keys:
        for run in rows.without_goal(turn.work.session, subject, list(wanted), since):
            if occasion.event.at - run.started_at > wanted[run.sop].within:  # type: ignore[index]
                continue
            run.goal_at = occasion.event.at
            if run.state in rows.OPEN:
                turn.work.cancel_timer(_timer_key(run))
                _close(turn, run, Ended(reason="goal"))
                rows.conclude_waiting(turn.work.session, run, "goal")


# ── keys ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _occasion_of(run: Run) -> Occasion:
    """The event that the run last heard, and whom the run is about."""
    about = run.variables
    return Occasion(
        event=ledger.read_event(run.event_kind, run.event),
        key=f"run:{run.id}",
        contact_id=about.get("contact_id"),
        chat_id=about.get("chat_id"),
        user_id=None if run.user_id is None else UserId(run.user_id),
    )


def _digest(event: Event) -> str:
    """The same for the same event, however often it comes."""
    written = orjson.dumps([event.kind, ledger.write_event(event)], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(written).hexdigest()[:24]


def _timer_key(run: Run) -> str:
    return f"run:{run.id}:{run.waits}"
