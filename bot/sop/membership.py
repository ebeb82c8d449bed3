"""Entering and leaving segments: soon after the facts of somebody change, and for everybody once an hour.

What changed is known by table, and what a segment asks about too: only those two meet. Windows such as “within 7d” move
with time alone: a timer waits for the next fact that leaves one (see `edges`). Everybody is looked at each hour as
well, and all ways agree. A segment that is new, or reads otherwise than before, is filled silently: nobody has entered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypedDict

from sqlmodel import Session

from bot.model.events import SegmentEntered, SegmentExited
from bot.model.ids import ChatId, ContactId, UserId
from bot.sop import edges, followups, lifecycle, segments
from bot.sop.library import Library
from bot.sop.scope import Scope, Subject
from bot.sop.segment_files import Segment
from bot.storage import touched
from bot.storage.ledger.timers import Timer
from bot.storage.queries import membership as rows
from bot.storage.work import Work

CONTACTS = segments.ANCHORS["contact"].table.name
BATCH = 1000
"""How many are looked at in one transaction, so that nothing urgent waits long behind it."""
EVERY = timedelta(hours=1)
REST = timedelta(seconds=5)
"""Between two looks at what time has changed."""


# ── those whose facts changed ──────────────────────────────────────────────────────────────────────────────────────


class Changes:
    """Whose facts the units of work of one transaction have changed; they are judged together."""

    def __init__(self) -> None:
        self._tables: dict[str, set[str]] = {}
        self._by: dict[str, Work] = {}

    def note(self, work: Work) -> None:
        """Take down what a unit of work has changed: what follows from it carries its trace."""
        for subject, tables in touched.take(work.session).items():
            self._tables.setdefault(subject, set()).update(tables)
            self._by[subject] = work

    def judge(self, session: Session, library: Library) -> None:
        """Move everybody whose facts have changed to their stage, and let them into segments and out of them."""
        self._move_on(session, library)
        if not library.segments or not self._tables:
            return
        known = known_segments(session, library)
        for names, subjects in self._concerned(library).items():
            for some in _slices(subjects, BATCH):
                works = {subject: self._by[subject] for subject in some}
                _judge(library, [library.segments[name] for name in names], works, known)

    def _move_on(self, session: Session, library: Library) -> None:
        """A stage is a fact that segments may ask about, so it comes first."""
        changed = [
            subject
            for subject, tables in self._tables.items()
            if subject.startswith("contact:") and tables & library.stages.tables
        ]
        for some in _slices(changed, BATCH):
            now, ids = self._by[some[0]].now, [_id_of(subject) for subject in some]
            for id in lifecycle.settle(session, library.stages, ids, now, library.around.zone):
                self._tables[f"contact:{id}"].add(CONTACTS)
            touched.take(session)

    def _concerned(self, library: Library) -> dict[tuple[str, ...], list[str]]:
        """Those who changed, by the segments that ask about what changed."""
        found: dict[tuple[str, ...], list[str]] = {}
        for subject, tables in self._tables.items():
            kind = subject.partition(":")[0]
            names = [name for name, one in library.segments.items() if one.subject == kind and one.tables & tables]
            if names:
                found.setdefault(tuple(names), []).append(subject)
        return found


def _judge(library: Library, concerned: Sequence[Segment], works: Mapping[str, Work], known: frozenset[str]) -> None:
    """Let subjects into segments of their kind and out of them; what follows is work of whoever changed each."""
    if not works:
        return
    work = next(iter(works.values()))
    ids = {subject: _id_of(subject) for subject in works}
    scope = _scope(work, library, concerned[0].subject)
    fits = segments.which(work.session, [one.who for one in concerned], scope, list(ids.values()))
    before = rows.of_subjects(work.session, list(works))
    for subject, id in ids.items():
        for segment, fit in zip(concerned, fits[id], strict=True):
            if fit != ((segment.name, subject) in before):
                _move(works[subject], segment.name, subject, enters=fit, silently=segment.name not in known)
    for segment in concerned:
        _plan_edge(work, segment, scope, list(ids.values()))


def follow(work: Work, library: Library) -> None:
    """Judge anew whoever this unit of work has changed facts of."""
    if not library.segments and not library.stages.conditions:
        touched.take(work.session)
        return
    changes = Changes()
    changes.note(work)
    changes.judge(work.session, library)


def known_segments(session: Session, library: Library) -> frozenset[str]:
    """The segments that have been counted as they read now."""
    states = rows.states(session)
    return frozenset(
        name for name, one in library.segments.items() if name in states and states[name].digest == one.digest
    )


def _slices(subjects: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for first in range(0, len(subjects), size):
        yield subjects[first : first + size]


def _id_of(subject: str) -> Any:
    kind, _colon, id = subject.partition(":")
    return int(id) if kind == "contact" else id


def pass_on(work: Work, library: Library, name: str) -> None:
    """Judge whoever has a fact that time has carried over an edge since the last look."""
    segment, state = library.segments.get(name), rows.states(work.session).get(name)
    if segment is None or state is None or state.digest != segment.digest:
        return
    scope = _scope(work, library, segment.subject)
    since = state.passed_at or state.counted_at
    as_of_then = edges.edges_of(segment.who, replace(scope, now=since))
    ids = edges.passed(work, as_of_then, scope, since, BATCH)
    if len(ids) == BATCH:
        work.record(followups.recount(name, None, "", work.now))
        return
    state.passed_at, state.edge_at = work.now, None
    _judge(library, [segment], {f"{segment.subject}:{id}": work for id in ids}, frozenset({name}))
    _plan_edge(work, segment, scope)


def _plan_edge(work: Work, segment: Segment, scope: Scope, subject_ids: Sequence[Any] | None = None) -> None:
    """Be there when the next fact comes of age, unless a timer will be there before."""
    waiting_for = edges.edges_of(segment.who, scope)
    edge_at = edges.upcoming(work, waiting_for, scope, subject_ids) if waiting_for else None
    state = rows.states(work.session).get(segment.name)
    if edge_at is None or state is None or (state.edge_at is not None and state.edge_at <= edge_at):
        return
    state.edge_at = max(edge_at, work.now + REST)
    key = f"{followups.EDGE}:{segment.name}:{segment.digest}:{state.edge_at.isoformat()}"
    about = {"segment": segment.name}
    work.set_timer(Timer(followups.EDGE, key, state.edge_at, f"segment:{segment.name}", about))


def _move(work: Work, segment: str, subject: str, *, enters: bool, silently: bool) -> None:
    if enters:
        is_new = rows.enter(work.session, segment, subject, work.now)
    else:
        is_new = rows.leave(work.session, segment, subject)
    if is_new and not silently:
        told = SegmentEntered if enters else SegmentExited
        work.record(told(at=work.now, segment=segment, **_named(subject)))


class _Who(TypedDict, total=False):
    contact_id: ContactId
    chat_id: ChatId
    user_id: UserId


def _named(subject: str) -> _Who:
    """A subject's key as the field of an event."""
    kind, _colon, id = subject.partition(":")
    match kind:
        case "contact":
            return {"contact_id": ContactId(int(id))}
        case "group":
            return {"chat_id": ChatId(id)}
        case _:
            return {"user_id": UserId(id)}


# ── everybody ──────────────────────────────────────────────────────────────────────────────────────────────────────


def plan(work: Work, library: Library) -> None:
    """See to it that every segment is counted: now if it never was, else within the hour."""
    known = known_segments(work.session, library)
    for name, segment in library.segments.items():
        _plan(work, segment, _next_hour(work.now) if name in known else work.now)


def recount(work: Work, library: Library, name: str, after: Any = None, digest: str = "") -> None:
    """Look at the next batch of everybody, above the id `after`; the rest follows in transactions of its own.

    `digest` is that of the text by which the batches before were judged: when it has changed, another count goes on.
    """
    segment = library.segments.get(name)
    if segment is None or digest not in ("", segment.digest):
        return
    anchor, prefix = segments.ANCHORS[segment.subject], f"{segment.subject}:"
    ids = rows.next_ids(work.session, anchor.table, anchor.id, after, BATCH)
    if ids:
        _compare(work, library, segment, ids)
    if len(ids) == BATCH:
        work.record(followups.recount(name, ids[-1], segment.digest, work.now))
        return
    rows.forget_the_gone(work.session, name, prefix, anchor.table, anchor.id)
    rows.counted(work.session, name, segment.digest, work.now)
    _plan_edge(work, segment, _scope(work, library, segment.subject))
    _plan(work, segment, _next_hour(work.now))


def _compare(work: Work, library: Library, segment: Segment, ids: Sequence[Any]) -> None:
    """Let those of a batch in who fit, and out who do not any more."""
    anchor, prefix = segments.ANCHORS[segment.subject], f"{segment.subject}:"
    among = (anchor.table, anchor.id, ids[0], ids[-1])
    fits = segments.members_clause(segment.who, _scope(work, library, segment.subject))
    should = rows.who_fits(work.session, *among, fits)
    are = rows.who_is_in(work.session, *among, segment.name, prefix)
    silently = segment.name not in known_segments(work.session, library)
    for id in sorted(should ^ are):
        _move(work, segment.name, f"{prefix}{id}", enters=id in should, silently=silently)


def _plan(work: Work, segment: Segment, due_at: datetime) -> None:
    key = f"{followups.RECOUNT}:{segment.name}:{segment.digest}:{due_at.isoformat()}"
    work.set_timer(Timer(followups.RECOUNT, key, due_at, f"segment:{segment.name}", {"segment": segment.name}))


def _next_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + EVERY


def _scope(work: Work, library: Library, subject: Subject) -> Scope:
    return Scope(subject=subject, now=work.now, zone=library.around.zone)
