"""A post in a group."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel, Field

from bot.community import posts
from bot.model.ids import ChatId
from bot.sop.actions import Effect, Step, Suppress, Together, action
from bot.sop.attachments import Attachments, render_attachments
from bot.sop.template import WelcomeText
from bot.storage.work import Work


class Params(BaseModel, extra="forbid"):
    text: WelcomeText = Field(min_length=1)
    attach: Attachments = []


@action(subject="group", needs="wecom")
def post_to_group(step: Step, params: Params) -> Iterator[Effect]:
    """Post in the group: at once where the bot may speak, in a customer group by a tap of its owner.

    Groups of one owner that get the same words at the same time share a task.
    """
    if step.chat_id is None:
        yield Suppress("no group")
        return
    text, attachments = step.render(params.text), render_attachments(params.attach)
    key = f"{step.occasion}:{step.digest_of({'text': text, 'attachments': attachments})}"
    post = partial(_post, key=key, author=step.rule, text=text, attachments=attachments)
    yield Together(key, step.chat_id, post)


def _post(
    work: Work,
    members: Sequence[str],
    _note: dict[str, Any],
    *,
    key: str,
    author: str,
    text: str,
    attachments: list[dict[str, Any]],
) -> None:
    chats = [ChatId(member) for member in members]
    posts.post_to_groups(work, key=key, author=author, text=text, attachments=attachments, chat_ids=chats)
