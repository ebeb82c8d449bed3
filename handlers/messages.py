"""What people write and do, written down: the message itself, and the behaviour that filters count."""

from decimal import Decimal, InvalidOperation

from bot.community import answers, behaviour, messages, speakers
from bot.community.rules import judge_message
from bot.model.events import MessageReceived, MessageRevoked, Tracked
from bot.runtime.context import Context
from bot.runtime.router import Router

router = Router("messages")
MOST = Decimal(10) ** 12
"""What the column holds."""


@router.on(MessageReceived)
def received(event: MessageReceived, ctx: Context) -> None:
    """Keep the message; told again, nothing counts twice."""
    contact_id = speakers.find_contact(ctx.work, event)
    messages.keep(ctx.work, event, contact_id)
    answers.record(ctx.work, event)
    if contact_id is None:
        return
    for name in messages.behaviours(event, judge_message(ctx.rules, event.text)):
        behaviour.record(
            ctx.work,
            contact_id,
            name,
            at=event.at,
            key=f"{name}:{event.message_id}",
            chat_id=event.chat_id,
            user_id=event.to,
        )


@router.on(MessageRevoked)
def revoked(event: MessageRevoked, ctx: Context) -> None:
    """Its writer took the message back: its words go, that it was sent stays."""
    messages.forget_words(ctx.work, event.message_id)


@router.on(Tracked)
def tracked(event: Tracked, ctx: Context) -> None:
    """A behaviour or order that a shop or site reported."""
    contact_id = speakers.find_tracked(ctx.work, event)
    if contact_id is None:
        return
    behaviour.record(
        ctx.work,
        contact_id,
        event.name,
        at=event.at,
        key=f"track:{event.event_id}",
        amount=_amount(event.properties.get("amount")),
        properties=event.properties,
    )


def _amount(given: object) -> Decimal | None:
    """An amount of money, if that is what was given."""
    try:
        amount = Decimal(str(given))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < MOST else None
