"""/sop: which SOPs are in force and what they say; trying one out, publishing it, holding it back."""

from collections.abc import Callable
from difflib import unified_diff

from bot.errors import BadCommand, NotFound
from bot.i18n import _
from bot.model.tables import SopState
from bot.sop import publish, release, telling
from bot.sop.schema import Sop
from bot.sop.simulate import simulate
from bot.storage.queries import lookups, sops, versions
from bot.storage.work import Work
from handlers.commands.command import Ask, command
from handlers.commands.parse import Arguments, Nothing, fold

MOST_SOURCE, MOST_WAYS, MOST_VERSIONS, MOST_FINDINGS = 1500, 6, 8, 5
INVENTED = 20
"""Contacts of a simulation by chat: few enough that nobody else has to wait for it."""


class Which(Arguments):
    name: str


class Version(Arguments):
    name: str
    version: str = ""


@command(
    "sop",
    "流程",
    role="manager",
    form="/sop [list|show NAME|pause NAME|resume NAME|simulate NAME|publish NAME|rollback NAME]",
)
def sop(ask: Ask, words: Nothing) -> str:
    """Show, try out, publish and hold back SOPs"""
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


@sop.verb("simulate", "模拟", form="/sop simulate NAME")
def simulate_(ask: Ask, words: Which) -> str:
    """Let a few invented contacts walk a draft, or what is in force; nothing is sent"""
    draft = _meant(ask, words.name)
    told = simulate(ask.ctx.library, draft, start=ask.ctx.now, contacts=INVENTED)
    return "\n".join(telling.simulated(told, ask.ctx.settings.zone, MOST_WAYS))


@sop.verb("publish", "发布", form="/sop publish NAME [VERSION]")
def publish_(ask: Ask, words: Version) -> str:
    """Show what a draft changes; with its version, put it in force"""
    draft = _meant(ask, words.name)
    in_force = ask.ctx.library.find(draft.name)
    if in_force is not None and in_force.digest == draft.digest:
        return _("There is no draft of {name} that differs from what is in force.").format(name=draft.name)
    if not words.version:
        change = _change(in_force.source if in_force else "", draft.source)
        sentence = _("To put this in force, write: /sop publish {name} {version}")
        return f"{change}\n\n{sentence.format(name=draft.name, version=draft.digest[:8])}"
    if draft.digest[:8] != fold(words.version):
        return _("The draft has changed: it is {version} now.").format(version=draft.digest[:8])
    release.publish(ask.ctx.library, draft)
    return _in_force(draft)


@sop.verb("rollback", "回滚", form="/sop rollback NAME [VERSION]")
def rollback_(ask: Ask, words: Version) -> str:
    """List the versions of an SOP; with one of them, put it in force again"""
    name = _find(ask, words.name).sop
    if not words.version:
        known = [
            f"{version.digest[:8]}  {version.published_at.astimezone(ask.ctx.settings.zone):%Y-%m-%d %H:%M}"
            for version in reversed(versions.every(ask.session, name)[-MOST_VERSIONS:])
        ]
        return "\n".join([*known, _("To go back to one, write: /sop rollback {name} VERSION").format(name=name)])
    earlier = release.previous(ask.work, name, fold(words.version))
    release.publish(ask.ctx.library, earlier)
    return _in_force(earlier)


def _meant(ask: Ask, name: str) -> Sop:
    """A draft by its whole name, else what is in force by the end of it."""
    try:
        return release.named(ask.ctx.library, name.removesuffix(".yaml"))
    except NotFound:
        return ask.ctx.library.get(_find(ask, name).sop)
    except release.Unfit as error:
        raise BadCommand("\n".join(map(str, error.findings[:MOST_FINDINGS]))) from error


def _change(before: str, after: str) -> str:
    changed = unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    text = "\n".join(line for line in changed if not line.startswith(("---", "+++")))
    return text if len(text) <= MOST_SOURCE else text[:MOST_SOURCE] + "…"


def _in_force(sop: Sop) -> str:
    sentence = _("{name} is in force as version {version} within seconds; whoever is under way finishes on theirs.")
    return sentence.format(name=sop.name, version=sop.digest[:8])


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
