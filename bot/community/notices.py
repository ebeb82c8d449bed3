"""Plain words to staff, in the app conversation."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.community.cards import clip_bytes
from bot.model.calls import Call
from bot.model.ids import UserId, staff_key
from bot.storage.work import Work

MOST_BYTES = 2048
MOST_USERS = 1000
CODE_LIFE, CODE_BYTES = timedelta(hours=1), 20_480
"""How long the AI bot's response code lives, and the most that one answer takes."""


def message_staff(
    work: Work, users: Sequence[UserId], text: str, *, key: str | None = None, note: Mapping[str, str] | None = None
) -> None:
    """Send a text to staff, once under the same `key`; a long one is cut.

    Source: developer.work.weixin.qq.com/document/path/90236
    """
    content = clip_bytes(text, MOST_BYTES)
    once = list({user.lower(): user for user in users if user}.values())
    for first in range(0, len(once) if content else 0, MOST_USERS):
        part = once[first : first + MOST_USERS]
        body = {"touser": "|".join(part), "msgtype": "text", "text": {"content": content}}
        part_key = f"{key}:{first}" if key else None
        subject = staff_key(part[0]) if len(part) == 1 else ""
        work.plan(Call("message/send", body, key=part_key, subject=subject, note=dict(note or {})))


def answer_by_code(code: str, text: str, *, user_id: str, at: datetime, key: str) -> Call:
    """The one answer that the AI bot may give to a message of `at`, in Markdown.

    Source: developer.work.weixin.qq.com/document/path/101138
    """
    content = clip_bytes(text, CODE_BYTES)
    body = {"response_code": code, "msgtype": "markdown", "markdown": {"content": content}}
    return Call("aibot/response", body, key=key, subject=staff_key(UserId(user_id)), deadline=at + CODE_LIFE)
