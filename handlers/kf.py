"""WeChat customer service: fetches what a notice announces, and hands each message on."""

from datetime import timedelta

from bot.model.calls import Call
from bot.model.events import CallFinished, KfNotified
from bot.platforms.wecom import kf
from bot.runtime.context import Context
from bot.runtime.router import Router
from bot.storage.ledger.inbox import Arrival, trace_of
from bot.storage.queries import cursors

router = Router("kf")
SYNC = "kf/sync_msg"
LIMIT = 1000
FIRST_LOOK = timedelta(minutes=10)
KEPT = timedelta(days=3)
"""How far back the first look reaches; WeCom keeps three days, and nobody wants an answer to those."""


@router.on(KfNotified)
def notified(event: KfNotified, ctx: Context) -> None:
    _fetch(ctx, event.account, event.token)


@router.on(CallFinished, where=lambda event: event.endpoint == SYNC and event.outcome == "sent")
def fetched(event: CallFinished, ctx: Context) -> None:
    """Keep the messages and, in the same transaction, how far they reach; a page may be empty before the last one."""
    oldest = ctx.now - (KEPT if "cursor" in event.body else FIRST_LOOK)
    messages = [kf.read(one, ctx.now) for one in event.answer.get("msg_list") or []]
    ctx.work.receive(
        Arrival("kf", message, message.message_id, trace_of(message, message.message_id))
        for message in messages
        if message is not None and message.at >= oldest
    )
    account, mark = str(event.body["open_kfid"]), str(event.answer.get("next_cursor") or "")
    if mark:
        cursors.keep_mark(ctx.session, _cursor(account), mark)
    if mark and event.answer.get("has_more"):
        _fetch(ctx, account, str(event.body.get("token") or ""))


def _fetch(ctx: Context, account: str, token: str) -> None:
    wanted = {"open_kfid": account, "token": token, "cursor": cursors.read_mark(ctx.session, _cursor(account))}
    body = {name: value for name, value in wanted.items() if value} | {"limit": LIMIT}
    ctx.work.plan(Call(SYNC, body, subject=f"kf:{account}", follow=True))


def _cursor(account: str) -> str:
    return f"kf:{account}"
