"""A preview of a segment: how many are in it now, and who for example."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.errors import BadInput, NotFound
from bot.i18n import _
from bot.sop import segments
from bot.sop.findings import did_you_mean
from bot.sop.library import Library
from bot.sop.scope import Scope
from bot.sop.segment_files import Segment, read_file
from bot.storage.queries import segments as queries


@dataclass(frozen=True)
class Example:
    """Somebody who is in a segment."""

    id: int | str
    name: str


@dataclass(frozen=True)
class Preview:
    segment: str
    title: str
    subject: str
    count: int
    examples: Sequence[Example]


def meant(library: Library, wanted: str | Path) -> Segment:
    """The segment in force of a name, or that of a file. Raises `NotFound`, or `BadInput` for a file with a fault."""
    if isinstance(wanted, Path):
        return _drafted(wanted)
    if (found := library.segments.get(wanted)) is None:
        hint = did_you_mean(wanted, library.segments)
        raise NotFound("segment", wanted, _("there is no segment {name}.").format(name=wanted) + hint)
    return found


def _drafted(path: Path) -> Segment:
    if not path.is_file():
        raise BadInput(_("there is no file {path}").format(path=path))
    found, wrong = read_file(path)
    if found is None:
        raise BadInput(str(wrong[0]))
    return found


def preview(session: Session, segment: Segment, now: datetime, zone: ZoneInfo, examples: int) -> Preview:
    scope = Scope(subject=segment.subject, now=now, zone=zone)
    anchor, who = segments.ANCHORS[segment.subject], segments.members_clause(segment.who, scope)
    named = queries.named_where(session, anchor.table, anchor.id, who, examples) if examples else ()
    return Preview(
        segment=segment.name,
        title=segment.title,
        subject=segment.subject,
        count=segments.count(session, segment.who, scope),
        examples=[Example(id, name or "") for id, name in named],
    )
