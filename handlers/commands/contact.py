"""Whom a word of a command means: `#12`, an external user id, or a part of a name or remark."""

from bot.community import contacts
from bot.community.roles import may_see_contact
from bot.errors import BadCommand, NotFound
from bot.i18n import _
from bot.model.ids import ContactId, ExternalUserId
from bot.model.tables import ExternalContact
from bot.storage.queries import lookups
from bot.text.masking import masked as masked
from handlers.commands.command import Ask

MOST_NAMED = 5


def find_contact(ask: Ask, word: str) -> ExternalContact:
    """The one contact that `word` means, among those whom the asker may see.

    Raises `BadCommand` when there is none or more than one. Somebody else's contact and nobody sound alike.
    """
    if known := _by_id(ask, word):
        if may_see_contact(ask.session, ask.roles, ask.user_id, contacts.id_of(known)):
            return known
        raise BadCommand(_unknown(word))
    only_of = None if ask.is_manager else ask.user_id
    found = lookups.contacts_called(ask.session, word, only_of, MOST_NAMED + 1) if word else []
    exact = [contact for contact in found if contact.name == word]
    if len(found) == 1 or len(exact) == 1:
        return (exact or list(found))[0]
    if not found:
        raise BadCommand(_unknown(word))
    names = _(", ").join(f"{contact.name} #{contact.id}" for contact in found[:MOST_NAMED])
    raise BadCommand(_("“{word}” fits several: {names}. Write the number.").format(word=word, names=names))


def _by_id(ask: Ask, word: str) -> ExternalContact | None:
    if word.startswith("#") and word[1:].isascii() and word[1:].isdigit():
        try:
            return contacts.get(ask.session, ContactId(int(word[1:])))
        except (NotFound, OverflowError) as error:
            raise BadCommand(_unknown(word)) from error
    return contacts.find(ask.session, external_user_id=ExternalUserId(word))


def _unknown(word: str) -> str:
    return _("I find no contact “{word}” among those you may see.").format(word=word)


def named(contact: ExternalContact) -> str:
    return f"{masked(contact.name or '')} #{contact.id}".strip()
