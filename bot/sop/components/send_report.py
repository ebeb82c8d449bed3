"""The report on the community."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel

from bot.community import recipients
from bot.community.reports import sending
from bot.community.reports.figures import PeriodName
from bot.model.ids import ChatId, ContactId, UserId
from bot.sop.actions import Effect, Step, Together, action
from bot.sop.recipients import Recipients
from bot.storage.work import Work


class Params(BaseModel, extra="forbid"):
    period: PeriodName = "week"
    to: Recipients = ["event_staff"]


@action(subject="any", needs="wecom")
def send_report(step: Step, params: Params) -> Iterator[Effect]:
    """Send staff the report on the community up to yesterday, in words and as a picture.

    Staff who come by the same moment of a schedule get one that was counted once.
    """
    key = f"{step.occasion}:report"
    send = partial(
        _send,
        period=params.period,
        to=params.to,
        contact_id=None if step.contact_id is None else ContactId(step.contact_id),
        chat_id=None if step.chat_id is None else ChatId(step.chat_id),
        key=key,
    )
    yield Together(key if step.subject == "staff" else f"{key}:{step.subject_key}", step.user_id or "", send)


def _send(
    work: Work,
    members: Sequence[str],
    _note: dict[str, Any],
    *,
    period: PeriodName,
    to: list[str],
    contact_id: ContactId | None,
    chat_id: ChatId | None,
    key: str,
) -> None:
    resolve = partial(recipients.resolve, work.session, to, contact_id=contact_id, chat_id=chat_id, now=work.now)
    users = dict.fromkeys(user for member in members for user in resolve(user_id=UserId(member) if member else None))
    sending.send(work, list(users), period, key=key)
