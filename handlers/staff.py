"""Reads the corp: departments, staff, tags, who follows whom, groups. At start, every night, and by command.

Every page of every list is a call of its own in the outbox, so a reading that was interrupted goes on where it was.
"""

from datetime import timedelta
from typing import Any

from bot.community import contacts, directory, groups
from bot.model.calls import Call
from bot.model.events import AppEvent, CallFinished, TagChanged, TimerDue
from bot.model.ids import ChatId, ExternalUserId
from bot.model.lanes import Lane
from bot.runtime.context import Context
from bot.runtime.router import Router
from bot.storage.ledger import Timer
from bot.storage.queries import directory as rows
from bot.storage.work import Work

router = Router("staff")
SYNC = "sync"
NIGHTLY = timedelta(days=1)
PAGE = 1000


def begin(work: Work) -> None:
    """Read the corp now."""
    work.set_timer(Timer(SYNC, f"{SYNC}:{work.now.isoformat()}", work.now, SYNC, lane=Lane.BULK))


@router.on(TimerDue, where=lambda event: event.name == SYNC)
def sync(event: TimerDue, ctx: Context) -> None:
    if ctx.settings.wecom is None:
        return
    reading = event.at.isoformat()
    _ask(ctx, reading, "department/list", {})
    _ask(ctx, reading, "externalcontact/get_corp_tag_list", {})
    _ask(ctx, reading, "externalcontact/get_follow_user_list", {})
    _ask(ctx, reading, "externalcontact/groupchat/list", {"limit": PAGE})
    next_at = event.at + NIGHTLY
    ctx.work.set_timer(Timer(SYNC, f"{SYNC}:{next_at.isoformat()}", next_at, SYNC, lane=Lane.BULK))


@router.on(CallFinished, where=lambda event: event.endpoint == "department/list" and "sync" in event.note)
def departments_arrived(event: CallFinished, ctx: Context) -> None:
    for department in directory.take_departments(ctx.work, event.answer):
        _ask(ctx, event.note["sync"], "user/list", {"department_id": department})


@router.on(CallFinished, where=lambda event: event.endpoint == "user/list" and event.outcome == "sent")
def staff_arrived(event: CallFinished, ctx: Context) -> None:
    directory.take_staff(ctx.work, event.answer)


@router.on(CallFinished, where=lambda event: event.endpoint == "externalcontact/get_corp_tag_list")
def tags_arrived(event: CallFinished, ctx: Context) -> None:
    directory.take_tags(ctx.work, event.answer)


@router.on(CallFinished, where=lambda event: event.endpoint == "externalcontact/get_follow_user_list")
def followers_arrived(event: CallFinished, ctx: Context) -> None:
    for user_id in event.answer.get("follow_user") or []:
        _ask(ctx, event.note["sync"], "externalcontact/list", {"userid": user_id})


@router.on(CallFinished, where=lambda event: event.endpoint == "externalcontact/list" and event.outcome == "sent")
def contacts_arrived(event: CallFinished, ctx: Context) -> None:
    for external_user_id in event.answer.get("external_userid") or []:
        contact = contacts.ensure(ctx.work, ExternalUserId(external_user_id))
        if contact.profiled_at is None:
            _ask(ctx, event.note["sync"], "externalcontact/get", {"external_userid": external_user_id})


@router.on(CallFinished, where=lambda event: event.endpoint == "externalcontact/groupchat/list")
def groups_arrived(event: CallFinished, ctx: Context) -> None:
    for one in event.answer.get("group_chat_list") or []:
        groups.ensure(ctx.work, ChatId(one["chat_id"]))
        _ask(ctx, event.note["sync"], "externalcontact/groupchat/get", {"chat_id": one["chat_id"], "need_name": 1})
    cursor = event.answer.get("next_cursor")
    if cursor:
        _ask(ctx, event.note["sync"], "externalcontact/groupchat/list", {"limit": PAGE, "cursor": cursor})


@router.on(TagChanged)
def tag_changed(event: TagChanged, ctx: Context) -> None:
    _ask(ctx, event.at.isoformat(), "externalcontact/get_corp_tag_list", {})


@router.on(AppEvent, where=lambda event: event.name in ("subscribe", "unsubscribe"))
def visible_range_changed(event: AppEvent, ctx: Context) -> None:
    """Somebody came into or left the app's visible range."""
    _ask(ctx, event.at.isoformat(), "department/list", {})


def needs_first_reading(work: Work) -> bool:
    return rows.is_empty(work.session)


def _ask(ctx: Context, reading: str, endpoint: str, body: dict[str, Any]) -> None:
    what = ":".join(str(value) for value in body.values())
    key = f"{SYNC}:{reading}:{endpoint}:{what}"
    ctx.work.plan(Call(endpoint, body, lane=Lane.BULK, key=key, follow=True, note={"sync": reading}))
