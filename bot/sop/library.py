"""The SOPs in force: read from their folder, immutable, one whole replaced by the next."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot import log
from bot.errors import NotFound
from bot.model.ids import SopName
from bot.settings import Settings
from bot.sop import lifecycle, segment_files, source
from bot.sop.actions import Surroundings
from bot.sop.capabilities import capabilities_of, signature_of
from bot.sop.evidence import NONE, Evidence
from bot.sop.findings import Finding, shown
from bot.sop.lifecycle import Stages
from bot.sop.parse import parse
from bot.sop.schema import Sop, Trigger
from bot.sop.segment_files import Segment

logger = log.get(__name__)

FOLDERS = ("contact", "group", "staff")
Stamp = tuple[int, int]
"""When a file was changed and how large it is: enough to see that it is another one."""


def surroundings_of(settings: Settings) -> Surroundings:
    return Surroundings(
        zone=settings.zone,
        lead_line=settings.lead_line,
        able=capabilities_of(settings),
        media=settings.media,
        signature=signature_of(settings),
    )


@dataclass(frozen=True)
class Library:
    """Every SOP in force, by name. `versions` holds older ones that runs are still on, as they are looked up.

    `broken` are the files that could not be read, with the reason; the last good version of their SOP stays in force.
    `evidence` is of the past, where a library looks back.
    """

    sops: Mapping[SopName, Sop] = field(default_factory=dict)
    folder: Path = Path("sops")
    around: Surroundings = field(default_factory=Surroundings)
    broken: Mapping[SopName, Finding] = field(default_factory=dict)
    stamps: Mapping[Path, Stamp] = field(default_factory=dict)
    versions: dict[tuple[str, str], Sop] = field(default_factory=dict)
    segments: Mapping[str, Segment] = field(default_factory=dict)
    stages: Stages = field(default_factory=Stages)
    evidence: Evidence = NONE

    def __iter__(self) -> Iterator[Sop]:
        return iter(self.sops.values())

    def find(self, name: str, digest: str | None = None) -> Sop | None:
        """An SOP in force; with a digest that very version, if it is at hand."""
        sop = self.sops.get(SopName(name))
        if digest is None or (sop is not None and sop.digest == digest):
            return sop
        return self.versions.get((name, digest))

    def get(self, name: str, digest: str | None = None) -> Sop:
        sop = self.find(name, digest)
        if sop is None:
            raise NotFound("SOP", name if digest is None else f"{name} of version {digest}")
        return sop

    def triggered_by(self, names: Sequence[str]) -> list[Sop]:
        """The SOPs that one of these events starts, the highest priority first."""
        found = [sop for sop in self if sop.trigger.heard_as in names]
        return sorted(found, key=lambda sop: (-sop.priority, sop.name))

    def reload(self) -> "tuple[Library, list[Finding]]":
        """What the folder says now; this very library when no file has changed since it was read."""
        if stamps_of([*files_of(self.folder), *_beside(self.folder)]) == self.stamps:
            return self, list(self.broken.values())
        return _read(self.folder, self.around, self)


def load(folder: Path, around: Surroundings | None = None) -> tuple[Library, list[Finding]]:
    """Read every SOP below `folder`; a file that cannot be read is named, and the others are in force."""
    return _read(folder, around or Surroundings(), Library())


def schedules(library: Library) -> list[tuple[Sop, Trigger]]:
    """The SOPs that a moment starts."""
    return [(sop, sop.trigger) for sop in library if sop.trigger.is_schedule]


def _read(folder: Path, around: Surroundings, before: Library) -> tuple[Library, list[Finding]]:
    stamps = stamps_of(files_of(folder))
    sops: dict[SopName, Sop] = {}
    broken: dict[SopName, Finding] = {}
    findings: list[Finding] = []
    for path in stamps:
        name = name_of(path, folder)
        known = before.sops.get(name)
        if known is not None and before.stamps.get(path) == stamps[path] and name not in before.broken:
            sops[name] = known
            continue
        sop, wrong = read_file(path, folder)
        findings += wrong
        if sop is not None:
            sops[name] = sop
            continue
        broken[name] = wrong[0]
        logger.warning("an SOP file cannot be read", path=wrong[0].path, line=wrong[0].line, code=wrong[0].code)
        if known is not None:
            sops[name] = known
    segments, wrong_segments = _segments(folder, before)
    stages, wrong_stages = _stages(folder, before)
    library = replace(
        before,
        sops=sops,
        folder=folder,
        around=around,
        broken=broken,
        stamps={**stamps, **stamps_of(_beside(folder))},
        segments=segments,
        stages=stages,
    )
    return library, findings + wrong_segments + wrong_stages


def _beside(folder: Path) -> list[Path]:
    """The files that are read along with the SOPs."""
    return [*segment_files.paths(folder), lifecycle.path_in(folder)]


def _stages(folder: Path, before: Library) -> tuple[Stages, list[Finding]]:
    """The stages of a contact's life; those before when the file is broken."""
    stages, wrong = lifecycle.read(folder)
    if stages is None:
        logger.warning("stages cannot be read", path=wrong[0].path, line=wrong[0].line, code=wrong[0].code)
    return stages or before.stages, wrong


def _segments(folder: Path, before: Library) -> tuple[dict[str, Segment], list[Finding]]:
    """The named segments; the last good text of one whose file is broken."""
    segments: dict[str, Segment] = {}
    findings: list[Finding] = []
    for path in segment_files.paths(folder):
        segment, wrong = segment_files.read_file(path)
        findings += wrong
        if found := segment or before.segments.get(path.stem):
            segments[found.name] = found
        if wrong:
            logger.warning("a segment file cannot be read", path=wrong[0].path, line=wrong[0].line, code=wrong[0].code)
    return segments, findings


def read_file(path: Path, folder: Path) -> tuple[Sop | None, list[Finding]]:
    """One SOP from its file."""
    name, display = name_of(path, folder), shown(path)
    try:
        text = source.text_of(path)
    except source.BadSource as error:
        return None, [Finding(display, error.line, "X100", str(error))]
    return parse(text, display, name)


def name_of(path: Path, folder: Path) -> SopName:
    """The name of the SOP that a file holds: its path below the folder, without its ending."""
    full = path if path.is_relative_to(folder) else path.resolve()
    return SopName(full.relative_to(folder).with_suffix("").as_posix())


def files_of(folder: Path) -> list[Path]:
    """The files that hold SOPs; `rules/` and `media/` hold other things."""
    return sorted(path for part in FOLDERS for path in (folder / part).rglob("*.yaml"))


def stamps_of(paths: Iterable[Path]) -> dict[Path, Stamp]:
    """What files look like from outside, to see later whether they are still the same."""
    stamps: dict[Path, Stamp] = {}
    for path in paths:
        try:
            seen = path.stat()
        except FileNotFoundError:
            continue
        stamps[path] = (seen.st_mtime_ns, seen.st_size)
    return stamps
