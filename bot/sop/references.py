"""What an SOP names beside itself: its own steps, segments, and events that have to be remembered."""

from collections.abc import Collection, Iterator

from bot.i18n import _
from bot.sop import source
from bot.sop.findings import Finding, did_you_mean
from bot.sop.schema import BranchEvent, BranchResult, Do, Sop, SopStep, Split, walk
from bot.sop.segment_files import Segment
from bot.sop.triggers import is_remembered


def findings(sop: Sop, segments: Collection[Segment]) -> Iterator[Finding]:
    """Names that lead nowhere."""
    yield from _segment(sop, segments)
    yield from _steps(sop)
    yield from _events(sop)


def _segment(sop: Sop, segments: Collection[Segment]) -> Iterator[Finding]:
    wanted = sop.trigger.segment
    if not wanted:
        return
    known = {one.name: one for one in segments}
    if wanted not in known:
        message = _("there is no segment {name}.").format(name=wanted) + did_you_mean(wanted, known)
        yield Finding(sop.path, source.line_of(sop.source, "trigger"), "X127", message)
    elif known[wanted].subject != sop.subject:
        message = _("the segment {name} is about a {subject}").format(name=wanted, subject=known[wanted].subject)
        yield Finding(sop.path, source.line_of(sop.source, "trigger"), "X118", message)


def _steps(sop: Sop) -> Iterator[Finding]:
    """A step may speak of those that come before it, each known by one name."""
    before: list[str] = []
    for _position, step in walk(sop.steps):
        if step.id and step.id in before:
            yield Finding(sop.path, step.line, "X126", _("two steps are called {name}").format(name=step.id))
        named = _named_by(step)
        if named and named not in before:
            message = _("no step before this one is called {name}.").format(name=named) + did_you_mean(named, before)
            yield Finding(sop.path, step.line, "X126", message)
        before += [step.id] if step.id else []


def _named_by(step: SopStep) -> str:
    match step:
        case BranchResult(of=of):
            return of
        case BranchEvent(since=since):
            return since
        case Do(params=params):
            return str(getattr(params, "of", ""))
        case _:
            return ""


def _events(sop: Sop) -> Iterator[Finding]:
    """What is asked about the past has to be remembered."""
    asked = []
    if sop.rollout.stop_loss:
        asked.append((sop.rollout.stop_loss.event, source.line_of(sop.source, "rollout", "stop_loss", "event")))
    for _position, step in walk(sop.steps):
        match step:
            case BranchEvent(event=event):
                asked.append((event, step.line))
            case Split(winner=winner) if winner is not None:
                asked.append((winner.event, step.line))
    for event, line in asked:
        if event and not is_remembered(event):
            message = _("nobody remembers {event}: ask for it with wait_for").format(event=event)
            yield Finding(sop.path, line, "X118", message)
