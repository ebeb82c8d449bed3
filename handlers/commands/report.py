"""/report: the community in numbers, as text at once and as a picture after it."""

from datetime import timedelta
from typing import Annotated, Literal

from bot.community.reports import figures, render
from handlers.commands.command import Ask, Reply, command
from handlers.commands.parse import Arguments, also

PERIODS = {"日": "day", "天": "day", "日报": "day", "周": "week", "周报": "week", "月": "month", "月报": "month"}
PERIODS |= {"昨天": "day", "yesterday": "day", "daily": "day", "weekly": "week", "monthly": "month"}


class Which(Arguments):
    period: Annotated[Literal["day", "week", "month"], also(PERIODS)] = "week"


@command("report", "报告", role="manager", form="/report [day|week|month]")
def report(ask: Ask, words: Which) -> Reply:
    """Report on the community, up to yesterday"""
    settings = ask.ctx.settings
    period = figures.Period.ending_yesterday(words.period, ask.ctx.now, settings.zone)
    claim_within = timedelta(minutes=settings.claim_within_minutes)
    told = figures.report(ask.session, period, ask.ctx.now, claim_within)
    return Reply(render.text(told, ask.language), render.picture_name(period, ask.language))
