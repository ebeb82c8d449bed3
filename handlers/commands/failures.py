"""/failures: events and calls that went wrong, why, and trying them again or letting them go."""

from typing import Annotated, Literal

from bot.community import failures as letters
from bot.errors import BadCommand
from bot.i18n import _
from bot.model.tables import InboxRow
from handlers.commands.command import Ask, command
from handlers.commands.contact import masked
from handlers.commands.parse import Arguments, Nothing, also

MOST = 15


class Which(Arguments):
    id: str


class Again(Arguments):
    id: str
    sure: Annotated[Literal["sure"] | None, also({"确认": "sure", "确定": "sure"})] = None


@command("failures", "失败", role="manager", form="/failures [list|show ID|retry ID|drop ID]")
def failures(ask: Ask, words: Nothing) -> str:
    """What went wrong and nobody has looked after yet"""
    return _list(ask)


@failures.verb("list", "列表", form="/failures list")
def list_(ask: Ask, words: Nothing) -> str:
    """The latest failures"""
    return _list(ask)


@failures.verb("show", "看", "查看", form="/failures show ID")
def show(ask: Ask, words: Which) -> str:
    """Why something failed, and what trying again would do"""
    row = letters.get(ask.session, words.id)
    at = letters.ended_at(row).astimezone(ask.ctx.settings.zone)
    lines = [
        letters.line(row),
        _("ended {moment} after {count} attempts").format(moment=f"{at:%m-%d %H:%M}", count=row.attempts),
        letters.advice(row),
    ]
    if not isinstance(row, InboxRow) and row.errcode and row.reason:
        lines.insert(1, row.reason)
    if ask.ctx.settings.public_url and row.trace_id:
        lines.append(f"{ask.ctx.settings.public_url}/console/trace/{row.trace_id}")
    return masked("\n".join(lines))


@failures.verb("retry", "重试", form="/failures retry ID")
def retry(ask: Ask, words: Again) -> str:
    """Try something that failed again"""
    row = letters.get(ask.session, words.id)
    if row.state == "unknown" and not words.sure:
        sentence = _(
            "{name} may have arrived. Sent again, it may arrive twice. If you want that: /failures retry {name} sure"
        )
        raise BadCommand(sentence.format(name=letters.name_of(row)))
    return letters.retry(ask.work, words.id, ask.user_id, sure=words.sure is not None)


@failures.verb("drop", "放弃", "丢弃", form="/failures drop ID")
def drop(ask: Ask, words: Which) -> str:
    """Let something that failed go"""
    return letters.drop(ask.work, words.id, ask.user_id)


def _list(ask: Ask) -> str:
    found = letters.latest(ask.session, MOST)
    return masked("\n".join(map(letters.line, found))) or _("Nothing has failed.")
