"""/status: what waits, and what went wrong of late."""

from datetime import timedelta

from bot.community import readings
from bot.i18n import _
from bot.storage.queries import audit, inbox
from handlers.commands.command import Ask, command
from handlers.commands.parse import Nothing

OF_LATE = timedelta(hours=24)
ITSELF = 1
"""The event that this very question is waits in the inbox until it is answered."""


@command("status", "状态", role="manager", form="/status")
def status(ask: Ask, words: Nothing) -> str:
    """Show the backlog and the calls that failed"""
    waiting = inbox.waiting(ask.session)
    waiting["inbox.normal"] = max(0, waiting.get("inbox.normal", 0) - ITSELF)
    since = ask.ctx.now - OF_LATE
    failed = audit.failed_calls(ask.session, since)
    lines = [_("Waiting: {what}").format(what=_backlog(waiting))]
    if buried := audit.buried(ask.session, since):
        lines.append(_("Events given up in 24 hours: {count}").format(count=buried))
    lines += [
        _("Failed in 24 hours: {endpoint} ({errcode}) × {count}").format(
            endpoint=endpoint, errcode=errcode or "–", count=count
        )
        for endpoint, errcode, count in failed
    ]
    if len(lines) == 1:
        lines.append(_("No call has failed in 24 hours."))
    reading = readings.newest(ask.session)
    return "\n".join([*lines, *([readings.progress(reading, ask.ctx.settings.zone)] if reading else [])])


def _backlog(waiting: dict[str, int]) -> str:
    return _(", ").join(f"{name} {count}" for name, count in sorted(waiting.items()) if count) or _("nothing")
