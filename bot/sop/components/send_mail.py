"""A mail."""

import re
from collections.abc import Iterator

from pydantic import BaseModel, Field

from bot.model.calls import Call
from bot.model.lanes import Lane
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.template import Template

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Params(BaseModel, extra="forbid"):
    subject: Template = Field(min_length=1, max_length=200)
    text: Template = Field(min_length=1)
    to: Template = "{{ contact.email }}"


@action(subject="any", needs="mail", reaches="mail")
def send_mail(step: Step, params: Params) -> Iterator[Effect]:
    """Send a mail, to the contact's address if no other is given."""
    to = step.render(params.to)
    if not _ADDRESS.fullmatch(to):
        yield Suppress("no mail address")
        return
    subject = " ".join(step.render(params.subject).split())
    body = {"to": to, "subject": subject, "text": step.render(params.text), "key": step.key.replace(":", ".")}
    yield Call("mail/send", body, platform="mail", lane=Lane.BULK, key=f"{step.key}:mail", subject=step.subject_key)
