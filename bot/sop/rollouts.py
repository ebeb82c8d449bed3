"""Letting an SOP out stage by stage: to 1, 5, 25, 100 in a hundred, as long as its stop-loss does not speak.

A stage lasts as long as the plan says, and until enough runs can be judged. Who is in a share stays in every larger
one. A new version begins at its first stage.
"""

from typing import Any

from bot import log
from bot.community import alerts
from bot.i18n import _
from bot.model.tables import Rollout
from bot.sop import followups
from bot.sop.evidence import Why
from bot.sop.library import Library
from bot.sop.schema import RolloutPlan, Sop, StopLoss
from bot.sop.shares import share_of
from bot.sop.triggers import recorded_as
from bot.storage.ledger.timers import Timer
from bot.storage.queries import trials as rows
from bot.storage.work import Work

logger = log.get(__name__)


def holds_back(work: Work, sop: Sop, subject: str) -> Why | None:
    """Why a subject is not let in yet, or not any more; None when it is."""
    standing = _standing(work, sop) if sop.rollout.is_watched else None
    if standing is not None and standing.stopped_at is not None:
        return "stop_loss", dict(standing.detail)
    percent = sop.rollout.stages[standing.stage if standing else 0]
    if share_of(subject, f"{sop.name}:rollout") * 100 < percent:
        return None
    return "rollout", {"percent": percent}


def _standing(work: Work, sop: Sop) -> Rollout:
    if rows.begin_rollout(work.session, sop.name, sop.digest, work.now):
        _plan(work, sop)
    found = rows.rollout(work.session, sop.name, sop.digest)
    assert found is not None
    return found


def _plan(work: Work, sop: Sop) -> None:
    """Look at it again when the stage is over."""
    due_at = work.now + sop.rollout.every
    key = f"{followups.STAGE}:{sop.name}:{sop.digest}:{due_at.isoformat()}"
    work.set_timer(Timer(followups.STAGE, key, due_at, f"sop:{sop.name}", {"sop": sop.name, "digest": sop.digest}))


def move_on(work: Work, library: Library, name: str, digest: str) -> None:
    """A stage is over: stop, stay until there is enough to judge by, or let more subjects in."""
    sop = library.find(name)
    standing = rows.rollout(work.session, name, digest)
    if sop is None or sop.digest != digest or standing is None or standing.stopped_at is not None:
        return
    loss = sop.rollout.stop_loss
    if loss is not None and (judged := _judge(work, sop, loss)) is not None:
        standing.detail = judged
        if judged["percent"] > loss.above_percent:
            _stop(work, sop, standing)
            return
    if (loss is None or judged is not None) and standing.stage + 1 < len(sop.rollout.stages):
        standing.stage, standing.moved_at = standing.stage + 1, work.now
        logger.info("a rollout moves on", sop=name, percent=sop.rollout.stages[standing.stage])
    if _is_open(standing, sop.rollout):
        _plan(work, sop)


def _judge(work: Work, sop: Sop, loss: StopLoss) -> dict[str, Any] | None:
    """What share of the runs met with the event; None while there are too few."""
    begun, met = rows.of_runs(work.session, sop.name, sop.digest, recorded_as(loss.event), loss.within)
    if begun < loss.minimum:
        return None
    return {"event": loss.event, "runs": begun, "met": met, "percent": round(met / begun * 100, 2)}


def _stop(work: Work, sop: Sop, standing: Rollout) -> None:
    standing.stopped_at = work.now
    logger.warning("a rollout was stopped", sop=sop.name, percent=standing.detail["percent"])
    sentence = _("The SOP {title} was stopped: of {runs} runs, {percent} % met with {event}.")
    alerts.alert_staff(
        work, kind="risk", reason=sentence.format(title=sop.title, **standing.detail), to=["role:manager"]
    )


def _is_open(standing: Rollout, plan: RolloutPlan) -> bool:
    """Whether there is anything left to look at: more stages, or a loss that may still come."""
    return plan.stop_loss is not None or standing.stage + 1 < len(plan.stages)
