"""Leads: words and deeds raise the score, crossing the line alerts staff, silence is passed up."""

from bot.community import leads, scoring, speakers
from bot.community.rules import judge_message
from bot.model.events import LeadQualified, MessageReceived, TimerDue, Tracked
from bot.model.ids import ContactId, UserId
from bot.runtime.context import Context
from bot.runtime.router import Router

router = Router("leads")


@router.on(MessageReceived, where=lambda event: bool(event.text) and event.user_id is None)
def score_words(event: MessageReceived, ctx: Context) -> None:
    intents = judge_message(ctx.rules, event.text).intents
    contact_id = speakers.find_contact(ctx.work, event) if intents else None
    if contact_id is None:
        return
    for intent in intents:
        rule, key = f"words:{intent.rule}", f"words:{event.message_id}:{intent.rule}"
        _add(ctx, contact_id, intent.points, rule=rule, evidence=" ".join(intent.words), key=key, event=event)


@router.on(Tracked)
def score_behaviour(event: Tracked, ctx: Context) -> None:
    points = ctx.rules.scoring.behaviours.get(event.name)
    contact_id = speakers.find_tracked(ctx.work, event) if points else None
    if points and contact_id is not None:
        key = f"track:{event.event_id}"
        _add(ctx, contact_id, points, rule=f"behaviour:{event.name}", evidence=event.name, key=key)


def _add(
    ctx: Context,
    contact_id: ContactId,
    points: int,
    *,
    rule: str,
    evidence: str,
    key: str,
    event: MessageReceived | None = None,
) -> None:
    scoring.add_score(
        ctx.work,
        contact_id,
        points,
        rule=rule,
        evidence=evidence,
        key=key,
        line=ctx.rules.scoring.line or ctx.settings.lead_line,
        lead=ctx.rules.scoring.lead,
        to=ctx.rules.scoring.to,
        user_id=event.to if event else None,
        chat_id=event.chat_id if event else None,
    )


@router.on(LeadQualified)
def qualified(event: LeadQualified, ctx: Context) -> None:
    """Open the lead and alert whoever is linked with it."""
    leads.open_lead(
        ctx.work,
        event.contact_id,
        kind=event.lead,
        reason=event.reason,
        to=event.to,
        user_id=event.user_id,
        chat_id=event.chat_id,
    )


@router.on(TimerDue, where=lambda event: event.name == leads.ESCALATE)
def unclaimed(event: TimerDue, ctx: Context) -> None:
    """The time to claim a lead is over."""
    about = event.about
    staff = [UserId(user_id) for user_id in about["staff"]]
    leads.escalate(ctx.work, about["lead"], about["round"], about["rung"], staff)
