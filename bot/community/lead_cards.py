"""How a lead looks on a card."""

from sqlmodel import Session

from bot.community import contacts, recipients
from bot.community.cards import Button, Card
from bot.i18n import _
from bot.model.ids import ChatId, ContactId
from bot.model.tables import ExternalContact, Lead
from bot.storage.queries import groups, staff


def lead_card(session: Session, lead: Lead, language: str, *, text: str = "", chat_id: ChatId | None = None) -> Card:
    """The card of a lead that nobody has claimed."""
    contact = contacts.get(session, ContactId(lead.contact_id))
    group = groups.by_id(session, chat_id) if chat_id else None
    followers = [
        recipients.name_of(session, one.user_id) for one in staff.followers(session, ContactId(lead.contact_id))
    ]
    return Card(
        source=_("Leads", language),
        title=title(lead, contact, language),
        desc=lead.reason,
        text=text,
        rows=(
            (_("Staff", language), _(", ", language).join(followers)),
            (_("Group", language), group.name or group.chat_id if group else ""),
            (_("Score", language), str(lead.score) if lead.score else ""),
        ),
        buttons=buttons(language),
    )


def title(lead: Lead, contact: ExternalContact, language: str | None = None) -> str:
    name = contact.name or _("A contact", language)
    titles = {
        "opportunity": _("New lead: {name}", language),
        "loss": _("{name} has left us", language),
        "risk": _("{name} may be leaving", language),
        "order": _("{name} has placed an order", language),
    }
    return titles.get(lead.kind, f"{lead.kind}: {{name}}").format(name=name)


def buttons(language: str | None = None, *, claimed: bool = False) -> tuple[Button, ...]:
    """What can be answered; a claimed lead is not claimed again."""
    claim = Button(_("Claim", language), "claim")
    rest = (
        Button(_("Done", language), "done", 2),
        Button(_("Hand over", language), "hand_over", 4),
        Button(_("Ignore", language), "ignore", 4),
    )
    return rest if claimed else (claim, *rest)
