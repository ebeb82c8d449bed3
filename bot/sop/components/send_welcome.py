"""Greet a contact who has just been added."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, Field

from bot.model.calls import Call
from bot.model.events import WELCOME_WINDOW, ContactAdded, ContactHalfAdded
from bot.model.lanes import Lane
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.attachments import Attachments, render_attachments
from bot.sop.template import PROFILE, WelcomeText, needs
from bot.sop.welcome import body_of, welcome_key

GREETED_WITHIN = timedelta(hours=24)
PROFILE_PATIENCE = timedelta(seconds=8)
"""How long a text that names the contact waits for the profile before it leaves with its fallback."""


class Params(BaseModel, extra="forbid"):
    text: WelcomeText = Field(min_length=1)
    attach: Attachments = []


@action(subject="contact", needs="wecom")
def send_welcome(step: Step, params: Params) -> Iterator[Effect]:
    """Greet a contact who has just been added, within the 20 seconds that WeCom gives.

    `welcome_code` works once, and only for 20 seconds after the callback.
    Source: developer.work.weixin.qq.com/document/path/92137
    """
    event = step.event
    if not isinstance(event, ContactAdded | ContactHalfAdded) or not event.welcome_code:
        yield Suppress("no welcome code")
        return
    greeted_at = step.follow.greeted_at if step.follow else None
    if greeted_at is not None and step.now - greeted_at < GREETED_WITHIN:
        yield Suppress("already greeted", {"greeted_at": greeted_at.isoformat()})
        return
    is_profile_coming = (
        isinstance(event, ContactAdded) and step.contact is not None and step.contact.profiled_at is None
    )
    waits = is_profile_coming and needs(params.text) & PROFILE
    note: dict[str, Any] = {
        "user_id": event.user_id,
        "external_user_id": event.external_user_id,
        "contact_id": step.contact_id,
        "code": event.welcome_code,
        "text": params.text if waits else None,
        "names": {name: step.names[name] for name in ("staff", "event", "sop")} if waits else {},
        "attachments": render_attachments(params.attach),
    }
    yield Call(
        "externalcontact/send_welcome_msg",
        body_of(event.welcome_code, step.render(params.text), note["attachments"]),
        lane=Lane.INSTANT,
        key=welcome_key(event.user_id, event.external_user_id, event.welcome_code),
        subject=f"welcome:{event.user_id}:{event.external_user_id}",
        deadline=event.at + WELCOME_WINDOW,
        after=event.at + PROFILE_PATIENCE if waits else None,
        follow=True,
        note={"welcome": note},
    )
