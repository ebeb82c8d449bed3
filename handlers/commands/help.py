"""/help: what the reader may write, in the reader's language."""

from bot.errors import BadCommand
from bot.i18n import _
from handlers.commands.command import Ask, command, commands, registry
from handlers.commands.parse import SLASHES, Arguments, fold


class Topic(Arguments):
    name: str = ""


@command("help", "帮助", "?", "？", role="staff", form="/help [COMMAND]")
def help_(ask: Ask, words: Topic) -> str:
    """Show what you can write"""
    if words.name:
        return _one(ask, fold(words.name.lstrip(SLASHES)))
    firsts = [forms[0] for one in commands() if (forms := one.forms(ask.roles))]
    lines = [f"{_(first.form)} · {_(first.meaning)}" for first in firsts]
    return "\n".join([_("What you can write to me:"), *lines, _("/help COMMAND shows one in full.")])


def _one(ask: Ask, name: str) -> str:
    found = registry().get(name)
    if found is None or not found.forms(ask.roles):
        raise BadCommand(_("There is no command /{name} for you.").format(name=name))
    return "\n".join(f"{_(verb.form)}\n  {_(verb.meaning)}" for verb in found.forms(ask.roles))
