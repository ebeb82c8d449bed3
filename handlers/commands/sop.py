"""/sop: which SOPs are in force, what they say, and holding one back."""

from collections.abc import Callable

from bot.errors import BadCommand
from bot.i18n import _
from bot.model.tables import SopState
from bot.sop import publish
from bot.storage.queries import lookups, sops
from bot.storage.work import Work
from handlers.commands.command import Ask, command
from handlers.commands.parse import Arguments, Nothing, fold

MOST_SOURCE = 1500


class Which(Arguments):
    name: str


@command("sop", "流程", role="manager", form="/sop [list|show NAME|pause NAME|resume NAME]")
def sop(ask: Ask, words: Nothing) -> str:
    """Show and hold back SOPs"""
    return _list(ask)


@sop.verb("list", "列表", form="/sop list")
def list_(ask: Ask, words: Nothing) -> str:
    """The SOPs in force"""
    return _list(ask)


@sop.verb("show", "看", "查看", form="/sop show NAME")
def show(ask: Ask, words: Which) -> str:
    """What an SOP says and how many are on their way through it"""
    state = _find(ask, words.name)
    version = sops.in_force(ask.session, state.sop)
    source = version.source if version else ""
    cut = source if len(source) <= MOST_SOURCE else source[:MOST_SOURCE] + "…"
    return f"{_line(ask, state)}\n\n{cut}".rstrip()


@sop.verb("pause", "暂停", form="/sop pause NAME")
def pause(ask: Ask, words: Which) -> str:
    """Let nobody enter an SOP, and whoever is in it stand still"""
    return _set(ask, words.name, publish.pause)


@sop.verb("resume", "恢复", "继续", form="/sop resume NAME")
def resume(ask: Ask, words: Which) -> str:
    """Take a paused SOP up again"""
    return _set(ask, words.name, publish.resume)


def _set(ask: Ask, name: str, change: Callable[[Work, str], bool]) -> str:
    state = _find(ask, name)
    change(ask.work, state.sop)
    ask.session.refresh(state)
    return _line(ask, state)


def _list(ask: Ask) -> str:
    states = sops.states(ask.session)
    return "\n".join(_line(ask, state) for state in states) or _("There is no SOP yet.")


def _find(ask: Ask, name: str) -> SopState:
    """By its whole name, or by the end of it when that is enough."""
    states = sops.states(ask.session)
    wanted = fold(name).removesuffix(".yaml")
    found = [state for state in states if state.sop.casefold() == wanted]
    found = found or [state for state in states if state.sop.casefold().endswith(f"/{wanted}")]
    if len(found) == 1:
        return found[0]
    if found:
        names = _(", ").join(state.sop for state in found)
        raise BadCommand(_("“{word}” fits several: {names}.").format(word=name, names=names))
    raise BadCommand(_("There is no SOP {name}. /sop list shows them all.").format(name=name))


def _line(ask: Ask, state: SopState) -> str:
    runs = lookups.runs_by_state(ask.session, state.sop)
    under_way = runs.get("running", 0) + runs.get("waiting", 0)
    counts = _("{under_way} under way, {ended} ended").format(under_way=under_way, ended=sum(runs.values()) - under_way)
    condition = _("paused") if state.paused else _("in force")
    broken = [_("the file is broken: {reason}").format(reason=state.broken)] if state.broken else []
    return " · ".join([state.sop, condition, counts, *broken])
