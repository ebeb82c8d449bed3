"""A notice that a follower has asked for."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from bot.model.calls import Call
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.template_values import TemplateValues, rendered


class Params(BaseModel, extra="forbid"):
    template: str = Field(min_length=1)
    values: TemplateValues
    page: str | None = None


@action(subject="contact", needs="official.template", reaches="subscription")
def send_official_subscription(step: Step, params: Params) -> Iterator[Effect]:
    """Send a notice that the contact subscribed to at the official account: one for each time they agreed.

    Source: developers.weixin.qq.com/doc/service, message/subscribe/bizsend
    """
    if step.open_id is None:
        yield Suppress("not known at the official account")
        return
    body = {"touser": step.open_id, "template_id": params.template, "data": rendered(step, params.values)}
    yield Call(
        "message/subscribe/bizsend",
        body | ({"page": params.page} if params.page else {}),
        platform="official",
        key=f"{step.key}:subscription",
        subject=f"official:{step.open_id}",
    )
