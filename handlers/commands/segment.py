"""/segment: how many are in each segment, and who for example."""

from bot.errors import BadCommand, NotFound
from bot.i18n import _
from bot.sop import telling
from bot.sop.preview import meant, preview
from bot.sop.segment_files import Segment
from handlers.commands.command import Ask, command
from handlers.commands.parse import Arguments

EXAMPLES, MOST = 5, 20


class Which(Arguments):
    name: str = ""


@command("segment", "人群", role="manager", form="/segment [NAME]")
def segment(ask: Ask, words: Which) -> str:
    """Count a segment and name some of those in it, or count them all"""
    if words.name:
        return "\n".join(_told(ask, _meant(ask, words.name), EXAMPLES))
    known = list(ask.ctx.library.segments.values())
    lines = [line for one in known[:MOST] for line in _told(ask, one, 0)]
    return "\n".join(lines) or _("There is no segment yet.")


def _meant(ask: Ask, name: str) -> Segment:
    titled = [one for one in ask.ctx.library.segments.values() if one.title == name]
    try:
        return titled[0] if titled else meant(ask.ctx.library, name)
    except NotFound as error:
        raise BadCommand(str(error)) from error


def _told(ask: Ask, one: Segment, examples: int) -> list[str]:
    return list(telling.previewed(preview(ask.session, one, ask.ctx.now, ask.ctx.settings.zone, examples)))
