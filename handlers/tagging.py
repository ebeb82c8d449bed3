"""Keyword tagging: what contacts write earns them tags, wherever they write it."""

from datetime import timedelta

from bot import log
from bot.community import speakers, tagging
from bot.community.rules import Tagged, judge_message
from bot.community.tagging import Grant
from bot.model.events import CallFinished, MessageReceived
from bot.model.ids import ContactId, UserId
from bot.runtime.context import Context
from bot.runtime.router import Router

router = Router("tagging")
logger = log.get(__name__)


@router.on(MessageReceived, where=lambda event: bool(event.text) and event.user_id is None)
def tag(event: MessageReceived, ctx: Context) -> None:
    earned = judge_message(ctx.rules, event.text).tags
    contact_id = speakers.find_contact(ctx.work, event) if earned else None
    if contact_id is not None:
        grants = [grant for one in earned for grant in _grants(one, ctx)]
        tagging.grant_tags(ctx.work, contact_id, grants, user_id=event.to)


def _grants(earned: Tagged, ctx: Context) -> list[Grant]:
    keep_days = ctx.rules.tagging.rules[earned.rule].keep_days
    expires_at = ctx.now + timedelta(days=keep_days) if keep_days else None
    rule, evidence = f"tagging:{earned.rule}", " ".join(earned.words)
    return [
        Grant(name=name, source="rule", rule=rule, evidence=evidence, expires_at=expires_at) for name in earned.tags
    ]


@router.on(CallFinished, where=lambda event: event.endpoint == tagging.MARK and event.outcome != "sent")
def not_marked(event: CallFinished, ctx: Context) -> None:
    """WeCom did not take a tag, 84061 for one who is no contact of this staff member: the ledger says so."""
    told = event.note.get("tags")
    if told is None:
        return
    reason = f"errcode {event.errcode}" if event.errcode else event.outcome
    logger.warning("tags were not marked", contact=told["contact"], errcode=event.errcode, outcome=event.outcome)
    user_id = UserId(str(event.body.get("userid", "")))
    tagging.not_marked(ctx.work, ContactId(told["contact"]), told["names"], user_id, reason)
