"""The welcome: what became of it. SOPs decide on it (`send_welcome`), the outbox sends it within its 20 seconds."""

from bot.community import contacts, tasks
from bot.i18n import _
from bot.model.events import CallFinished
from bot.model.ids import ContactId, ExternalUserId, UserId
from bot.runtime.context import Context
from bot.runtime.router import Router
from bot.sop.welcome import rendered_again
from bot.storage.queries import contacts as rows
from bot.storage.queries import welcomes
from handlers.contacts import PROFILE

router = Router("welcome")


@router.on(CallFinished, where=lambda event: event.endpoint == PROFILE)
def profile_arrived(event: CallFinished, ctx: Context) -> None:
    """A welcome that was held back for the contact's name can leave: with the name, or now that none will come."""
    external_user_id = ExternalUserId(str(event.body.get("external_userid", "")))
    for row in welcomes.held(ctx.session, external_user_id):
        contact = contacts.get(ctx.session, ContactId(row.note["welcome"]["contact_id"]))
        ctx.work.release(row.dedupe_key or "", rendered_again(row.note["welcome"], contact))


@router.on(CallFinished, where=lambda event: "welcome" in event.note and event.outcome == "sent")
def delivered(event: CallFinished, ctx: Context) -> None:
    told = event.note["welcome"]
    follow = rows.follow(ctx.session, ContactId(told["contact_id"]), UserId(told["user_id"]))
    if follow is not None:
        follow.greeted_at = event.at


@router.on(CallFinished, where=lambda event: "welcome" in event.note and event.outcome != "sent")
def not_delivered(event: CallFinished, ctx: Context) -> None:
    """Tell the staff member whose contact was not greeted, and leave them the task."""
    told = event.note["welcome"]
    user_id, contact_id = UserId(told["user_id"]), ContactId(told["contact_id"])
    name = contacts.get(ctx.session, contact_id).name or _("A new contact")
    text = _("{name} was not greeted in time ({reason}). Please say hello yourself.").format(
        name=name, reason=_reason(event)
    )
    tasks.create_task(ctx.work, user_id=user_id, contact_id=contact_id, text=text, reason=event.reason)


def _reason(event: CallFinished) -> str:
    if event.errcode == 41050 or event.outcome == "expired":
        return _("the 20 seconds had passed")
    if event.errcode == 41051:
        return _("somebody else was faster, or the chat had begun")
    if event.errcode == 41053:
        return _("the contact has not consented to the archive")
    return _("WeCom answered {errcode}").format(errcode=event.errcode or event.reason)
