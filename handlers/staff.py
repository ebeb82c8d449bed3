"""Reads the corp: departments, staff, tags, who follows whom, groups. At start, every night, and by command.

Every page of every list is a call of its own in the outbox, so a reading that was interrupted goes on where it was.
What nobody told us of becomes the event that was lost.
"""

import hashlib
from datetime import timedelta
from typing import Any

import orjson

from bot.community import directory, followers, groups, readings
from bot.model.calls import Call
from bot.model.events import AppEvent, CallFinished, TagChanged, TimerDue
from bot.model.ids import ChatId
from bot.model.lanes import Lane
from bot.model.tables import CorpReading
from bot.runtime.context import Context
from bot.runtime.router import Router
from bot.storage.ledger.timers import Timer
from bot.storage.queries import directory as rows
from bot.storage.work import Work

router = Router("staff")
SYNC = "sync"
NIGHTLY = timedelta(days=1)
GROUPS_PAGE, CONTACTS_PAGE, STAFF_AT_ONCE = 100, 100, 100
"""Of groups WeCom shows a thousand at once: too many for one transaction.

Source: developer.work.weixin.qq.com/document/path/92120, 92994"""
CONTACTS, GROUPS = "externalcontact/batch/get_by_user", "externalcontact/groupchat/list"


def begin(work: Work) -> str:
    """Read the corp now; returns the name of the reading."""
    work.set_timer(Timer(SYNC, f"{SYNC}:{work.now.isoformat()}", work.now, SYNC, lane=Lane.BULK))
    return work.now.isoformat()


@router.on(TimerDue, where=lambda event: event.name == SYNC)
def sync(event: TimerDue, ctx: Context) -> None:
    if ctx.settings.wecom is None:
        return
    reading = readings.begin(ctx.work, event.at).name
    _ask(ctx, reading, "department/list", {})
    _ask(ctx, reading, "externalcontact/get_corp_tag_list", {})
    _ask(ctx, reading, "externalcontact/get_follow_user_list", {})
    _ask(ctx, reading, GROUPS, {"limit": GROUPS_PAGE})
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
    users = [str(user_id) for user_id in event.answer.get("follow_user") or []]
    for first in range(0, len(users), STAFF_AT_ONCE):
        part = users[first : first + STAFF_AT_ONCE]
        _ask(ctx, event.note["sync"], CONTACTS, {"userid_list": part, "limit": CONTACTS_PAGE})


@router.on(CallFinished, where=lambda event: event.endpoint == CONTACTS and event.outcome == "sent")
def contacts_arrived(event: CallFinished, ctx: Context) -> None:
    """A page of contacts; after the last one it is known who is missing."""
    reading = _reading(event, ctx)
    for one in event.answer.get("external_contact_list") or []:
        contact = readings.take_contact(ctx.work, reading, one)
        if contact is not None and contact.union_id:
            followers.join(ctx.work, contact)
    if cursor := event.answer.get("next_cursor"):
        _ask(ctx, reading.name, CONTACTS, {**event.body, "cursor": cursor})
        return
    unlicensed = (event.answer.get("fail_info") or {}).get("unlicensed_userid_list") or []
    readings.miss_contacts(ctx.work, reading, [one for one in event.body["userid_list"] if one not in unlicensed])


@router.on(CallFinished, where=lambda event: event.endpoint == GROUPS and event.outcome == "sent")
def groups_arrived(event: CallFinished, ctx: Context) -> None:
    reading = _reading(event, ctx)
    for one in event.answer.get("group_chat_list") or []:
        groups.ensure(ctx.work, ChatId(one["chat_id"])).seen_at = reading.started_at
        _ask(ctx, reading.name, "externalcontact/groupchat/get", {"chat_id": one["chat_id"], "need_name": 1})
    if cursor := event.answer.get("next_cursor"):
        _ask(ctx, reading.name, GROUPS, {"limit": GROUPS_PAGE, "cursor": cursor})
        return
    readings.miss_groups(ctx.work, reading)


@router.on(CallFinished, where=lambda event: "sync" in event.note)
def answered(event: CallFinished, ctx: Context) -> None:
    """Count the answer, after the handlers above have asked for more; with the last one the directory is complete."""
    reading = readings.named(ctx.work, str(event.note["sync"]))
    if reading is not None and readings.answered(ctx.work, reading, well=event.outcome == "sent"):
        rows.retire_staff(ctx.session, reading.started_at)


@router.on(TagChanged)
def tag_changed(event: TagChanged, ctx: Context) -> None:
    _ask(ctx, event.at.isoformat(), "externalcontact/get_corp_tag_list", {})


@router.on(AppEvent, where=lambda event: event.name in ("subscribe", "unsubscribe"))
def visible_range_changed(event: AppEvent, ctx: Context) -> None:
    """Somebody came into or left the app's visible range."""
    _ask(ctx, event.at.isoformat(), "department/list", {})


def needs_first_reading(work: Work) -> bool:
    return rows.is_empty(work.session)


def _reading(event: CallFinished, ctx: Context) -> CorpReading:
    reading = readings.named(ctx.work, str(event.note["sync"]))
    assert reading is not None
    return reading


def _ask(ctx: Context, reading: str, endpoint: str, body: dict[str, Any]) -> None:
    """Plan a call of a reading, once; a list of staff is too long for a key."""
    what = hashlib.blake2b(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()
    key = f"{SYNC}:{reading}:{endpoint}:{what}"
    if ctx.work.plan(Call(endpoint, body, lane=Lane.BULK, key=key, follow=True, note={"sync": reading})):
        readings.asked(ctx.work, reading)
