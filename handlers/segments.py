"""Segments: after every event, whoever's facts it changed is judged anew. Included last of all."""

from bot.model.events import Event
from bot.runtime.context import Context
from bot.runtime.router import Router
from bot.sop import membership

router = Router("segments")


@router.on(Event)
def follow(event: Event, ctx: Context) -> None:
    membership.follow(ctx.work, ctx.library)
