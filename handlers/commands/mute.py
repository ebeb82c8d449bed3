"""/mute: no alerts for a while; somebody else is told instead."""

from datetime import timedelta

from bot.errors import BadCommand
from bot.i18n import Sentence, _
from bot.storage.queries import staff
from handlers.commands.command import Ask, command
from handlers.commands.parse import Arguments, fold
from handlers.commands.when import parse_duration

LONGEST = timedelta(days=14)
OFF = frozenset({"off", "关", "关闭", "取消", "0"})
FORM: Sentence = "/mute 30m|2h|1d|off"


class HowLong(Arguments):
    duration: str = ""


@command("mute", "免打扰", role="staff", form=FORM)
def mute(ask: Ask, words: HowLong) -> str:
    """Send you no alerts for a while"""
    known = staff.by_ids(ask.session, [ask.user_id]).get(ask.user_id.lower())
    if known is None:
        raise BadCommand(_("I do not know you yet: the directory does not name you as active staff."))
    if fold(words.duration) in OFF:
        known.muted_until = None
        return _("You get alerts again.")
    if words.duration:
        known.muted_until = ask.ctx.now + _length(words.duration)
    if known.muted_until is None or known.muted_until <= ask.ctx.now:
        return _("You get alerts. Write: {form}").format(form=_(FORM))
    until = f"{known.muted_until.astimezone(ask.ctx.settings.zone):%m-%d %H:%M}"
    return _("No alerts until {until}; they go to your managers.").format(until=until)


def _length(word: str) -> timedelta:
    length = parse_duration(word)
    if not length or length > LONGEST:
        raise BadCommand(_("“{word}” does not fit. Write: {form}").format(word=word, form=_(FORM)))
    return length
