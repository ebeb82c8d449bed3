"""Who comes and goes: keeps contacts and their relations, fetches profiles, tells the rest of the house."""

from datetime import timedelta
from typing import Literal

from bot.community import behaviour, contacts, followers, tagging
from bot.model.calls import Call
from bot.model.events import (
    CallFinished,
    ContactAdded,
    ContactEdited,
    ContactLost,
    ContactRemoved,
    Greetable,
)
from bot.model.ids import ExternalUserId
from bot.model.lanes import Lane
from bot.runtime.context import Context
from bot.runtime.router import Router

router = Router("contacts")
PROFILE = "externalcontact/get"


@router.on(Greetable)
def added(event: Greetable, ctx: Context) -> None:
    """Write the relation down, put the live code's tags on, and have the profile fetched."""
    contact, beginning = contacts.follow(ctx.work, event)
    contact_id = contacts.id_of(contact)
    if not isinstance(event, ContactAdded):
        return  # WeCom tells no profile before the staff member has confirmed
    if not event.found:  # the reading that found the contact read the profile too
        fetch_profile(ctx, event.external_user_id, Lane.INSTANT if event.welcome_code else Lane.NORMAL)
    if beginning in ("new", "confirmed"):
        key = f"contact_added:{event.user_id}:{contact_id}:{int(event.at.timestamp())}"
        behaviour.record(ctx.work, contact_id, "contact_added", at=event.at, key=key, user_id=event.user_id)
        if behaviour.parted(ctx.work, contact_id, event.user_id):
            behaviour.record(ctx.work, contact_id, "re_added", at=event.at, key=f"re_{key}", user_id=event.user_id)
        tagging.mark_carried(ctx.work, contact_id, event.user_id)
        tags = ctx.rules.tags_of_state(event.state or contacts.state_of(ctx.session, contact_id, event.user_id))
        if tags:
            rule = f"live_code:{event.state}"
            tagging.add_tags(ctx.work, contact_id, tags, source="live_code", rule=rule, user_id=event.user_id)


@router.on(ContactLost)
def lost(event: ContactLost, ctx: Context) -> None:
    _end(ctx, event, "lost")


@router.on(ContactRemoved)
def removed(event: ContactRemoved, ctx: Context) -> None:
    _end(ctx, event, "removed")


def _end(ctx: Context, event: ContactLost | ContactRemoved, how: Literal["lost", "removed"]) -> None:
    contact = contacts.unfollow(ctx.work, event.external_user_id, event.user_id, event.at, how)
    if contact is None:
        return
    key = f"contact_{how}:{event.user_id}:{contact.id}:{int(event.at.timestamp())}"
    contact_id = contacts.id_of(contact)
    behaviour.record(ctx.work, contact_id, f"contact_{how}", at=event.at, key=key, user_id=event.user_id)


@router.on(ContactEdited)
def edited(event: ContactEdited, ctx: Context) -> None:
    contacts.ensure(ctx.work, event.external_user_id)
    fetch_profile(ctx, event.external_user_id, Lane.NORMAL)


@router.on(CallFinished, where=lambda event: event.endpoint == PROFILE and event.outcome == "sent")
def profiled(event: CallFinished, ctx: Context) -> None:
    """Take the profile over; a unionid may show that we know this person from an official account."""
    contact = contacts.profile(ctx.work, event.answer)
    if contact is not None and contact.union_id:
        followers.join(ctx.work, contact)


def fetch_profile(ctx: Context, external_user_id: ExternalUserId, lane: Lane) -> None:
    """Ask for a profile, once a minute at the most."""
    minute = int(ctx.now.timestamp() // timedelta(minutes=1).total_seconds())
    body = {"external_userid": external_user_id}
    ctx.work.plan(Call(PROFILE, body, lane=lane, key=f"profile:{external_user_id}:{minute}", follow=True))
