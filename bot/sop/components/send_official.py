"""A message from the official account."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from bot.model.calls import Call
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.template import AppText, cut

WINDOW = timedelta(hours=48)
"""How long after a follower's last act we may write. Source: developers.weixin.qq.com, 客服消息"""
TEXT_BYTES = 2048


class Params(BaseModel, extra="forbid"):
    text: AppText = Field(min_length=1)


@action(subject="contact", needs="official.custom_message", reaches="official")
def send_official(step: Step, params: Params) -> Iterator[Effect]:
    """Write to the contact from the official account, within 48 hours of their last act there."""
    if step.follower is None or step.follower.unfollowed_at is not None:
        yield Suppress("does not follow the official account")
        return
    if not was_active(step, step.now):
        yield Suppress("silent for more than 48 hours")
        return
    yield official_text(step, step.render(params.text))


def was_active(step: Step, now: datetime) -> bool:
    """Whether we may write to the follower alone."""
    assert step.follower is not None
    acts = (step.follower.followed_at, step.follower.wrote_at, step.follower.changed_at)
    return any(at is not None and now - at < WINDOW for at in acts)


def official_text(step: Step, text: str) -> Call:
    """A customer-service message. It has no id of its own, so a time-out must not be repeated."""
    body = {"touser": step.open_id, "msgtype": "text", "text": {"content": cut(text, TEXT_BYTES)}}
    return Call(
        "message/custom/send",
        body,
        platform="official",
        key=f"{step.key}:official",
        subject=f"official:{step.open_id}",
    )
