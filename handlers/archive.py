"""The conversation archive: pulls what a notice announces, and hands each message on."""

from bot import log
from bot.errors import BadCallback
from bot.model.calls import Call
from bot.model.events import ArchiveNotified, CallFinished
from bot.platforms.wecom import archive
from bot.runtime.context import Context
from bot.runtime.router import Router
from bot.storage.ledger.inbox import Arrival, trace_of
from bot.storage.queries import cursors

router = Router("archive")
logger = log.get(__name__)
CURSOR = "archive.seq"
PULL = "getchatdata"
LIMIT = 200


@router.on(ArchiveNotified)
def notified(event: ArchiveNotified, ctx: Context) -> None:
    if ctx.settings.archive.pull_base:
        pull(ctx, f"notice:{event.at.isoformat()}")


@router.on(CallFinished, where=lambda event: event.endpoint == PULL and event.outcome == "sent")
def pulled(event: CallFinished, ctx: Context) -> None:
    """Keep the records and, in the same transaction, how far they reach."""
    arrivals = []
    for record in event.answer["records"]:
        try:
            message = archive.read(record)
        except BadCallback as error:
            logger.warning("archive record left out", reason=str(error), trace_id=ctx.work.trace_id)
            continue
        if message is not None:
            key = f"archive:{record['msgid']}"
            arrivals.append(Arrival("archive", message, key, trace_of(message, key)))
    ctx.work.receive(arrivals)
    cursors.move(ctx.session, CURSOR, int(event.answer["seq"]))
    if event.answer["full"]:
        pull(ctx, f"after:{event.answer['seq']}")


def pull(ctx: Context, why: str) -> None:
    body = {"seq": cursors.read(ctx.session, CURSOR), "limit": LIMIT}
    call = Call(PULL, body, platform="archive", key=f"{PULL}:{why}", subject="archive", follow=True)
    ctx.work.plan(call)
