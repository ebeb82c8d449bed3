"""A customer moment."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel, Field

from bot.model.calls import Call
from bot.model.lanes import Lane
from bot.sop.actions import Effect, Step, Suppress, Together, action
from bot.sop.attachments import Link
from bot.sop.template import Template
from bot.storage.queries import tags
from bot.storage.work import Work

MOST = 2000
"""Characters. Source: developer.work.weixin.qq.com/document/path/95094"""


class Params(BaseModel, extra="forbid"):
    text: Template = Field(min_length=1, max_length=MOST)
    link: Link | None = None
    tags: list[str] = []


@action(subject="staff", needs="wecom")
def publish_moment(step: Step, params: Params) -> Iterator[Effect]:
    """Prepare a moment that the staff member publishes by a tap, for all their contacts or those with a tag.

    Staff who get the same words at the same time share a task.
    """
    if step.user_id is None:
        yield Suppress("no staff member")
        return
    body: dict[str, Any] = {"text": {"content": step.render(params.text)[:MOST]}}
    if params.link is not None:
        link = {"title": params.link.title, "url": params.link.url}
        body["attachments"] = [{"msgtype": "link", "link": link}]
    key = f"{step.occasion}:moment:{step.digest_of({**body, 'tags': params.tags})}"
    yield Together(key, step.user_id, partial(_ask, key=key, body=body, names=params.tags), is_call=True)


def _ask(
    work: Work, members: Sequence[str], note: dict[str, Any], *, key: str, body: dict[str, Any], names: list[str]
) -> None:
    visible: dict[str, Any] = {"sender_list": {"user_list": list(members)}}
    if ids := tags.corp_tags(work.session, names):
        visible["external_contact_list"] = {"tag_list": [ids[name] for name in sorted(ids)]}
    call = Call(
        "externalcontact/add_moment_task",
        {**body, "visible_range": visible},
        lane=Lane.BULK,
        key=f"{key}:{members[0]}",
        follow=True,
        note=note,
    )
    work.plan(call)
