"""Cards: what became of their sending, and whose turn it is when somebody presses one."""

from collections.abc import Callable

from bot.community import alerts, hygiene, leads, notices, tasks
from bot.community.presses import Acted
from bot.i18n import _
from bot.model.events import CallFinished, CardPressed
from bot.model.tables import Alert
from bot.runtime.context import Context
from bot.runtime.router import Router
from bot.sop import asks
from bot.storage.work import Work

router = Router("alerts")

Answer = Callable[[Work, Alert, CardPressed], Acted]
ANSWERS: dict[str, Answer] = {
    leads.ABOUT: leads.pressed,
    hygiene.ABOUT: hygiene.pressed,
    tasks.ABOUT: tasks.pressed,
    asks.ABOUT: asks.pressed,
}
"""Who answers a press, by what the card is about; other cards have handlers of their own."""


@router.on(CallFinished, where=lambda event: "alert" in event.note)
def delivered(event: CallFinished, ctx: Context) -> None:
    alerts.finished(ctx.work, event)


@router.on(CardPressed)
def pressed(event: CardPressed, ctx: Context) -> None:
    """Whoever presses first decides; everyone else is told what was decided, and sees it on the card."""
    alert = alerts.about(ctx.session, event.task_id)
    if alert is None:
        notices.message_staff(ctx.work, [event.user_id], _("This card can no longer be answered."))
        return
    if (answer := ANSWERS.get(alert.about)) is None:
        return
    if event.user_id.lower() not in (user.lower() for user in alert.recipients):
        notices.message_staff(ctx.work, [event.user_id], _("This card was not sent to you."))
        return
    acted = answer(ctx.work, alert, event) if alert.closed_at is None else Acted(False, _ending(alert))
    if not acted.done:
        notices.message_staff(ctx.work, [event.user_id], acted.sentence)
        alerts.show_again(ctx.work, alert, event)


def _ending(alert: Alert) -> str:
    return str(alert.card.get("replace_text") or _("This card can no longer be answered."))
