"""Posts for groups: sends what is due, and follows each mass send until its owner has confirmed it."""

from bot.community import deliveries, mass_sends, mass_tasks, posts
from bot.i18n import _
from bot.model.events import CallFinished, CardPressed, TimerDue
from bot.model.tables import Alert, MassSend
from bot.runtime.context import Context
from bot.runtime.router import Router
from bot.storage.queries import posts as rows

router = Router("posts")


@router.on(TimerDue, where=lambda event: event.name == posts.DUE)
def due(event: TimerDue, ctx: Context) -> None:
    posts.fall_due(ctx.work, posts.get(ctx.work, int(event.about["post"])))


@router.on(TimerDue, where=lambda event: event.name == mass_sends.CHECK)
def look(event: TimerDue, ctx: Context) -> None:
    """Ask how far a mass send is; the moment keeps looks of the same turn apart."""
    mass = rows.mass_send(ctx.session, int(event.about["mass_send"]))
    if mass is not None:
        mass_sends.check(ctx.work, mass, int(event.about.get("turn", 1)), str(int(event.at.timestamp())))


@router.on(CardPressed)
def pressed(event: CardPressed, ctx: Context) -> None:
    """The card of a draft: go ahead, or leave it. Whoever got the card may answer it, nobody else."""
    alert = deliveries.about(ctx.session, event.task_id)
    if alert is None or alert.about != posts.ABOUT or not _is_for(alert, event):
        return
    post = posts.get(ctx.work, alert.about_id)
    done = posts.confirm(ctx.work, post) if event.button == "confirm" else posts.cancel(ctx.work, post)
    if not done:
        deliveries.refresh(ctx.work, posts.ABOUT, alert.about_id, text=_("It was too late for that"), press=event)
        return
    text = _("Confirmed") if event.button == "confirm" else _("Cancelled")
    deliveries.refresh(ctx.work, posts.ABOUT, alert.about_id, text=text, press=event)


def _is_for(alert: Alert, event: CardPressed) -> bool:
    return event.user_id.lower() in (user.lower() for user in alert.recipients)


@router.on(CallFinished, where=lambda event: "mass_send" in event.note)
def followed(event: CallFinished, ctx: Context) -> None:
    """Every answer about a mass send changes it at the most once, whenever it comes."""
    mass = rows.mass_send(ctx.session, int(event.note["mass_send"]))
    if mass is None:
        return
    _take(event, mass, ctx)
    if mass.post_id is not None:
        posts.conclude(ctx.work, mass.post_id)


def _take(event: CallFinished, mass: MassSend, ctx: Context) -> None:
    match event.endpoint:
        case mass_tasks.CREATE:
            mass_sends.created(ctx.work, mass, event, ctx.settings)
        case mass_sends.TASK:
            mass_sends.told(ctx.work, mass, event, ctx.settings)
        case mass_sends.RESULT:
            mass_sends.results_told(ctx.work, mass, event)
        case mass_sends.REMIND:
            mass_sends.remind_told(ctx.work, mass, event)
        case mass_sends.CANCEL:
            mass_sends.cancel_told(ctx.work, mass, event)


@router.on(CallFinished, where=lambda event: "post" in event.note)
def spoken(event: CallFinished, ctx: Context) -> None:
    posts.spoken(ctx.work, posts.get(ctx.work, int(event.note["post"])), event)
