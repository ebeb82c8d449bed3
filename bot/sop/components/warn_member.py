"""A warning for a member."""

from collections.abc import Iterator
from functools import partial

from pydantic import BaseModel

from bot.community import requests
from bot.model.ids import ChatId, ContactId
from bot.sop.actions import Effect, Step, Suppress, action


class Params(BaseModel, extra="forbid"):
    """Nothing has to be said: the event names member and group."""


@action(subject="contact", needs="wecom")
def warn_member(step: Step, params: Params) -> Iterator[Effect]:
    """Ask the group's owner, by a task on a card, to warn the member; the bot may not do it itself."""
    if step.contact_id is None or step.chat_id is None:
        yield Suppress("no member of a group")
        return
    yield partial(
        requests.warn,
        contact_id=ContactId(step.contact_id),
        chat_id=ChatId(step.chat_id),
        rule=step.rule,
        key=step.key,
    )
