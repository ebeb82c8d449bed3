"""A message to a contact, which the staff member confirms by a tap."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import BaseModel, Field

from bot.community import crowd_tasks
from bot.model.calls import Call
from bot.model.events import ScheduleDue
from bot.model.lanes import Lane
from bot.sop.actions import Effect, Step, Suppress, Together, action
from bot.sop.attachments import Attachments, render_attachments
from bot.sop.template import WelcomeText, cut
from bot.storage.work import Work

TEXT_BYTES = 4000


class Params(BaseModel, extra="forbid"):
    text: WelcomeText = Field(min_length=1)
    attach: Attachments = []


@action(subject="contact", needs="wecom", reaches="mass")
def send_mass(step: Step, params: Params) -> Iterator[Effect]:
    """Prepare a message to the contact that the staff member confirms by a tap.

    No API speaks to a contact without that tap. Contacts of one staff member who get the same words share a task.
    Source: developer.work.weixin.qq.com/document/path/92135
    """
    yield from mass_send(step, step.render(params.text), render_attachments(params.attach))


def mass_send(step: Step, text: str, attachments: list[dict[str, Any]]) -> Iterator[Effect]:
    """The task, or why there is none."""
    if not step.external_user_id or not step.sender:
        yield Suppress("nobody follows this contact")
        return
    body: dict[str, Any] = {"chat_type": "single", "sender": step.sender, "text": {"content": cut(text, TEXT_BYTES)}}
    if attachments:
        body["attachments"] = attachments
    key = f"{step.occasion}:{step.sender}:{step.digest_of(body)}"
    task = Call(
        "externalcontact/add_msg_template", body, lane=Lane.BULK, key=key, subject=f"staff:{step.sender}", follow=True
    )
    ask = _ask_crowd if isinstance(step.event, ScheduleDue) else partial(_ask, key=f"{key}:{step.key}")
    yield Together(key, step.external_user_id, partial(ask, task=task), is_call=True)


def _ask(work: Work, members: Sequence[str], note: dict[str, Any], *, task: Call, key: str) -> None:
    work.plan(replace(task, key=key, body={**task.body, crowd_tasks.TO: list(members)}, note=note))


def _ask_crowd(work: Work, members: Sequence[str], note: dict[str, Any], *, task: Call) -> None:
    crowd_tasks.plan(work, replace(task, note=note), members)
