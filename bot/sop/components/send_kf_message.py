"""A message by WeChat customer service."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from bot.model.calls import Call
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.template import AppText, cut

TEXT_BYTES = 2048


class Params(BaseModel, extra="forbid"):
    text: AppText = Field(min_length=1)
    account: str = Field(min_length=1)


@action(subject="contact", needs="wecom", reaches="kf")
def send_kf_message(step: Step, params: Params) -> Iterator[Effect]:
    """Write to the contact by WeChat customer service: up to 5 messages in the 48 hours after theirs.

    Source: developer.work.weixin.qq.com/document/path/94677
    """
    if not step.external_user_id:
        yield Suppress("no contact")
        return
    text = cut(step.render(params.text), TEXT_BYTES)
    to = {"touser": step.external_user_id, "open_kfid": params.account}
    yield Call(
        "kf/send_msg",
        {**to, "msgtype": "text", "text": {"content": text}},
        key=f"{step.key}:kf",
        subject=f"external:{step.external_user_id}",
    )
