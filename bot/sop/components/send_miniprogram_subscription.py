"""A notice that a user of the mini-program has asked for."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from bot.model.calls import Call
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.template import Template
from bot.sop.template_values import TemplateValues, rendered


class Params(BaseModel, extra="forbid"):
    template: str = Field(min_length=1)
    values: TemplateValues
    page: str | None = None
    to: Template = "{{ contact.fields.miniprogram_openid }}"


@action(subject="contact", needs="miniprogram", reaches="miniprogram")
def send_miniprogram_subscription(step: Step, params: Params) -> Iterator[Effect]:
    """Send a notice that the contact subscribed to in the mini-program: one for each time they agreed.

    `to` is their openid there; it is kept in the contact's field `miniprogram_openid` unless you say otherwise.
    Source: developers.weixin.qq.com/miniprogram, subscribeMessage.send
    """
    open_id = step.render(params.to)
    if not open_id:
        yield Suppress("not known at the mini-program")
        return
    body = {"touser": open_id, "template_id": params.template, "data": rendered(step, params.values)}
    yield Call(
        "message/subscribe/send",
        body | ({"page": params.page} if params.page else {}),
        platform="miniprogram",
        key=f"{step.key}:miniprogram",
        subject=f"miniprogram:{open_id}",
    )
