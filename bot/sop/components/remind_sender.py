"""A reminder of a mass send that nobody has confirmed."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from bot.model.calls import Call
from bot.sop.actions import Effect, Step, Suppress, action


class Params(BaseModel, extra="forbid"):
    of: str = Field(min_length=1)


@action(subject="contact", needs="wecom")
def remind_sender(step: Step, params: Params) -> Iterator[Effect]:
    """Remind the staff member to confirm the mass send of an earlier step, at most 3 times a day.

    `of` is the id of that step. Source: developer.work.weixin.qq.com/document/path/97610
    """
    taken = step.earlier.get(params.of)
    msg_id = taken.detail.get("msgid") if taken else None
    if taken is None or not msg_id:
        yield Suppress("no mass send to remind of", {"of": params.of})
        return
    if "confirmed_at" in taken.detail:
        yield Suppress("confirmed already", {"of": params.of})
        return
    yield Call("externalcontact/remind_groupmsg_send", {"msgid": msg_id}, key=f"{step.key}:remind")
