"""Making the tasks of mass sends: which groups go into which task, and which get none.

Source: developer.work.weixin.qq.com/document/path/92135
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.community import mass_cap
from bot.model.calls import Call
from bot.model.ids import ChatId, UserId, group_key
from bot.model.tables import MassSend, Post
from bot.storage.ledger import outbox
from bot.storage.queries import posts as rows
from bot.storage.queries import sops
from bot.storage.work import Work

CREATE = "externalcontact/add_msg_template"
MOST_GROUPS = 2000
"""The most that one task takes."""
GATHER = timedelta(seconds=3)
"""How long a new task is held back, so that more groups of the same post and owner come into the same task."""


def prepare(work: Work, post: Post, owner: UserId, chat_ids: Sequence[ChatId]) -> list[ChatId]:
    """Have tasks ask `owner` to send a post to groups; more groups join a task that has not left.

    Returns the groups whose cap is full: they are left out.
    """
    assert post.id is not None
    mine = [one for one in rows.mass_sends(work.session, post.id) if one.sender.lower() == owner.lower()]
    known = {chat_id for one in mine for chat_id in one.chat_ids}
    fresh = [chat_id for chat_id in chat_ids if chat_id not in known]
    full = [chat_id for chat_id in fresh if not mass_cap.take(work, group_key(chat_id))]
    for chat_id in full:
        _hold_back(work, post, chat_id)
    left = [chat_id for chat_id in fresh if chat_id not in set(full)]
    if mine:
        left = _extend(work, mine[-1], post, left)
    for number, first in enumerate(range(0, len(left), MOST_GROUPS), len(mine) + 1):
        _begin(work, post, owner, left[first : first + MOST_GROUPS], number)
    return full


def _begin(work: Work, post: Post, owner: UserId, chat_ids: Sequence[ChatId], number: int) -> None:
    key = f"{post.dedupe_key}:{owner}" + (f":{number}" if number > 1 else "")
    mass = MassSend(
        dedupe_key=key, post_id=post.id, sender=owner, chat_ids=list(chat_ids), text=post.text, created_at=work.now
    )
    work.session.add(mass)
    work.session.flush()
    work.plan(replace(call(mass, CREATE, "create", _body(mass, post)), after=work.now + GATHER))


def _extend(work: Work, mass: MassSend, post: Post, chat_ids: Sequence[ChatId]) -> list[ChatId]:
    """Put more groups into a task; returns those that found no place there, all of them when it has left."""
    before = mass.chat_ids
    room = MOST_GROUPS - len(before)
    joining, left = chat_ids[:room], list(chat_ids[room:])
    if not joining:
        return left
    mass.chat_ids = [*before, *joining]
    if outbox.rewrite(work.session, create_key(mass), _body(mass, post)):
        return left
    mass.chat_ids = before
    return list(chat_ids)


def _hold_back(work: Work, post: Post, chat_id: ChatId) -> None:
    sop = post.author.removeprefix("sop:") if post.author.startswith("sop:") else f"post:{post.id}"
    sops.suppress(
        work.session,
        sop=sop,
        subject=group_key(chat_id),
        rule=mass_cap.RULE,
        detail={"post": post.id},
        at=work.now,
        trace_id=work.trace_id,
    )


def _body(mass: MassSend, post: Post) -> dict[str, Any]:
    body: dict[str, Any] = {"chat_type": "group", "sender": mass.sender, "chat_id_list": mass.chat_ids}
    if post.text:
        body["text"] = {"content": post.text}
    if post.attachments:
        body["attachments"] = post.attachments
    return body


def create_key(mass: MassSend) -> str:
    return f"{subject_of(mass)}:create"


def subject_of(mass: MassSend) -> str:
    return f"mass_send:{mass.id}"


def call(mass: MassSend, endpoint: str, key: str, body: dict[str, Any], **note: object) -> Call:
    """A call in the order of its mass send, of whose end we are told."""
    about = {"mass_send": mass.id, **note}
    return Call(endpoint, body, key=f"{subject_of(mass)}:{key}", subject=subject_of(mass), follow=True, note=about)
