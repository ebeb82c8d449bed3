"""Housekeeping: every night what has been kept for long enough leaves the database, a small batch at a time.

Each batch is a timer of its own, so that everything else goes on in between, and a night that was interrupted goes on
where it was.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlmodel import Session

from bot import log
from bot.model.events import TimerDue
from bot.model.lanes import Lane
from bot.model.tables import AuditRow, InboxRow, OutboxRow, StepRun, Suppression, TimerRow
from bot.runtime.context import Context
from bot.runtime.router import Router
from bot.settings import KeepSettings, Settings
from bot.storage import archive
from bot.storage.ledger.timers import Timer
from bot.storage.queries import mass_counts, retention
from bot.storage.work import Work

router = Router("housekeeping")
logger = log.get(__name__)
NIGHT, BATCH = "housekeeping", "housekeeping.batch"
AT = time(3, 30)
MOST = 1000


@dataclass(frozen=True)
class Shelf:
    """Rows that are archived and then removed: from which table, by which field, after how many days."""

    table: type[Any]
    at: str
    days: Callable[[KeepSettings], int]
    find: Callable[[Any, datetime, int], Sequence[Any]]


SHELVES: Mapping[str, Shelf] = {
    "inbox": Shelf(InboxRow, "received_at", lambda keep: min(keep.inbox_days, keep.messages_days), retention.inbox),
    "timers": Shelf(TimerRow, "due_at", lambda keep: keep.inbox_days, retention.timers),
    "outbox": Shelf(OutboxRow, "planned_at", lambda keep: keep.traces_days, retention.outbox),
    "steps": Shelf(StepRun, "at", lambda keep: keep.traces_days, retention.steps),
    "suppressions": Shelf(Suppression, "at", lambda keep: keep.traces_days, retention.suppressions),
    "audit": Shelf(AuditRow, "at", lambda keep: keep.audit_days, retention.audit),
}
Days = Callable[[KeepSettings], int]
Forget = Callable[[Session, datetime, int], int]
FORGOTTEN: Mapping[str, tuple[Days, Forget]] = {
    "messages": (lambda keep: keep.messages_days, retention.forget_messages),
    "quotes": (lambda keep: keep.messages_days, retention.forget_quotes),
    "beginnings": (lambda keep: keep.messages_days, retention.forget_beginnings),
    "mass counts": (lambda _keep: 1, mass_counts.forget),
}
"""What is gone for good after so many days: what people wrote, and counts of windows that are over."""


def begin(work: Work, settings: Settings) -> None:
    """Be there for the coming night."""
    now = work.now.astimezone(settings.zone)
    night = datetime.combine(now.date(), AT, settings.zone)
    night += timedelta(days=night <= now)
    work.set_timer(Timer(NIGHT, f"{NIGHT}:{night.date()}", night, NIGHT, lane=Lane.BULK))


@router.on(TimerDue, where=lambda event: event.name == NIGHT)
def nightfall(event: TimerDue, ctx: Context) -> None:
    begin(ctx.work, ctx.settings)
    for theme in (*SHELVES, *FORGOTTEN):
        _go_on(ctx.work, theme, event.at.isoformat(), 1)


@router.on(TimerDue, where=lambda event: event.name == BATCH)
def batch(event: TimerDue, ctx: Context) -> None:
    """Clear a batch, and come back at once when it was a full one."""
    theme = event.about["theme"]
    count = _clear(ctx, theme)
    if count:
        logger.info("cleared away", theme=theme, rows=count)
    if count == MOST:
        _go_on(ctx.work, theme, event.about["night"], event.about["turn"] + 1)


def _clear(ctx: Context, theme: str) -> int:
    keep = ctx.settings.keep
    if theme in FORGOTTEN:
        days, forget = FORGOTTEN[theme]
        return forget(ctx.session, ctx.now - timedelta(days=days(keep)), MOST)
    shelf = SHELVES[theme]
    rows = shelf.find(ctx.session, ctx.now - timedelta(days=shelf.days(keep)), MOST)
    archive.write(keep.folder, rows, shelf.at)
    return retention.remove(ctx.session, shelf.table, [row.id for row in rows])


def _go_on(work: Work, theme: str, night: str, turn: int) -> None:
    about = {"theme": theme, "night": night, "turn": turn}
    work.set_timer(Timer(BATCH, f"{BATCH}:{night}:{theme}:{turn}", work.now, f"{NIGHT}:{theme}", about, Lane.BULK))
