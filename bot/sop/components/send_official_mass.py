"""A mass send of the official account."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import BaseModel, Field

from bot.model.calls import Call
from bot.model.lanes import Lane
from bot.sop.actions import Effect, Step, Suppress, Together, action
from bot.sop.components.send_official import official_text, was_active
from bot.sop.template import AppText, cut
from bot.storage.work import Work

TEXT_BYTES = 2048


class Params(BaseModel, extra="forbid"):
    text: AppText = Field(min_length=1)


@action(subject="contact", needs="official.mass", reaches="official", is_for_many=True)
def send_official_mass(step: Step, params: Params) -> Iterator[Effect]:
    """Send the same words to many followers at once, at least 2; each gets 4 a month at the most.

    Followers whom a date lets in together share a mass send. One who is alone gets a message of their own, if they did
    something in the last 48 hours: the platform refuses a mass send to one (40130).
    Source: developers.weixin.qq.com/doc/service, Batch_Sends
    """
    if step.follower is None or step.follower.unfollowed_at is not None or not step.open_id:
        yield Suppress("does not follow the official account")
        return
    content = cut(step.render(params.text), TEXT_BYTES)
    key = f"{step.occasion}:official:{step.digest_of({'text': content})}"
    alone = official_text(step, content) if was_active(step, step.now) else None
    send = partial(_send, key=f"{key}:{step.key}", content=content, alone=alone)
    yield Together(key, step.open_id, send, is_call=True)


def _send(
    work: Work, members: Sequence[str], note: dict[str, Any], *, key: str, content: str, alone: Call | None
) -> Suppress | None:
    if len(members) > 1:
        body = {"touser": list(members), "msgtype": "text", "text": {"content": content}}
        work.plan(Call("message/mass/send", body, platform="official", lane=Lane.BULK, key=key, follow=True, note=note))
    elif alone is not None:
        work.plan(replace(alone, lane=Lane.BULK, follow=True, note=note))
    else:
        return Suppress("only one follower")
    return None
