"""/groups: the groups, who owns them and how many are in them."""

from bot.community import recipients
from bot.i18n import _
from bot.model.ids import ChatId
from bot.model.tables import CustomerGroup
from bot.storage.queries import groups as rows
from bot.storage.queries import posts
from handlers.commands.command import Ask, command
from handlers.commands.parse import Arguments, Rest

MOST = 30


class Filter(Arguments):
    name: Rest = ""


@command("groups", "group", "群", role="owner", form="/groups [NAME]")
def groups(ask: Ask, words: Filter) -> str:
    """List groups with their owner and size"""
    known = rows.standing(ask.session) if ask.is_manager else posts.owned_groups(ask.session, ask.user_id)
    found = [group for group in known if words.name.casefold() in group.name.casefold()]
    if not found:
        return _("No such group.")
    more = [_("… and {count} more").format(count=len(found) - MOST)] if len(found) > MOST else []
    return "\n".join([_line(ask, group) for group in found[:MOST]] + more)


def _line(ask: Ask, group: CustomerGroup) -> str:
    name = group.name or group.chat_id
    if group.kind != "customer":
        return _("{name} · internal group").format(name=name)
    size = rows.size(ask.session, ChatId(group.chat_id))
    owner = recipients.name_of(ask.session, group.owner) if group.owner else "–"
    return _("{name} · {owner} · {size} people").format(name=name, owner=owner, size=size)
