"""Named segments: `sops/segments/dormant.yaml` says who is in `dormant`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from bot.i18n import _
from bot.sop import source
from bot.sop.conditions import ALWAYS, Condition, leaves, parse_condition
from bot.sop.findings import Finding, shown
from bot.sop.reading import Reading
from bot.sop.scope import SUBJECTS, Scope, Subject
from bot.sop.segments import tables_of

FOLDER = "segments"
KEYS = ("segment", "title", "subject", "who")
SOME_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Who is in it, under a name; `digest` is the hash of its text."""

    name: str
    title: str
    subject: Subject
    who: Condition
    digest: str

    @cached_property
    def tables(self) -> frozenset[str]:
        """The tables whose facts it asks about, whatever the moment."""
        return tables_of(self.who, Scope(subject=self.subject, now=SOME_MOMENT))


def paths(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).glob("*.yaml"))


def read_all(folder: Path) -> tuple[list[Segment], list[Finding]]:
    """Every segment below a folder of SOPs that can be read, and what is wrong with the files."""
    read = [read_file(path) for path in paths(folder)]
    return [one for one, _wrong in read if one is not None], [finding for _one, wrong in read for finding in wrong]


def read_file(path: Path) -> tuple[Segment | None, list[Finding]]:
    """One segment from its file."""
    display = shown(path)
    try:
        text = source.text_of(path)
        read = source.read(text)
    except source.BadSource as error:
        return None, [Finding(display, error.line, "X100", str(error))]
    reading = Reading(display, read)
    segment = _parsed(reading, path.stem, source.digest_of(text))
    return (None if reading.failed else segment), sorted(reading.findings)


def _parsed(reading: Reading, name: str, digest: str) -> Segment | None:
    raw = reading.mapping(reading.source.value, (), "segment")
    reading.keys(raw, (), KEYS)
    for key in (key for key in KEYS if raw and key not in raw):
        reading.fail("X102", (), _("`{key}` is missing").format(key=key))
    if reading.failed:
        return None
    if raw["segment"] != name:
        reading.fail("X110", ("segment",), _("`segment` has to be {name}, like its file").format(name=name))
    subject = next((one for one in SUBJECTS if one == raw["subject"]), None)
    if subject is None:
        reading.fail("X103", ("subject",), _("`subject` is one of: {names}").format(names=", ".join(SUBJECTS)))
        return None
    who = parse_condition(reading, raw["who"], ("who",))
    for message, line in [] if reading.failed else unfit(who, subject):
        reading.findings.append(Finding(reading.path, line, "X117", message))
    title = reading.text(raw["title"], ("title",), "title")
    return Segment(name=name, title=title, subject=subject, who=who, digest=digest)


def unfit(who: Condition, subject: Subject) -> Iterator[tuple[str, int]]:
    """A segment is about what is stored of its subject; not about an event, and not about segments."""
    if who == ALWAYS:
        yield _("a segment names those who are in it by a condition"), 1
    for leaf in leaves(who):
        family = leaf.filter.name.partition(".")[0]
        if leaf.filter.is_pure and family != "time":
            yield _("{name} is known of an event, not of a segment").format(name=leaf.filter.name), leaf.line
        elif family == "segment":
            yield (
                _("{name} cannot be asked in a segment: it is known afterwards").format(name=leaf.filter.name),
                leaf.line,
            )
        elif subject not in leaf.filter.subjects:
            yield _("{name} cannot be asked of a {subject}").format(name=leaf.filter.name, subject=subject), leaf.line
