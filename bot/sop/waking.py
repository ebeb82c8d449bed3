"""Runs that waited: for an event, for a moment, or for the end of a pause."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.model.tables import Run
from bot.sop import engine
from bot.sop.engine import Elapsed, Ended, Heard, News, Pause
from bot.sop.publish import version_of
from bot.sop.schema import Position
from bot.sop.turn import Occasion, Turn, occasion_of
from bot.sop.walking import PAUSED, apply, close, listening, moment, sleep, timer_key
from bot.storage.ledger import payloads
from bot.storage.queries import sops as rows

HELD = timedelta(minutes=5)
"""How long a run of a paused SOP sleeps before it looks whether the pause is over."""


def by_event(turn: Turn, occasion: Occasion, names: Sequence[str]) -> None:
    for run in rows.waiting_for(turn.work.session, occasion.subject_keys, names):
        _wake(turn, run, Heard(run.waiting_for), _heard_by(run, occasion), timer_key(run))


def by_time(turn: Turn, run_id: int, wait: int) -> None:
    """The wait of this number is over, if the run still waits it."""
    run = rows.lock_waiting(turn.work.session, run_id)
    if run is None or run.waits != wait:
        return
    heard = run.variables.get("heard")
    _wake(turn, run, Heard(heard) if heard else Elapsed(), occasion_of(run))


def _heard_by(run: Run, occasion: Occasion) -> Occasion:
    """The event as the run hears it: the run keeps its own people where the event names none."""
    own = occasion_of(run)
    return replace(
        occasion,
        contact_id=occasion.contact_id or own.contact_id,
        chat_id=occasion.chat_id or own.chat_id,
        user_id=own.user_id or occasion.user_id,
    )


def _wake(turn: Turn, run: Run, news: News, occasion: Occasion, timer: str = "") -> None:
    """Take a waiting run up again, if it is this that it waited for; `timer` would have woken it later."""
    sop = version_of(turn.work, turn.library, run)
    if sop is None:
        close(turn, run, Ended(reason="version missing", exited=True))
        return
    position: Position = tuple(run.position)
    outcome = engine.advance(sop, position, listening(turn, run, moment(turn, run, sop, occasion)), news)
    if outcome is None:
        return
    if timer:
        turn.work.cancel_timer(timer)
    if isinstance(news, Heard):
        run.event_kind, run.event = occasion.event.kind, payloads.write_event(occasion.event)
    if rows.paused(turn.work.session, [run.sop]):
        _hold(turn, run, news)
        return
    run.variables = {name: value for name, value in run.variables.items() if name != "heard"}
    apply(turn, run, sop, occasion, outcome)


def _hold(turn: Turn, run: Run, news: News) -> None:
    """The SOP is paused: remember the news, and look again later."""
    if isinstance(news, Heard):
        run.variables = {**run.variables, "heard": news.name}
    sleep(turn, run, Pause(position=tuple(run.position), until=turn.work.now + HELD, name=PAUSED))
