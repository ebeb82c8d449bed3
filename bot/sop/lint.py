"""Looking an SOP over before anybody walks it: what reading it alone cannot see."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.i18n import _
from bot.platforms.sms.message import PART, WHOLE, parts
from bot.sop import lifecycle, references, segment_files, source
from bot.sop.actions import Action
from bot.sop.attachments import Attachment
from bot.sop.capabilities import TRIGGERS
from bot.sop.components import all_actions
from bot.sop.components.send_sms import Params as ShortMessage
from bot.sop.conditions import ALWAYS, Condition, leaves
from bot.sop.findings import Finding, did_you_mean
from bot.sop.library import files_of, read_file
from bot.sop.schema import METRICS, SCHEDULES, Branch, Do, If, Sop, SopStep, WaitFor, before_waits, walk
from bot.sop.triggers import subjects_of

DRAFTS = "drafts"
"""Where drafts of SOPs are kept, below the folder of those in force."""
NOT_SOPS = ("rules", "media")
"""Folders beside the SOPs that hold other things."""


def lint(
    paths: Sequence[Path],
    folder: Path,
    media: Path,
    capabilities: frozenset[str] | None = None,
    *,
    signature: str = "",
) -> list[Finding]:
    """What is wrong with SOP and segment files, or with all below a folder. Without `capabilities` every adapter is
    assumed; an SOP that cannot even begin for want of one is only warned of.

    `folder` is where names begin, `media` where attachments are; `signature` stands before every short message.
    """
    known = {path.resolve(): read_file(path, folder) for path in files_of(folder)}
    names = {sop.name for sop, _findings in known.values() if sop is not None}
    segments, _wrong = segment_files.read_all(folder)
    findings: list[Finding] = list(lifecycle.read(folder)[1])
    for path in checked(paths):
        if path.parent.name == segment_files.FOLDER:
            findings += segment_files.read_file(path)[1]
            continue
        sop, wrong = known.get(path.resolve()) or read_file(path, root_of(path, folder))
        findings += wrong
        if sop is not None:
            findings += _Check(sop, names | {sop.name}, media, capabilities, signature).findings()
            findings += references.findings(sop, segments)
    return sorted(set(findings))


def checked(paths: Iterable[Path]) -> list[Path]:
    """The files that paths stand for: SOPs and segments, in a folder of SOPs or, without such parts, anywhere below."""
    return [file for path in paths for file in _files(path) if file.parent.name not in NOT_SOPS]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    own = [*files_of(path), *segment_files.paths(path)]
    return own or sorted(file for file in path.rglob("*.yaml") if not _is_hidden(file.relative_to(path)))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


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
    signature: str

    def findings(self) -> Iterator[Finding]:
        yield from self._folder()
        yield from self._trigger()
        yield from self._condition(self.sop.when, 1, scheduled=self.sop.trigger.is_schedule)
        for one in self.sop.exits:
            yield from self._condition(one.where, source.line_of(self.sop.source, "exit_on"))
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
        exits = [("exit_on", one.event) for one in self.sop.exits]
        for key, event in [("trigger", self.sop.trigger.name), *([("goal", goal.event)] if goal else []), *exits]:
            if self.sop.subject not in subjects_of(event):
                message = _("{event} is not about a {subject}").format(event=event, subject=self.sop.subject)
                yield self._found(source.line_of(self.sop.source, key), "X118", message)

        metric = self.sop.trigger.metric
        if metric is not None and self.sop.subject not in METRICS[metric.name]:
            message = _("{event} is not about a {subject}").format(event=metric.name, subject=self.sop.subject)
            yield self._found(source.line_of(self.sop.source, "trigger"), "X118", message)

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
        if action.is_for_many and not (self.sop.trigger.is_schedule and do in before_waits(self.sop.steps)):
            message = _(
                "{action} wants people whom a date lets in together, before any wait: the platform does it for no less"
                " than two"
            )
            yield self._found(do.line, "X116", message.format(action=action.name))
        if not self._is_able(action.needs):
            message = _("no configured adapter can do {action}: it needs {needs}").format(
                action=action.name, needs=action.needs
            )
            begins = self._is_able(TRIGGERS.get(self.sop.trigger.name, ""))
            yield replace(self._found(do.line, "X123", message), level="error" if begins else "warning")
        for path in _media_of(do):
            if not (self.media / path).is_file():
                message = _("there is no file {path} in {folder}").format(path=path, folder=self.media.name)
                yield self._found(do.line, "X122", message)
        if isinstance(do.params, ShortMessage):
            yield from self._short_message(do, do.params)
        target = getattr(do.params, "sop", None)
        if isinstance(target, str) and target not in self.names:
            message = _("there is no SOP {name}.").format(name=target) + did_you_mean(target, self.names)
            yield self._found(do.line, "X125", message)

    def _short_message(self, do: Do, params: ShortMessage) -> Iterator[Finding]:
        length = params.length()
        if (count := parts(self.signature, length)) > params.most_parts:
            message = _(
                "with its signature the short message has {length} characters and counts as {count}: one takes {whole},"
                " each part of a longer one {part}"
            )
            told = message.format(length=length + len(self.signature) + 2, count=count, whole=WHOLE, part=PART)
            yield self._found(do.line, "X121", told)

    def _is_able(self, needs: str) -> bool:
        return self.capabilities is None or not needs or needs in self.capabilities

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
