"""The welcome of groups."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from bot.model.calls import Call
from bot.sop.actions import Effect, Step, action
from bot.sop.attachments import Attachment, render_attachments
from bot.sop.template import Limit, Template, cut

TEXT_BYTES = 3000
"""Source: developer.work.weixin.qq.com/document/path/92366"""


class Params(BaseModel, extra="forbid"):
    text: Annotated[Template, AfterValidator(Limit(TEXT_BYTES))] = Field(min_length=1)
    attach: Annotated[list[Attachment], Field(max_length=1)] = []
    notify: bool = True


@action(subject="any", needs="wecom")
def set_group_welcome(step: Step, params: Params) -> Iterator[Effect]:
    """Put a group welcome into the corp's library and tell its staff; a group's owner chooses it for the group.

    `%NICKNAME%` stands for the newcomer. The same welcome is put there once.
    """
    body: dict[str, Any] = {"text": {"content": cut(step.render(params.text), TEXT_BYTES)}}
    for shape in render_attachments(params.attach):
        body[shape["msgtype"]] = shape[shape["msgtype"]]
    key = f"group_welcome:{step.digest_of(body)}"
    yield Call("externalcontact/group_welcome_template/add", {**body, "notify": int(params.notify)}, key=key)
