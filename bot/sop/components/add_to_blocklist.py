"""The blocklist."""

from collections.abc import Iterator
from functools import partial

from pydantic import BaseModel

from bot.community import requests
from bot.model.ids import ChatId, ContactId
from bot.sop.actions import Effect, Step, Suppress, action


class Params(BaseModel, extra="forbid"):
    """Nothing has to be said: the event names member and group."""


@action(subject="contact", needs="wecom")
def add_to_blocklist(step: Step, params: Params) -> Iterator[Effect]:
    """Put the contact on the corp's blocklist, and ask the group's owner to keep them out."""
    if step.contact_id is None or step.chat_id is None:
        yield Suppress("no member of a group")
        return
    yield partial(
        requests.block,
        contact_id=ContactId(step.contact_id),
        chat_id=ChatId(step.chat_id),
        rule=step.rule,
        key=step.key,
    )
