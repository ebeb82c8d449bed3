"""What came of an SOP: triggered = sent + suppressed + failed + pending.

Triggered is every message that was due, with every subject that a gate kept out. What was suppressed is counted in the
suppression ledger alone, so that a step without its reason, or a reason without its step, shows as a sum that is wrong.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from bot.model.tables import Run, StepRun, Suppression

SENT, PENDING, SUPPRESSED = ("sent",), ("planned",), ("suppressed",)
FAILED = ("failed", "unknown", "expired")


@dataclass(frozen=True)
class Tally:
    triggered: int
    sent: int
    suppressed: int
    failed: int
    pending: int

    @property
    def adds_up(self) -> bool:
        return self.triggered == self.sent + self.suppressed + self.failed + self.pending


def tally(session: Session, sop: str, since: datetime | None = None) -> Tally:
    """Count an SOP's messages, of runs that began from `since` on."""
    kept_out = _suppressed(session, sop, since, of_runs=False)
    return Tally(
        triggered=kept_out + _steps(session, sop, since, (*SENT, *SUPPRESSED, *FAILED, *PENDING)),
        sent=_steps(session, sop, since, SENT),
        suppressed=kept_out + _suppressed(session, sop, since, of_runs=True),
        failed=_steps(session, sop, since, FAILED),
        pending=_steps(session, sop, since, PENDING),
    )


def _steps(session: Session, sop: str, since: datetime | None, outcomes: tuple[str, ...]) -> int:
    rows = select(func.count()).select_from(StepRun).join(Run, col(Run.id) == col(StepRun.run_id))
    rows = rows.where(Run.sop == sop, col(StepRun.outcome).in_(outcomes))
    return session.exec(rows if since is None else rows.where(col(Run.started_at) >= since)).one()


def _suppressed(session: Session, sop: str, since: datetime | None, *, of_runs: bool) -> int:
    run = col(Suppression.detail)["run"].as_integer()
    rows = select(func.count()).select_from(Suppression).where(Suppression.sop == sop)
    rows = rows.where(run.is_not(None) if of_runs else run.is_(None))
    return session.exec(rows if since is None else rows.where(col(Suppression.at) >= since)).one()
