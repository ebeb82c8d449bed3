"""Customer groups: who comes and goes, what is renamed, and reading a group anew when a callback was missed."""

from datetime import timedelta

from bot.community import behaviour, contacts, groups, readings
from bot.model.calls import Call
from bot.model.events import CallFinished, GroupChanged, MemberJoined, MemberLeft, MembersChanged
from bot.model.ids import ChatId, ContactId, ExternalUserId
from bot.model.lanes import Lane
from bot.runtime.context import Context
from bot.runtime.router import Router

router = Router("groups")
DETAILS = "externalcontact/groupchat/get"
MOST_AT_ONCE = 100
"""Members of a change that are taken over in one transaction."""
SETTLE = timedelta(seconds=2)
"""A group's details lag behind its event. Source: developer.work.weixin.qq.com/document/path/92130"""


TOGETHER = timedelta(seconds=10)


@router.on(MembersChanged)
def members_changed(event: MembersChanged, ctx: Context) -> None:
    """A crowd comes in parts, so that nothing urgent waits long behind it."""
    if len(event.members) > MOST_AT_ONCE:
        for part in groups.parts(event, MOST_AT_ONCE):
            ctx.work.record(part)
    elif not groups.change_members(ctx.work, event):
        read_anew(ctx, event.chat_id, f"{event.version or int(event.at.timestamp())}")


@router.on(GroupChanged)
def changed(event: GroupChanged, ctx: Context) -> None:
    groups.change(ctx.work, event)
    if event.change != "dismiss" and not event.found:
        read_anew(ctx, event.chat_id, f"{event.change}:{int(event.at.timestamp())}")


@router.on(MemberJoined)
def joined(event: MemberJoined, ctx: Context) -> None:
    key = f"group_joined:{event.chat_id}:{event.contact_id}:{int(event.at.timestamp())}"
    behaviour.record(ctx.work, event.contact_id, "group_joined", at=event.at, key=key, chat_id=event.chat_id)
    contact = contacts.get(ctx.session, event.contact_id)
    if contact.profiled_at is None and contact.external_user_id:
        fetch = {"external_userid": ExternalUserId(contact.external_user_id)}
        key = f"profile:{contact.external_user_id}:joined"
        ctx.work.plan(Call("externalcontact/get", fetch, lane=Lane.BULK, key=key, follow=True))
    if contact.name is None:
        _learn_names(ctx, event.chat_id)


def _learn_names(ctx: Context, chat_id: ChatId) -> None:
    """Only the group tells the names of members who are nobody's contact; who come together share a reading."""
    turn, passed = divmod(ctx.now.timestamp(), TOGETHER.total_seconds())
    read_anew(ctx, chat_id, f"names:{int(turn)}", after=TOGETHER - timedelta(seconds=passed) + SETTLE)


@router.on(MemberLeft)
def left(event: MemberLeft, ctx: Context) -> None:
    name = "removed_from_group" if event.scene == 1 else "group_left"
    key = f"{name}:{event.chat_id}:{event.contact_id}:{int(event.at.timestamp())}"
    behaviour.record(ctx.work, ContactId(event.contact_id), name, at=event.at, key=key, chat_id=event.chat_id)


@router.on(CallFinished, where=lambda event: event.endpoint == DETAILS and event.outcome == "sent")
def details_arrived(event: CallFinished, ctx: Context) -> None:
    reading = readings.named(ctx.work, str(event.note.get("sync", "")))
    found = groups.refresh(ctx.work, event.answer, reading.since if reading else None)
    if reading is not None:
        readings.tell_of_groups(ctx.work, reading, found)


def read_anew(ctx: Context, chat_id: ChatId, why: str, after: timedelta = SETTLE) -> None:
    """Ask for a group's details once they have settled."""
    body = {"chat_id": chat_id, "need_name": 1}
    ctx.work.plan(Call(DETAILS, body, key=f"group:{chat_id}:{why}", after=ctx.now + after, follow=True))
