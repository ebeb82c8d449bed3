"""An answer to a message, by the way it came."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from bot.community.notices import answer_by_code
from bot.model.calls import Call
from bot.model.events import MessageReceived
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.components.send_official import official_text
from bot.sop.template import AppText, cut

TEXT_BYTES = 2048


class Params(BaseModel, extra="forbid"):
    text: AppText = Field(min_length=1)


@action(subject="message")
def reply(step: Step, params: Params) -> Iterator[Effect]:
    """Answer the message by the channel it came from; nobody can answer in a customer group."""
    text = cut(step.render(params.text), TEXT_BYTES)
    match step.event:
        case MessageReceived(channel="official", open_id=str()) if step.open_id:
            yield official_text(step, text)
        case MessageReceived(channel="app", user_id=str() as user_id):
            body = {"touser": user_id, "msgtype": "text", "text": {"content": text}}
            yield Call("message/send", body, key=f"{step.key}:reply", subject=f"staff:{user_id}")
        case MessageReceived(channel="kf", external_user_id=str() as contact, content={"open_kfid": str() as account}):
            to = {"touser": contact, "open_kfid": account}
            body = {**to, "msgtype": "text", "text": {"content": text}}
            yield Call("kf/send_msg", body, key=f"{step.key}:reply", subject=f"external:{contact}")
        case MessageReceived(channel="aibot", user_id=str() as user_id, content={"response_code": str() as code}) if (
            code
        ):
            yield answer_by_code(code, text, user_id=user_id, at=step.event.at, key=f"answer:{step.event.message_id}")
        case MessageReceived(channel=channel):
            yield Suppress("no way to answer there", {"channel": channel})
        case _:
            yield Suppress("no message to answer")
