"""Events by which the runner hands work to a later transaction. They are timers of our own, due at once."""

from datetime import datetime
from typing import Any

from bot.model.events import TimerDue

WAKE = "run.wake"
"""A run's wait is over: `run`, and `wait`, the number of the wait that is meant."""
START = "sop.start"
"""A run asks for another SOP for its subject: `run`, `sop`."""
CONTINUE = "sop.continue"
"""A schedule has more subjects than one transaction takes: `sop`, `at`, `after`, the last id that was enrolled."""
NAMES = (WAKE, START, CONTINUE)


def start(run_id: int, sop: str, at: datetime) -> TimerDue:
    return TimerDue(at=at, name=START, about={"run": run_id, "sop": sop}, subject=f"run:{run_id}")


def go_on(sop: str, due_at: datetime, after: Any, now: datetime) -> TimerDue:
    about = {"sop": sop, "at": due_at.isoformat(), "after": after}
    return TimerDue(at=now, name=CONTINUE, about=about, subject=f"sop:{sop}")
