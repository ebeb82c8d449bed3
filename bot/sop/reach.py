"""An action that writes to a contact, as the gate before it sees it."""

from typing import Any

from pydantic import BaseModel

from bot.community import consent
from bot.community.consent import Limit, Message
from bot.model.ids import ContactId
from bot.sop.actions import Action, Step
from bot.sop.schema import Sop


def message_of(step: Step, sop: Sop, action: Action, params: BaseModel) -> Message | None:
    """The message an action is about to send; None for an action that reaches no contact unasked."""
    if not action.reaches or step.contact_id is None:
        return None
    return Message(
        contact_id=ContactId(step.contact_id),
        channel=action.reaches,
        content=step.digest_of({"channel": action.reaches, "says": _rendered(step, params.model_dump(mode="json"))}),
        sop=sop.name,
        key=step.key,
        is_service=sop.purpose == "service",
        is_answer=consent.is_answer(step.event, step.now),
        limits=[Limit(cap.count, cap.per, cap.channel, sop.name) for cap in sop.caps],
        same_content=sop.same_content,
    )


def _rendered(step: Step, value: Any) -> Any:
    """Parameters with their texts as this contact would read them."""
    match value:
        case str():
            return step.render(value)
        case dict():
            return {key: _rendered(step, one) for key, one in value.items()}
        case list():
            return [_rendered(step, one) for one in value]
        case _:
            return value
