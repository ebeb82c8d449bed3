"""The past, for a replay: what happened and in which order, what was decided, and what stood there at each moment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlmodel import Session

from bot.model.calls import Call
from bot.model.events import (
    CallFinished,
    ContactAdded,
    ContactHalfAdded,
    ContactLost,
    ContactRemoved,
    OfficialEvent,
    TimerDue,
)
from bot.model.tables import CustomerGroup, ExternalContact, InboxRow, Run, Staff, StepRun
from bot.sop import followups, records
from bot.sop.components import all_actions
from bot.sop.conditions import Leaf
from bot.sop.decisions import ENDINGS, Decision, decisions, name_of
from bot.sop.evidence import Evidence
from bot.sop.history import End, Fired
from bot.sop.invented import conditions_of
from bot.sop.library import Library
from bot.sop.records import Records
from bot.sop.retold import Retold
from bot.sop.schema import Sop
from bot.sop.scope import Scope, Subject
from bot.sop.segments import ANCHORS
from bot.sop.waking import HELD
from bot.storage.ledger import payloads
from bot.storage.queries import sops
from bot.storage.queries.rewinding import Pair, Undone
from bot.storage.work import Work

OURS = (TimerDue.kind, CallFinished.kind)
"""What the runner brings about by itself: a replay has its own, at the moments when these were handled."""
TABLES: Mapping[str, type[Any]] = {"contact": ExternalContact, "group": CustomerGroup, "staff": Staff}
Moment = tuple[datetime, str]
"""A moment, and the trace of what was handled then."""
ENDS = (ContactLost.kind, ContactRemoved.kind)
RELATIONS = (ContactAdded.kind, ContactHalfAdded.kind, *ENDS)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""A moment for what does not depend on one."""


@dataclass(frozen=True)
class Past:
    """What was recorded since a moment: the history of a rehearsal."""

    records: Records
    decisions: Sequence[Decision]
    evidence: Evidence
    timers: Mapping[bytes, Fired]
    ends: Mapping[tuple[str, str], End | None]
    """By run and position; None while a call had not ended."""
    fields: Mapping[Moment, Sequence[tuple[str, str, Any]]]
    """What columns of subjects' own rows said: subject, column and value."""
    paused: Mapping[Moment, frozenset[str]]
    """Which SOPs were seen to be paused."""
    undone: Sequence[Undone] = ()
    retold: Retold = field(default_factory=Retold)

    def fired(self, session: Session, event: TimerDue) -> Fired | None:
        return self.timers.get(_identity(session, event))

    def end_of(self, session: Session, call: Call) -> End | None:
        """How the same call of the same step ended; one that was never made is taken for accepted."""
        run_id, position = call.note["steps"][0]
        run = sops.find_run(session, int(run_id))
        return End("sent") if run is None else self.ends.get((name_of(session, run), str(position)), End("sent"))

    def restore(self, work: Work) -> None:
        moment = (work.now, work.trace_id)
        for subject, column, value in self.fields.get(moment, ()):
            kind, _colon, id = subject.partition(":")
            row = work.session.get(TABLES[kind], int(id) if kind == "contact" else id)
            if row is not None:
                setattr(row, column, value)
        paused = self.paused.get(moment, frozenset())
        for state in sops.states(work.session):
            state.paused = state.sop in paused

    @property
    def began(self) -> Mapping[Pair, bool]:
        """Of each relation that is told of, whether that was its beginning or its end first."""
        began: dict[Pair, bool] = {}
        for row, _fired in self.records.handled(*RELATIONS):
            pair = str(row.payload["external_user_id"]), str(row.payload["user_id"])
            began.setdefault(pair, row.kind not in ENDS)
        return began

    @property
    def followed(self) -> Mapping[str, bool]:
        """The same of followers of official accounts."""
        followed: dict[str, bool] = {}
        for row, _fired in self.records.handled(OfficialEvent.kind):
            if row.payload["name"] in ("subscribe", "unsubscribe"):
                followed.setdefault(str(row.payload["open_id"]), row.payload["name"] == "subscribe")
        return followed

    def greetings(self) -> Iterator[tuple[InboxRow, Fired, CallFinished]]:
        """The welcomes that arrived."""
        for row, fired in self.records.handled(CallFinished.kind):
            if "welcome" in row.payload.get("note", {}) and row.payload["outcome"] == "sent":
                event = payloads.read_event(row.kind, row.payload)
                assert isinstance(event, CallFinished)
                yield row, fired, event

    def left_over(self) -> Iterator[tuple[InboxRow, Fired, TimerDue]]:
        """What was begun before that moment and done after it: SOPs started by older runs, the rest of a schedule."""
        for row, fired in self.records.handled(TimerDue.kind):
            if self._is_left_over(event := _timer(row)):
                yield row, fired, event

    def stopped(self) -> Iterator[tuple[datetime, Run]]:
        """The runs that an SOP stopped, and when: whoever did it may stand still."""
        for run in self.records.runs.values():
            if run.ended_at is not None and run.reason.startswith(sops.STOPPED_BY):
                yield run.ended_at, run

    def _is_left_over(self, event: TimerDue) -> bool:
        match event.name, event.about:
            case followups.START, {"run": int(run_id)}:
                return run_id not in self.records.runs
            case followups.CONTINUE, {"at": str(at)}:
                return datetime.fromisoformat(at) < self.records.since
        return False


def read(source: Session, library: Library, draft: Sop, since: datetime) -> Past:
    """What the ledgers say; `undone` and `retold` are filled in by who rewinds a copy."""
    found = records.read(source, library.sops, since)
    return Past(
        records=found,
        decisions=decisions(source, draft.name, since),
        evidence=records.evidence_of(found),
        timers=_timers(source, found),
        ends=_ends(found),
        fields=_fields(found, library, draft),
        paused=_paused(found),
    )


# ── timers and calls ───────────────────────────────────────────────────────────────────────────────────────────────


def _timers(source: Session, found: Records) -> Mapping[bytes, Fired]:
    return {_identity(source, _timer(row)): fired for row, fired in found.handled(TimerDue.kind)}


def _timer(row: InboxRow) -> TimerDue:
    event = payloads.read_event(row.kind, row.payload)
    assert isinstance(event, TimerDue)
    return event


def _identity(session: Session, event: TimerDue) -> bytes:
    """The same for the same timer, whichever database its run is in."""
    about = {**event.about}
    if isinstance(about.get("run"), int) and (run := sops.find_run(session, about["run"])) is not None:
        about["run"] = name_of(session, run)
    return orjson.dumps([event.name, event.at, about], option=orjson.OPT_SORT_KEYS)


def _ends(found: Records) -> Mapping[tuple[str, str], End | None]:
    """What the steps say, at the moment when the calls ended where that is still known."""
    ends: dict[tuple[str, str], End | None] = {}
    for step in found.steps:
        at = found.name(step.run_id), step.position
        if step.outcome in ENDINGS:
            ends[at] = End(ENDINGS[step.outcome])
        elif step.outcome == "planned":
            ends[at] = None
    for row, fired in found.handled(CallFinished.kind):
        for run_id, position in row.payload.get("note", {}).get("steps", []):
            if int(run_id) in found.runs:
                ends[found.name(int(run_id)), str(position)] = End(row.payload["outcome"], fired)
    return ends


# ── what stood there ───────────────────────────────────────────────────────────────────────────────────────────────


def _fields(found: Records, library: Library, draft: Sop) -> Mapping[Moment, Sequence[tuple[str, str, Any]]]:
    asked = conditions_of(draft)
    columns = {leaf.filter.name: column for leaf in asked if (column := plain_field(leaf, draft.subject))}
    fields: dict[Moment, list[tuple[str, str, Any]]] = {}
    for scene, verdict in records.verdicts_of(found):
        if scene.sop == draft.name and verdict["name"] in columns:
            fact = (scene.subject, columns[str(verdict["name"])], verdict["found"])
            fields.setdefault((scene.at, scene.trace_id), []).append(fact)
    for step in found.steps:
        run = found.runs[step.run_id]
        for agrees in _consent(step) if _asks_for_consent(library, run, step) else ():
            fields.setdefault((step.at, step.trace_id), []).append((run.subject, "marketing_consent", agrees))
    return fields


def _asks_for_consent(library: Library, run: Run, step: StepRun) -> bool:
    action, sop = all_actions().get(step.name), library.find(run.sop)
    is_marketing = sop is not None and sop.purpose != "service"
    return is_marketing and action is not None and bool(action.reaches) and run.subject.startswith("contact:")


def _consent(step: StepRun) -> Iterator[bool | None]:
    """What a step that was to reach somebody tells of their consent."""
    if step.detail.get("rule") == "consent":
        yield step.detail["marketing_consent"]
    elif step.outcome == "planned" or step.outcome in ENDINGS:
        yield True


def plain_field(leaf: Leaf, subject: Subject) -> str | None:
    """The field of the subject's own row that a fact is, if it is one as it stands."""
    reach = leaf.filter.reach.get(subject)
    if reach is None or not reach.is_own or leaf.filter.kind.name not in ("text", "number", "flag"):
        return None
    field = str(getattr(leaf.filter.column(leaf.params, Scope(subject=subject, now=BEGINNING)), "key", ""))
    return field if field in ANCHORS[subject].table.c else None


def _paused(found: Records) -> Mapping[Moment, frozenset[str]]:
    """Whoever was kept out says so; a run that was held looked again some time later."""
    paused: dict[Moment, set[str]] = {}
    for one in found.suppressions:
        if one.rule == "paused":
            paused.setdefault((one.at, one.trace_id), set()).add(one.sop)
    woken: dict[tuple[Any, Any, datetime], tuple[Moment, Run]] = {}
    for row, fired in found.handled(TimerDue.kind):
        event = _timer(row)
        run = found.runs.get(event.about.get("run", 0)) if event.name == followups.WAKE else None
        if run is None:
            continue
        woken[run.id, event.about["wait"] + 1, fired.at + HELD] = (fired.at, row.trace_id), run
        if (held := woken.get((run.id, event.about["wait"], event.at))) is not None:
            paused.setdefault(held[0], set()).add(run.sop)
    return {moment: frozenset(names) for moment, names in paused.items()}
