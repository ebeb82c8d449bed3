"""Events by which the runner hands work to a later transaction. They are timers of our own, due at once."""

from datetime import datetime
from typing import Any

from bot.model.events import TimerDue

WAKE = "run.wake"
"""A run's wait is over: `run`, and `wait`, the number of the wait that is meant."""
DEADLINE = "run.deadline"
"""A run has had its time: `run`."""
START = "sop.start"
"""A run asks for another SOP for its subject: `run`, `sop`."""
CONTINUE = "sop.continue"
"""A schedule has more subjects than one transaction takes: `sop`, `at`, `after`, the last id that was enrolled."""
RECOUNT = "segment.recount"
"""Everybody is looked at for a segment: `segment`; of a count that has begun, the last id `after`, and its `digest`."""
EDGE = "segment.edge"
"""Time alone may have changed who is in a segment: `segment`."""
EXPERIMENT = "experiment.judge"
"""A split looks for its winner: `experiment`."""
STAGE = "rollout.stage"
"""A rollout may move on, or has to stop: `sop`, `digest`."""
CONFIRMED = "mass.confirmed"
"""It is time to ask whether a mass send was confirmed: `msgid`, `sender`, `look`, `steps`."""
NAMES = (WAKE, DEADLINE, START, CONTINUE, RECOUNT, EDGE, EXPERIMENT, STAGE, CONFIRMED)


def start(run_id: int, sop: str, at: datetime) -> TimerDue:
    return TimerDue(at=at, name=START, about={"run": run_id, "sop": sop}, subject=f"run:{run_id}")


def go_on(sop: str, due_at: datetime, after: Any, now: datetime) -> TimerDue:
    about = {"sop": sop, "at": due_at.isoformat(), "after": after}
    return TimerDue(at=now, name=CONTINUE, about=about, subject=f"sop:{sop}")


def recount(segment: str, after: Any, digest: str, now: datetime) -> TimerDue:
    about = {"segment": segment, "after": after, "digest": digest}
    return TimerDue(at=now, name=RECOUNT, about=about, subject=f"segment:{segment}")
