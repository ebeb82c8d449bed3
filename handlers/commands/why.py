"""/why: what was done for a contact and what was not, from what was written down at the time."""

from bot.community import contacts
from bot.i18n import _
from bot.sop import reasons, trace
from handlers.commands.command import Ask, command
from handlers.commands.contact import find_contact, named
from handlers.commands.parse import Arguments


class About(Arguments):
    contact: str
    sop: str | None = None


@command("why", "为什么", role="staff", form="/why CONTACT [SOP]")
def why(ask: Ask, words: About) -> str:
    """Explain what a contact got, and what they did not get"""
    contact = find_contact(ask, words.contact)
    contact_id = contacts.id_of(contact)
    told = trace.explain(ask.session, contact_id, words.sop)
    lines = list(reasons.lines(ask.session, contact_id, told, ask.ctx.settings.zone, sop=words.sop))
    return "\n".join([named(contact), *(lines or [_("No event has ever led to an SOP here.")])])
