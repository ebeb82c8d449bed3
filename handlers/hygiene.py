"""Group hygiene: judges what contacts write in groups, and hears of members who were removed."""

from bot.community import hygiene, speakers
from bot.community.rules import judge_message
from bot.model.events import MemberLeft, MessageReceived
from bot.runtime.context import Context
from bot.runtime.router import Router

router = Router("hygiene")


@router.on(MessageReceived, where=lambda event: bool(event.chat_id and event.external_user_id and event.text))
def judge(event: MessageReceived, ctx: Context) -> None:
    breaches = judge_message(ctx.rules, event.text).breaches
    contact_id = speakers.find_contact(ctx.work, event) if breaches else None
    if contact_id is not None:
        hygiene.examine(ctx.work, ctx.rules, event, contact_id)


@router.on(MemberLeft)
def member_left(event: MemberLeft, ctx: Context) -> None:
    hygiene.member_left(ctx.work, event.chat_id, event.contact_id, at=event.at, was_removed=event.scene == 1)
