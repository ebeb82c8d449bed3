"""Splits that look for their best variant, once a day, and give it to everybody from then on."""

from datetime import timedelta

from bot import log
from bot.model.tables import Experiment
from bot.sop import experiments, followups
from bot.sop.experiments import Arm
from bot.sop.library import Library
from bot.sop.publish import version
from bot.sop.schema import Position, Sop, Split, spelled, walk
from bot.sop.triggers import recorded_as
from bot.storage.ledger.timers import Timer
from bot.storage.queries import trials as rows
from bot.storage.work import Work

logger = log.get(__name__)
EVERY = timedelta(days=1)


def winner_of(work: Work, sop: Sop, position: Position) -> str:
    """The variant that has won; empty while none has. The first subject at a split begins its experiment."""
    where = (work.session, sop.name, sop.digest, spelled(position))
    begins = rows.begin_experiment(*where, work.now)
    found = rows.experiment(*where)
    assert found is not None
    if begins:
        _plan(work, found)
    return found.winner


def look(work: Work, library: Library, experiment_id: int) -> None:
    """Judge an experiment; it is looked at again tomorrow while it has no winner."""
    experiment = rows.experiment_by_id(work.session, experiment_id)
    if experiment is None or experiment.winner:
        return
    sop = version(work, library, experiment.sop, experiment.digest)
    split = _split_at(sop, experiment.position) if sop else None
    if split is None or split.winner is None:
        return
    found = rows.by_variant(work.session, experiment, recorded_as(split.winner.event), split.winner.within)
    arms = {one.name: Arm(*found.get(one.name, (0, 0)), weight=one.weight) for one in split.variants}
    judged = experiments.judge(arms, split.winner.min_sample)
    is_early = work.now - experiment.began_at < split.winner.min_time
    experiment.detail = {**vars(judged), "arms": {name: [arm.subjects, arm.reached] for name, arm in arms.items()}}
    if judged.winner and not is_early:
        experiment.winner, experiment.decided_at = judged.winner, work.now
        logger.info("a variant has won", sop=experiment.sop, position=experiment.position, variant=judged.winner)
        return
    _plan(work, experiment)


def _split_at(sop: Sop, position: str) -> Split | None:
    return next((one for at, one in walk(sop.steps) if spelled(at) == position and isinstance(one, Split)), None)


def _plan(work: Work, experiment: Experiment) -> None:
    due_at = work.now + EVERY
    key = f"{followups.EXPERIMENT}:{experiment.id}:{due_at.isoformat()}"
    about = {"experiment": experiment.id}
    work.set_timer(Timer(followups.EXPERIMENT, key, due_at, f"experiment:{experiment.id}", about))
