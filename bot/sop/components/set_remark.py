"""A staff member's remark on a contact."""

from collections.abc import Iterator
from functools import partial

from pydantic import BaseModel, Field

from bot.model.calls import Call
from bot.model.ids import ContactId, UserId
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.template import Template
from bot.storage.queries import contacts
from bot.storage.work import Work

MOST = 20
"""Characters of a remark. Source: developer.work.weixin.qq.com/document/path/92115"""


class Params(BaseModel, extra="forbid"):
    remark: Template = Field(min_length=1)


@action(subject="contact", needs="wecom")
def set_remark(step: Step, params: Params) -> Iterator[Effect]:
    """Set the staff member's remark on the contact, at most 20 characters."""
    if not step.external_user_id or not step.sender or step.contact_id is None:
        yield Suppress("nobody follows this contact")
        return
    remark = step.render(params.remark)[:MOST]
    pair = {"userid": step.sender, "external_userid": step.external_user_id}
    yield Call("externalcontact/remark", {**pair, "remark": remark}, key=f"{step.key}:remark")
    yield partial(_write_down, contact_id=ContactId(step.contact_id), user_id=UserId(step.sender), remark=remark)


def _write_down(work: Work, *, contact_id: ContactId, user_id: UserId, remark: str) -> None:
    """A remark that we set raises no callback."""
    if (follow := contacts.follow(work.session, contact_id, user_id)) is not None:
        follow.remark = remark
