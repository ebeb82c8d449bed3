"""Somebody's lead."""

from collections.abc import Iterator
from functools import partial

from pydantic import BaseModel

from bot.community import leads, recipients
from bot.model.ids import ChatId, ContactId, UserId
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.recipients import Recipients
from bot.storage.queries import leads as rows
from bot.storage.work import Work


class Params(BaseModel, extra="forbid"):
    kind: str = "opportunity"
    to: Recipients = ["event_staff"]


@action(subject="contact", needs="wecom")
def assign_lead(step: Step, params: Params) -> Iterator[Effect]:
    """Give the contact's open lead to the first of `to`, who has then claimed it."""
    if step.contact_id is None:
        yield Suppress("no contact")
        return
    yield partial(
        _assign,
        contact_id=ContactId(step.contact_id),
        kind=params.kind,
        to=params.to,
        user_id=None if step.user_id is None else UserId(step.user_id),
        chat_id=None if step.chat_id is None else ChatId(step.chat_id),
    )


def _assign(
    work: Work, *, contact_id: ContactId, kind: str, to: list[str], user_id: UserId | None, chat_id: ChatId | None
) -> None:
    lead = rows.open_lead(work.session, contact_id, kind)
    users = recipients.resolve(work.session, to, contact_id=contact_id, user_id=user_id, chat_id=chat_id, now=work.now)
    if lead is not None and users:
        leads.act(work, lead, "claim", users[0])
