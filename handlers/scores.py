"""Scores: every night what deeds are worth is counted anew, points and tags run out, and time moves people to other
stages of their life; a batch of contacts at a time."""

from datetime import datetime, time, timedelta

from bot.community import ratings
from bot.model.events import TimerDue
from bot.model.lanes import Lane
from bot.runtime.context import Context
from bot.runtime.router import Router
from bot.settings import Settings
from bot.sop import lifecycle
from bot.storage.ledger.timers import Timer
from bot.storage.work import Work

router = Router("scores")
NIGHT, BATCH = "scores", "scores.batch"
AT = time(4, 0)
MOST = 500
MONTHLY = "stale"
"""Done in the first night of a month that somebody was there for."""
THEMES = ("contacts", "worth", "stages", "expired", MONTHLY)


def begin(work: Work, settings: Settings) -> None:
    """Be there for the coming night."""
    now = work.now.astimezone(settings.zone)
    night = datetime.combine(now.date(), AT, settings.zone)
    night += timedelta(days=night <= now)
    work.set_timer(Timer(NIGHT, f"{NIGHT}:{night.date()}", night, NIGHT, lane=Lane.BULK))


@router.on(TimerDue, where=lambda event: event.name == NIGHT)
def nightfall(event: TimerDue, ctx: Context) -> None:
    begin(ctx.work, ctx.settings)
    night = ctx.now.astimezone(ctx.settings.zone)
    for theme in THEMES:
        _go_on(ctx.work, f"{night:%Y-%m}" if theme == MONTHLY else event.at.isoformat(), theme, 0)


@router.on(TimerDue, where=lambda event: event.name == BATCH)
def batch(event: TimerDue, ctx: Context) -> None:
    """Do a batch, and come back at once while there is more."""
    theme, after = str(event.about["theme"]), int(event.about["after"])
    if (more := _do(ctx, theme, after)) is not None:
        _go_on(ctx.work, event.about["night"], theme, more)


def _do(ctx: Context, theme: str, after: int) -> int | None:
    """Where the next batch begins; None when everything is done."""
    rules, work = ctx.rules.scores, ctx.work
    match theme:
        case "contacts":
            return ratings.refresh(work, rules, after, MOST)
        case "worth" if rules.rfm is not None:
            ratings.rank(work, rules.rfm)
        case "stages":
            stages, zone = ctx.library.stages, ctx.settings.zone
            return lifecycle.refresh(ctx.session, stages, after, MOST, work.now, zone)
        case "expired" if ratings.take_off_expired(work, MOST):
            return after + 1
        case "stale" if rules.tags is not None and ratings.take_off_stale(work, rules.tags, MOST):
            return after + 1
    return None


def _go_on(work: Work, night: str, theme: str, after: int) -> None:
    about = {"theme": theme, "night": night, "after": after}
    work.set_timer(Timer(BATCH, f"{BATCH}:{night}:{theme}:{after}", work.now, f"{NIGHT}:{theme}", about, Lane.BULK))
