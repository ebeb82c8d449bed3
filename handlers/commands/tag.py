"""/tag: puts tags on a contact and takes them off."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from bot.community import contacts, tagging
from bot.errors import BadCommand
from bot.i18n import _
from bot.model.ids import ContactId, UserId
from bot.storage.queries import contacts as rows
from bot.storage.queries import tags
from handlers.commands.command import Ask, command
from handlers.commands.contact import find_contact, named
from handlers.commands.parse import Arguments, also

RULE = "command"
MOST_LENGTH = 61
"""Thirty characters of a group, a slash, thirty of a tag. Source: developer.work.weixin.qq.com/document/path/92117"""

VERBS = {"加": "add", "添加": "add", "打": "add", "去": "remove", "去掉": "remove", "移除": "remove", "删": "remove"}
Verb = Annotated[Literal["add", "remove"], also(VERBS)]
Name = Annotated[str, Field(min_length=1, max_length=MOST_LENGTH)]


class Change(Arguments):
    verb: Verb
    contact: str
    tags: Annotated[tuple[Name, ...], Field(min_length=1)]


@command("tag", "标签", role="staff", form="/tag add|remove CONTACT TAG…")
def tag(ask: Ask, words: Change) -> str:
    """Tag a contact, or take tags off"""
    contact = find_contact(ask, words.contact)
    contact_id = contacts.id_of(contact)
    if words.verb == "add":
        _add(ask, contact_id, words.tags)
    else:
        _remove(ask, contact_id, words.tags)
    carried = sorted(tags.carried(ask.session, contact_id, ask.ctx.now))
    return _("{name} now has: {tags}").format(name=named(contact), tags=_(", ").join(carried) or "–")


def _add(ask: Ask, contact_id: ContactId, names: Sequence[str]) -> None:
    """On the asker's own pair with the contact; where there is none, on everybody's."""
    follows = rows.follows(ask.session, contact_id)
    own = next((UserId(one.user_id) for one in follows if one.user_id.lower() == ask.user_id.lower()), None)
    tagging.add_tags(
        ask.work, contact_id, names, source="staff", rule=RULE, evidence=f"/tag {ask.user_id}", user_id=own
    )
    ask.session.flush()


def _remove(ask: Ask, contact_id: ContactId, names: Sequence[str]) -> None:
    absent = [name for name in names if name not in tags.carried(ask.session, contact_id, ask.ctx.now)]
    if absent:
        raise BadCommand(_("That contact does not have: {tags}").format(tags=_(", ").join(absent)))
    tagging.remove_tags(ask.work, contact_id, names, rule=RULE)
    ask.session.flush()
