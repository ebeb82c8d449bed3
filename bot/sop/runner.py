"""The runner: turns what the engine decides into rows, all inside the caller's transaction.

It starts runs (`entering`), wakes them when an event or a moment comes (`waking`), takes them as far as they get
(`walking`), and writes down how calls ended. Every run can be explained afterwards from its steps.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import orjson

from bot import log
from bot.community import consent
from bot.model.events import CallFinished, Event, ScheduleDue, TimerDue
from bot.model.ids import ChatId, ContactId, UserId
from bot.model.tables import Run
from bot.sop import confirmations, ending, entering, followups, membership, rollouts, waking, winners
from bot.sop.calendar import next_fire
from bot.sop.library import Library
from bot.sop.turn import Occasion, Turn
from bot.storage.ledger import payloads
from bot.storage.queries import sops as rows
from bot.storage.work import Work

logger = log.get(__name__)

PLANNED = "planned"
NOT_ARRIVED = ("failed", "expired")


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
    """Wake the runs that waited for the event, close those whose goal or exit it is, and begin the runs it triggers.

    `triggers` are the event's names (`triggers.names_of`). Returns the runs that began.
    """
    occasion = Occasion(event=event, key=_digest(event), contact_id=contact_id, chat_id=chat_id, user_id=user_id)
    turn = Turn(work, library)
    waking.by_event(turn, occasion, triggers)
    ending.by_event(turn, occasion, triggers)
    if entering.was_added_by_half(turn, occasion):
        triggers = [name for name in triggers if name != "contact.added"]
    begun = entering.begin(turn, library.triggered_by(triggers), occasion)
    turn.close()
    return begun


def on_timer(work: Work, library: Library, event: TimerDue) -> None:
    """Go on with what a timer of ours is for; see `followups`."""
    turn = Turn(work, library)
    match event.name, event.about:
        case followups.WAKE, {"run": int(run_id), "wait": int(wait)}:
            waking.by_time(turn, run_id, wait)
        case followups.DEADLINE, {"run": int(run_id)}:
            ending.by_deadline(turn, run_id)
        case followups.START, {"run": int(run_id), "sop": str(name)}:
            entering.for_run(turn, run_id, name)
        case followups.CONTINUE, {"sop": str(name), "at": str(at), "after": after}:
            entering.for_everybody(turn, name, datetime.fromisoformat(at), after)
        case followups.RECOUNT, {"segment": str(segment), **more}:
            membership.recount(work, library, segment, more.get("after"), str(more.get("digest", "")))
        case followups.EDGE, {"segment": str(segment)}:
            membership.pass_on(work, library, segment)
        case followups.EXPERIMENT, {"experiment": int(experiment)}:
            winners.look(work, library, experiment)
        case followups.STAGE, {"sop": str(name), "digest": str(digest)}:
            rollouts.move_on(work, library, name, digest)
        case followups.CONFIRMED, about:
            confirmations.ask(work, about)
    turn.close()


def on_schedule(work: Work, library: Library, due: ScheduleDue) -> None:
    """Let everybody who matches `when` enter; a large audience comes in batches, each in its own transaction."""
    sop = library.find(due.sop)
    zone = library.around.zone
    if sop is None or next_fire(sop.trigger, due.at - timedelta(seconds=1), zone) != due.at:
        logger.info("a schedule that no longer stands came due", sop=due.sop, at=due.at.isoformat())
        return
    turn = Turn(work, library)
    entering.for_everybody(turn, due.sop, due.at, None)
    turn.close()


def on_call_finished(work: Work, event: CallFinished) -> None:
    """Write down how the call of a step ended: sent, failed, unknown or expired."""
    detail = {"reason": event.reason, "errcode": event.errcode} if event.outcome != "sent" else {}
    for run_id, position in event.note.get("steps", []):
        rows.conclude_step(work.session, int(run_id), str(position), PLANNED, event.outcome, detail)
        if event.outcome in NOT_ARRIVED:
            consent.forget(work, f"run:{run_id}:{position}")
    confirmations.watch(work, event)


def _digest(event: Event) -> str:
    """The same for the same event, however often it comes."""
    written = orjson.dumps([event.kind, payloads.write_event(event)], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(written).hexdigest()[:24]
