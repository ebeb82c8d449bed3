"""/undo: takes back what one rule gave, after showing what that is."""

from datetime import datetime
from typing import Annotated, Literal

from bot.errors import BadCommand
from bot.i18n import _
from bot.sop import telling
from bot.sop import undo as taking_back
from bot.sop.since import read_since
from handlers.commands.command import Ask, command
from handlers.commands.parse import Arguments, also


class What(Arguments):
    rule: str
    since: str
    sure: Annotated[Literal["", "yes"], also({"是": "yes", "确认": "yes", "确定": "yes"})] = ""


@command("undo", "撤销", role="manager", form="/undo RULE SINCE [yes]")
def undo(ask: Ask, words: What) -> str:
    """Show which tags, points and tasks a rule gave since a moment; with “yes”, take them back"""
    moment = _moment(ask, words.since)
    if words.sure:
        told = taking_back.undo(ask.work, words.rule, moment, actor=ask.user_id)
        return "\n".join(telling.undone(told, is_trial=False))
    told = taking_back.find(ask.work, words.rule, moment)
    how = _("To take it back, write: /undo {rule} {since} yes").format(rule=words.rule, since=words.since)
    return "\n".join([*telling.undone(told, is_trial=True), *([] if told.is_empty else [how])])


def _moment(ask: Ask, word: str) -> datetime:
    try:
        return read_since(word, ask.ctx.now, ask.ctx.settings.zone)
    except ValueError as error:
        raise BadCommand(str(error)) from error
