"""A contact for another staff member."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from bot.model.calls import Call
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.template import Template

MOST = 200
"""Characters of the message. Source: developer.work.weixin.qq.com/document/path/92125"""


class Params(BaseModel, extra="forbid"):
    to: str = Field(pattern=r"^user:.+$")
    text: Template = ""


@action(subject="contact", needs="wecom")
def transfer_contact(step: Step, params: Params) -> Iterator[Effect]:
    """Hand the contact over to another staff member; they may refuse, and it is done after 24 hours.

    At most twice in 90 days for a contact.
    """
    user = params.to.removeprefix("user:")
    if not step.external_user_id or not step.sender:
        yield Suppress("nobody follows this contact")
        return
    if step.sender.lower() == user.lower():
        yield Suppress("already theirs")
        return
    body = {
        "handover_userid": step.sender,
        "takeover_userid": user,
        "external_userid": [step.external_user_id],
        "transfer_success_msg": step.render(params.text)[:MOST],
    }
    pair = f"pair:{step.sender}:{step.external_user_id}"
    yield Call("externalcontact/transfer_customer", body, key=f"{step.key}:transfer", subject=pair)
