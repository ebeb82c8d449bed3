"""A template message from the official account."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from bot.model.calls import Call
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.attachments import Address
from bot.sop.template_values import TemplateValues, rendered


class Params(BaseModel, extra="forbid"):
    template: str = Field(min_length=1)
    values: TemplateValues
    url: Address | None = None


@action(subject="contact", needs="official.template", reaches="template")
def send_official_template(step: Step, params: Params) -> Iterator[Effect]:
    """Send a notice by template to a follower; it must answer something they did, and never advertise.

    Source: developers.weixin.qq.com/doc/service, api_sendtemplatemessage
    """
    if step.follower is None or step.follower.unfollowed_at is not None:
        yield Suppress("does not follow the official account")
        return
    body = {"touser": step.open_id, "template_id": params.template, "data": rendered(step, params.values)}
    yield Call(
        "message/template/send",
        body | ({"url": params.url} if params.url else {}),
        platform="official",
        key=f"{step.key}:template",
        subject=f"official:{step.open_id}",
    )
