"""Doing one action of one run: what it yields becomes rows of the same transaction."""

from contextlib import nullcontext
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot import log
from bot.community import consent
from bot.errors import BotError
from bot.model.calls import Call
from bot.model.tables import Run, StepRun
from bot.sop import reach
from bot.sop.actions import Effect, Note, Step, Suppress, Together
from bot.sop.components import all_actions
from bot.sop.engine import Taken
from bot.sop.schema import Do, Position, Sop, spelled
from bot.sop.turn import Occasion, Turn, told
from bot.storage import objects
from bot.storage.queries import sops

logger = log.get(__name__)


def perform(turn: Turn, run: Run, sop: Sop, do: Do, position: Position, occasion: Occasion) -> Taken:
    """Do an action; one that fails leaves nothing behind but its outcome, and the run goes on.

    Only a deed can fail after something was written: plans and notes are as they are.
    """
    action = all_actions()[do.action]
    try:
        step = step_for(turn, run, sop, position, occasion)
        message = reach.message_of(step, sop, action, do.params)
        effects = list(action.act(step, do.params))
        with objects.all_or_nothing(turn.work.session) if any(map(callable, effects)) else nullcontext():
            if message is not None and (refused := consent.refusal(turn.work, message)) is not None:
                outcome, detail = _suppressed(turn, run, Suppress(refused.rule, refused.detail))
                return Taken(position, do.name, outcome, detail)
            outcome, detail = "done", dict[str, Any]()
            for effect in effects:
                outcome, more = _take(turn, run, spelled(position), effect, outcome)
                detail |= more
            if message is not None:
                (consent.remember if outcome == "planned" else consent.take_back)(turn.work, message)
    except SQLAlchemyError:
        raise
    except Exception as error:
        reason = str(error) if isinstance(error, BotError) else type(error).__name__
        logger.warning("a step failed", sop=sop.name, run=run.id, step=do.action, reason=reason, exc_info=error)
        return Taken(position, do.name, "failed", {"reason": reason})
    return Taken(position, do.name, outcome, detail)


def _take(turn: Turn, run: Run, position: str, effect: Effect, outcome: str) -> tuple[str, dict[str, Any]]:
    """What one effect comes to, and what there is to say of it."""
    work = turn.work
    match effect:
        case Call():
            if work.plan(told(effect, run, position)):
                return "planned", {"endpoint": effect.endpoint}
            return _suppressed(turn, run, Suppress("planned before", {"endpoint": effect.endpoint}))
        case Suppress():
            return _suppressed(turn, run, effect)
        case Together():
            turn.gather(effect, run, position)
            return "planned" if effect.is_call else "done", {}
        case Note(text=text):
            return outcome, {"note": text}
        case _:
            effect(work)
            return outcome, {}


def _suppressed(turn: Turn, run: Run, why: Suppress) -> tuple[str, dict[str, Any]]:
    suppress(turn, run.sop, run.subject, why.rule, {**why.detail, "run": run.id})
    return "suppressed", {"rule": why.rule, **why.detail}


def suppress(turn: Turn, sop: str, subject: str, rule: str, detail: dict[str, Any]) -> None:
    """Write down what was not done, and the rule that stood in its way."""
    work = turn.work
    sops.suppress(work.session, sop=sop, subject=subject, rule=rule, detail=detail, at=work.now, trace_id=work.trace_id)


def step_for(turn: Turn, run: Run, sop: Sop, position: Position, occasion: Occasion) -> Step:
    """What the action is told of the run and of whoever the event names."""
    assert run.id is not None
    return Step(
        key=f"run:{run.id}:{spelled(position)}",
        occasion="{}:{}".format(run.variables.get("occasion", run.id), spelled(position)),
        run_id=run.id,
        sop=sop.name,
        title=sop.title,
        subject=sop.subject,
        subject_key=run.subject,
        now=turn.work.now,
        event=occasion.event,
        company=turn.company_of(occasion),
        user_id=occasion.user_id,
        depth=int(run.variables.get("depth", 0)),
        earlier=_earlier(turn, run, sop),
        around=turn.library.around,
    )


def _earlier(turn: Turn, run: Run, sop: Sop) -> dict[str, StepRun]:
    """The steps that have an id, as they were last taken."""
    found = {id: sops.last_step(turn.work.session, run, position) for id, position in sop.named.items()}
    return {id: taken for id, taken in found.items() if taken is not None}
