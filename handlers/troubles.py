"""Troubles that only a person can end: refused rights, wrong secrets, warnings of the platform."""

from bot.community import troubles
from bot.model.events import AppEvent, CallFinished
from bot.runtime.context import Context
from bot.runtime.router import Router

router = Router("troubles")


@router.on(CallFinished, where=lambda event: event.outcome == "failed")
def call_failed(event: CallFinished, ctx: Context) -> None:
    troubles.call_failed(ctx.work, event)


@router.on(AppEvent, where=lambda event: event.name in troubles.WARNINGS)
def warned(event: AppEvent, ctx: Context) -> None:
    troubles.warned(ctx.work, event)
