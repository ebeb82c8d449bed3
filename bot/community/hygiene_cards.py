"""How a hygiene case looks on a card."""

from sqlmodel import Session

from bot.community import contacts
from bot.community.cards import Button, Card, excerpt
from bot.community.rules import HygieneRules, title_of
from bot.i18n import _
from bot.model.ids import ChatId, ContactId
from bot.model.tables import HygieneCase
from bot.storage.queries import groups


def case_card(session: Session, rules: HygieneRules, case: HygieneCase, language: str) -> Card:
    """The quoted message with its hits marked, the rules that it broke, and what can be done."""
    contact = contacts.get(session, ContactId(case.contact_id))
    group = groups.by_id(session, ChatId(case.chat_id))
    name = contact.name or _("A member", language)
    titles = _(", ", language).join(title_of(rules, rule, language) for rule in case.rules)
    return Card(
        source=_("Group hygiene", language),
        title=_("{name} broke the group rules", language).format(name=name),
        desc=titles,
        quote_title=_("{name} wrote", language).format(name=name),
        quote=excerpt(case.quote, case.spans),
        rows=((_("Group", language), (group.name if group else "") or case.chat_id),),
        buttons=_buttons(rules, language),
    )


def _buttons(rules: HygieneRules, language: str) -> tuple[Button, ...]:
    known = {
        "warn": Button(_("Warn", language), "warn"),
        "remove": Button(_("Ask to remove", language), "remove", 3),
        "block": Button(_("Block", language), "block", 3),
        "ignore": Button(_("Ignore", language), "ignore", 4),
    }
    return tuple(known[measure] for measure in rules.measures)
