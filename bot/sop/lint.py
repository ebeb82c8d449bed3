"""Looking an SOP over before anybody walks it: what reading it alone cannot see."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.i18n import _
from bot.settings import Settings
from bot.sop import references, segment_files, source
from bot.sop.actions import Action
from bot.sop.attachments import Attachment
from bot.sop.components import all_actions
from bot.sop.conditions import ALWAYS, Condition, leaves
from bot.sop.findings import Finding, did_you_mean
from bot.sop.library import files_of, read_file
from bot.sop.schema import SCHEDULES, Branch, Do, If, Sop, SopStep, WaitFor, walk
from bot.sop.triggers import subjects_of

DRAFTS = "drafts"
"""Where drafts of SOPs are kept, below the folder of those in force."""
CUSTOM_MESSAGE_KINDS = ("verified_subscription", "verified_service")


def capabilities_of(settings: Settings) -> frozenset[str]:
    """What the configured adapters can do; an action's `needs` is one of these."""
    able = {"wecom"} if settings.wecom or settings.demo else set()
    if settings.official:
        able.add("official")
    if settings.demo or (settings.official and settings.official.kind in CUSTOM_MESSAGE_KINDS):
        able.add("official.custom_message")
    if settings.demo or (settings.official and settings.official.kind == "verified_service"):
        able.add("official.template")
    others = {"sms": settings.sms, "mail": settings.mail, "miniprogram": settings.miniprogram, "hooks": settings.hooks}
    return frozenset(able | {name for name, found in others.items() if found})


def lint(paths: Sequence[Path], folder: Path, media: Path, capabilities: frozenset[str] | None = None) -> list[Finding]:
    """What is wrong with SOP files, or with all below a folder. Without `capabilities` every adapter is assumed.

    `folder` is where names begin, `media` where attachments are.
    """
    known = {path.resolve(): read_file(path, folder) for path in files_of(folder)}
    names = {sop.name for sop, _findings in known.values() if sop is not None}
    segments, findings = segment_files.read_all(folder)
    for path in (file for given in paths for file in _files(given)):
        sop, wrong = known.get(path.resolve()) or read_file(path, root_of(path, folder))
        findings += wrong
        if sop is not None:
            findings += _Check(sop, names | {sop.name}, media, capabilities).findings()
            findings += references.findings(sop, segments)
    return sorted(set(findings))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    own = files_of(path)
    others = ("rules", "media", segment_files.FOLDER)
    return own or sorted(file for file in path.rglob("*.yaml") if file.parent.name not in others)


def root_of(path: Path, folder: Path) -> Path:
    """Where the name of a file begins: at the folder of SOPs, at its drafts, or two levels up for a file elsewhere."""
    resolved = path.resolve()
    for root in (folder / DRAFTS, folder):
        if resolved.is_relative_to(root.resolve()):
            return root if path.is_relative_to(root) else root.resolve()
    return path.parent.parent


@dataclass(frozen=True)
class _Check:
    """One SOP, and what is around it."""

    sop: Sop
    names: set[str]
    media: Path
    capabilities: frozenset[str] | None

    def findings(self) -> Iterator[Finding]:
        yield from self._folder()
        yield from self._trigger()
        yield from self._condition(self.sop.when, 1, scheduled=self.sop.trigger.is_schedule)
        for _position, step in walk(self.sop.steps):
            for condition in _conditions_of(step):
                yield from self._condition(condition, step.line)
            if isinstance(step, WaitFor) and self.sop.subject not in subjects_of(step.event):
                message = _("nobody hears {event} for a {subject}").format(event=step.event, subject=self.sop.subject)
                yield self._found(step.line, "X118", message)
            if isinstance(step, Do):
                yield from self._action(step, all_actions()[step.action])

    def _found(self, line: int, code: str, message: str) -> Finding:
        return Finding(self.sop.path, line, code, message)

    def _folder(self) -> Iterator[Finding]:
        folder = self.sop.name.partition("/")[0]
        if folder != self.sop.subject:
            message = _("an SOP for a {subject} belongs into {folder}/").format(
                subject=self.sop.subject, folder=self.sop.subject
            )
            yield self._found(source.line_of(self.sop.source, "subject"), "X110", message)

    def _trigger(self) -> Iterator[Finding]:
        goal = self.sop.goal
        for key, event in [("trigger", self.sop.trigger.name), *([("goal", goal.event)] if goal else [])]:
            if self.sop.subject not in subjects_of(event):
                message = _("{event} is not about a {subject}").format(event=event, subject=self.sop.subject)
                yield self._found(source.line_of(self.sop.source, key), "X118", message)

    def _condition(self, condition: Condition, line: int, *, scheduled: bool = False) -> Iterator[Finding]:
        for leaf in leaves(condition):
            if self.sop.subject not in leaf.filter.subjects:
                message = _("{name} cannot be asked of a {subject}").format(
                    name=leaf.filter.name, subject=self.sop.subject
                )
                yield self._found(leaf.line or line, "X117", message)
            if scheduled and leaf.filter.name.partition(".")[0] in ("event", "message"):
                message = _("{name} is never known when a date starts the SOP").format(name=leaf.filter.name)
                yield self._found(leaf.line or line, "X117", message)

    def _action(self, do: Do, action: Action) -> Iterator[Finding]:
        if not self._can_act(action):
            message = _("{action} acts on a {wanted}, which {trigger} does not name").format(
                action=action.name, wanted=action.subject, trigger=self.sop.trigger.name
            )
            yield self._found(do.line, "X116", message)
        if self.capabilities is not None and action.needs and action.needs not in self.capabilities:
            message = _("no configured adapter can do {action}: it needs {needs}").format(
                action=action.name, needs=action.needs
            )
            yield self._found(do.line, "X123", message)
        for path in _media_of(do):
            if not (self.media / path).is_file():
                message = _("there is no file {path} in {folder}").format(path=path, folder=self.media.name)
                yield self._found(do.line, "X122", message)
        target = getattr(do.params, "sop", None)
        if isinstance(target, str) and target not in self.names:
            message = _("there is no SOP {name}.").format(name=target) + did_you_mean(target, self.names)
            yield self._found(do.line, "X125", message)

    def _can_act(self, action: Action) -> bool:
        heard = {
            event for _position, step in walk(self.sop.steps) if isinstance(step, WaitFor) for event in [step.event]
        }
        events = {self.sop.trigger.name} | heard
        match action.subject:
            case "any":
                return True
            case "message":
                return "message.received" in events
            case subject:
                named = {one for event in events if event not in SCHEDULES for one in subjects_of(event)}
                return subject in named | {self.sop.subject}


def _conditions_of(step: SopStep) -> Iterator[Condition]:
    match step:
        case If(condition=condition):
            yield condition
        case Branch(cases=cases):
            yield from (case.condition for case in cases)
        case WaitFor(where=where) if where != ALWAYS:
            yield where


def _media_of(do: Do) -> Iterator[str]:
    attached: Sequence[Attachment] = getattr(do.params, "attach", ())
    for one in attached:
        yield from one.files


CODES: Mapping[str, str] = {
    "X100": "the file cannot be read",
    "X101": "an unknown key",
    "X102": "a missing key",
    "X103": "a wrong value",
    "X104": "a bad duration",
    "X105": "an unknown step",
    "X106": "an unknown action",
    "X107": "an unknown filter",
    "X108": "an unknown operator",
    "X109": "a bad operand",
    "X110": "name, folder and subject do not agree",
    "X111": "an unknown trigger or event",
    "X112": "a bad cron line, date or time of day",
    "X113": "a branch without default",
    "X114": "steps that are never reached",
    "X116": "an action without anybody to act on",
    "X117": "a filter that cannot be asked here",
    "X118": "an event that is not about the subject",
    "X120": "a text with unknown names or syntax",
    "X121": "a text over its channel's limit",
    "X122": "an attachment that is not there",
    "X123": "no adapter able to do it",
    "X124": "a bad split",
    "X125": "an unknown SOP",
    "X126": "an unknown step, or two of one name",
    "X127": "an unknown segment",
}
"""Every code a finding can have, and what it means."""
