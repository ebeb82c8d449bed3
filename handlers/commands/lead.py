"""/lead: whose turn it is with which contact."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from bot.community import contacts, leads, recipients
from bot.community.roles import may_see_contact
from bot.errors import BadCommand
from bot.i18n import _
from bot.model.ids import ContactId, UserId
from bot.model.tables import Lead
from bot.storage.queries import lookups, staff
from handlers.commands.command import Ask, command
from handlers.commands.contact import masked
from handlers.commands.parse import Arguments, Nothing, also

MOST = 15
Number = Annotated[int, Field(ge=1, lt=2**31)]


class Which(Arguments):
    id: Number


class HandOver(Arguments):
    id: Number
    to: Annotated[Literal["to"], also({"给": "to", "→": "to"})]
    user: str


@command("lead", "leads", "线索", role="staff", form="/lead [mine|list|claim ID|done ID|hand ID to USER]")
def lead(ask: Ask, words: Nothing) -> str:
    """Show and answer leads"""
    return _mine(ask)


@lead.verb("mine", "我的", form="/lead mine")
def mine(ask: Ask, words: Nothing) -> str:
    """The leads that you have claimed"""
    return _mine(ask)


@lead.verb("list", "列表", "全部", form="/lead list")
def list_(ask: Ask, words: Nothing) -> str:
    """The leads that nobody has closed"""
    found = [one for one in lookups.open_leads(ask.session, MOST * 10) if _concerns(ask, one)]
    return _listed(ask, found[:MOST]) or _("No lead is waiting.")


@lead.verb("claim", "认领", form="/lead claim ID")
def claim(ask: Ask, words: Which) -> str:
    """Take a lead on"""
    return _act(ask, words.id, "claim")


@lead.verb("done", "完成", form="/lead done ID")
def done(ask: Ask, words: Which) -> str:
    """Say that a lead is dealt with"""
    return _act(ask, words.id, "done")


@lead.verb("ignore", "忽略", form="/lead ignore ID")
def ignore(ask: Ask, words: Which) -> str:
    """Set a lead aside"""
    return _act(ask, words.id, "ignore")


@lead.verb("hand", "转交", form="/lead hand ID to USER")
def hand(ask: Ask, words: HandOver) -> str:
    """Hand a lead over to somebody else"""
    known = staff.by_ids(ask.session, [words.user]).get(words.user.lower())
    if known is None or known.status != 1:
        raise BadCommand(_("There is no active staff member {user}.").format(user=words.user))
    return _act(ask, words.id, "hand_over", UserId(known.user_id))


def _mine(ask: Ask) -> str:
    found = lookups.leads_claimed_by(ask.session, ask.user_id, MOST)
    return _listed(ask, found) or _("You have no open leads. /lead list shows those that wait.")


def _act(ask: Ask, lead_id: int, what: leads.Act, to: UserId | None = None) -> str:
    one = leads.get(ask.work, lead_id)
    if not _concerns(ask, one):
        raise BadCommand(_("There is no {kind} {key}.").format(kind=_("lead"), key=lead_id))
    acted = leads.act(ask.work, one, what, ask.user_id, to=to)
    if not acted.done:
        raise BadCommand(acted.sentence)
    return f"{_line(ask, one)}\n{acted.sentence}"


def _concerns(ask: Ask, one: Lead) -> bool:
    """Whether the asker was told of the lead, has it, or may see its contact."""
    involved = {user.lower() for user in (*one.recipients, one.owner or "")}
    contact_id = ContactId(one.contact_id)
    return ask.user_id.lower() in involved or may_see_contact(ask.session, ask.roles, ask.user_id, contact_id)


def _listed(ask: Ask, found: Sequence[Lead]) -> str:
    return "\n".join(_line(ask, one) for one in found)


def _line(ask: Ask, one: Lead) -> str:
    contact = contacts.get(ask.session, ContactId(one.contact_id))
    opened = f"{one.opened_at.astimezone(ask.ctx.settings.zone):%m-%d %H:%M}"
    owner = recipients.name_of(ask.session, one.owner) if one.owner else _("unclaimed")
    who = masked(contact.name or _("A contact"))
    return f"{one.id} · {who} · {masked(one.reason)} · {opened} · {owner}"
