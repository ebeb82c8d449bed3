"""Publishing by file: the folder is what is in force, so a draft is published by taking its place there.

A draft is any file; one below `drafts/` in the folder is found by the name of its SOP.
"""

from collections.abc import Iterable
from pathlib import Path

from bot.errors import BadInput, NotFound
from bot.i18n import _
from bot.sop.findings import Finding, did_you_mean
from bot.sop.library import Library, read_file
from bot.sop.lint import DRAFTS, lint, root_of
from bot.sop.parse import parse
from bot.sop.schema import Sop
from bot.storage.queries import sops as rows
from bot.storage.queries import versions
from bot.storage.work import Work


class Unfit(BadInput):
    """A draft that lint refuses; `findings` say why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(str(findings[0]))
        self.findings = findings


def draft_of(library: Library, wanted: str) -> Sop:
    """The SOP that a path or a name means.

    Raises `Unfit` for a file that lint refuses, `BadInput` for one that is not there, `NotFound` when nothing has the
    name.
    """
    path = Path(wanted)
    if path.suffix == ".yaml" and path.is_file():
        return _fit(path, root_of(path, library.folder), library)
    if path.suffix == ".yaml" or path.is_dir():
        raise BadInput(_("there is no file {path}").format(path=wanted))
    return named(library, wanted)


def named(library: Library, name: str) -> Sop:
    """The draft of a name, or, where there is none, what is in force."""
    drafts = library.folder / DRAFTS
    path = drafts / f"{name}.yaml"
    if path.resolve().is_relative_to(drafts.resolve()) and path.is_file():
        return _fit(path, drafts, library)
    if (found := library.find(name)) is None:
        raise unknown(name, library.sops)
    return found


def unknown(name: str, known: Iterable[str]) -> NotFound:
    """There is no such SOP; by the end of its name alone it is found in chat only."""
    near = [one for one in known if one.endswith(f"/{name}")]
    hint = _(" Did you mean {name}?").format(name=near[0]) if near else did_you_mean(name, known)
    return NotFound("SOP", name, _("there is no SOP {name}.").format(name=name) + hint)


def _fit(path: Path, root: Path, library: Library) -> Sop:
    sop, findings = read_file(path, root)
    if sop is None:
        raise Unfit(findings)
    media = library.around.media or library.folder / "media"
    found = lint([path], library.folder, media, library.around.able, signature=library.around.signature)
    if errors := [one for one in found if one.level == "error"]:
        raise Unfit(errors)
    return sop


def publish(library: Library, sop: Sop) -> Path:
    """Put a version into the folder, whole or not at all; it is in force as soon as the folder is read again."""
    path = library.folder / f"{sop.name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(sop.source, encoding="utf-8")
    beside.replace(path)
    return path


def previous(work: Work, name: str, digest: str = "") -> Sop:
    """The version before the one in force, or the one whose digest begins so. Raises `NotFound`."""
    current = rows.in_force(work.session, name)
    for version in reversed(versions.every(work.session, name)):
        is_meant = version.digest.startswith(digest) if digest else current is None or version.id != current.id
        sop = parse(version.source, f"{name}.yaml", name)[0] if is_meant else None
        if sop is not None:
            return sop
    sentence = _("there is no version of {name} before this one.")
    if digest:
        sentence = _("no version of {name} begins with {digest}.")
    raise NotFound("SOP version", f"{name} {digest}".strip(), sentence.format(name=name, digest=digest))
