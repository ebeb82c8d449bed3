"""Entering and leaving segments: soon after the facts of somebody change, and for everybody once an hour.

What changed is known by table, and what a segment asks about too: only those two meet. Windows such as “within 7d” move
with time alone: a timer waits for the next fact that leaves one (see `edges`). Everybody is looked at each hour as
well, and all ways agree. A segment that is new, or reads otherwise than before, is filled silently: nobody has entered.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypedDict

from bot.model.events import SegmentEntered, SegmentExited
from bot.model.ids import ChatId, ContactId, UserId
from bot.sop import edges, followups, segments
from bot.sop.library import Library
from bot.sop.scope import Scope, Subject
from bot.sop.segment_files import Segment
from bot.storage import touched
from bot.storage.ledger import Timer
from bot.storage.queries import membership as rows
from bot.storage.work import Work

BATCH = 500
"""How many come and go in one transaction."""
EVERY = timedelta(hours=1)
REST = timedelta(seconds=5)
"""Between two looks at what time has changed."""


# ── those whose facts changed ──────────────────────────────────────────────────────────────────────────────────────


def follow(work: Work, library: Library) -> None:
    """Judge anew whoever this unit of work has changed facts of."""
    changed = touched.take(work.session)
    if not library.segments or not changed:
        return
    states = rows.states(work.session)
    known = {
        name: segment
        for name, segment in library.segments.items()
        if name in states and states[name].digest == segment.digest
    }
    asked = {name: segments.tables_of(one.who, _scope(work, library, one.subject)) for name, one in known.items()}
    for subject, tables in changed.items():
        concerned = [
            one for name, one in known.items() if subject.startswith(f"{one.subject}:") and asked[name] & tables
        ]
        if concerned:
            _judge(work, library, subject, {one.name: one for one in concerned})


def _judge(work: Work, library: Library, subject: str, concerned: Mapping[str, Segment]) -> None:
    kind, _colon, id = subject.partition(":")
    first = next(iter(concerned.values()))
    subject_id = int(id) if kind == "contact" else id
    conditions = [one.who for one in concerned.values()]
    fits = segments.which(work.session, conditions, _scope(work, library, first.subject), subject_id)
    before = rows.of_subject(work.session, subject)
    for name, fit in zip(concerned, fits, strict=True):
        if fit and name not in before:
            _enter(work, name, subject)
        elif not fit and name in before:
            _leave(work, name, subject)
    for one in concerned.values():
        _plan_edge(work, one, _scope(work, library, one.subject), subject_id)


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
        work.record(followups.recount(name, work.now))
        return
    state.passed_at, state.edge_at = work.now, None
    for id in ids:
        _judge(work, library, f"{segment.subject}:{id}", {name: segment})
    _plan_edge(work, segment, scope)


def _plan_edge(work: Work, segment: Segment, scope: Scope, subject_id: int | str | None = None) -> None:
    """Be there when the next fact comes of age, unless a timer will be there before."""
    waiting_for = edges.edges_of(segment.who, scope)
    edge_at = edges.upcoming(work, waiting_for, scope, subject_id) if waiting_for else None
    state = rows.states(work.session).get(segment.name)
    if edge_at is None or state is None or (state.edge_at is not None and state.edge_at <= edge_at):
        return
    state.edge_at = max(edge_at, work.now + REST)
    key = f"{followups.EDGE}:{segment.name}:{segment.digest}:{state.edge_at.isoformat()}"
    about = {"segment": segment.name}
    work.set_timer(Timer(followups.EDGE, key, state.edge_at, f"segment:{segment.name}", about))


def _enter(work: Work, segment: str, subject: str) -> None:
    if rows.enter(work.session, segment, subject, work.now):
        work.record(SegmentEntered(at=work.now, segment=segment, **_named(subject)))


def _leave(work: Work, segment: str, subject: str) -> None:
    if rows.leave(work.session, segment, subject):
        work.record(SegmentExited(at=work.now, segment=segment, **_named(subject)))


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
    states = rows.states(work.session)
    for segment in library.segments.values():
        state = states.get(segment.name)
        is_known = state is not None and state.digest == segment.digest
        _plan(work, segment, _next_hour(work.now) if is_known else work.now)


def recount(work: Work, library: Library, name: str) -> None:
    """Look at everybody; a large crowd comes and goes in batches, each in a transaction of its own."""
    segment = library.segments.get(name)
    if segment is None:
        return
    scope, anchor = _scope(work, library, segment.subject), segments.ANCHORS[segment.subject]
    fits = segments.members_clause(segment.who, scope)
    where = (work.session, name, f"{segment.subject}:", anchor.table, anchor.id, fits)
    state = rows.states(work.session).get(name)
    if state is None or state.digest != segment.digest:
        rows.fill(*where, work.now)
    else:
        came, went = rows.newcomers(*where, BATCH), rows.leavers(*where, BATCH)
        for id in came:
            _enter(work, name, f"{segment.subject}:{id}")
        for subject in went:
            _leave(work, name, subject)
        if BATCH in (len(came), len(went)):
            work.record(followups.recount(name, work.now))
            return
    rows.counted(work.session, name, segment.digest, work.now)
    _plan_edge(work, segment, scope)
    _plan(work, segment, _next_hour(work.now))


def _plan(work: Work, segment: Segment, due_at: datetime) -> None:
    key = f"{followups.RECOUNT}:{segment.name}:{segment.digest}:{due_at.isoformat()}"
    work.set_timer(Timer(followups.RECOUNT, key, due_at, f"segment:{segment.name}", {"segment": segment.name}))


def _next_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + EVERY


def _scope(work: Work, library: Library, subject: Subject) -> Scope:
    return Scope(subject=subject, now=work.now, zone=library.around.zone)
