"""One trace: what came in, who took it up, what was decided, what went out, and what followed, each with its reason."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from sqlmodel import Session

from bot.community import errcodes
from bot.errors import NotFound
from bot.model.ids import ContactId, contact_key
from bot.model.tables import (
    AuditRow,
    ContactTag,
    HygieneCase,
    InboxRow,
    Lead,
    OutboxRow,
    Run,
    ScoreEntry,
    StaffTask,
    StepRun,
    Suppression,
    TimerRow,
)
from bot.storage.queries import console as rows
from bot.storage.queries import inbox
from bot.web.console import evidence, names
from bot.web.console.handled import handlers_of
from bot.web.console.names import Names
from bot.web.console.page import Desk, Page

SETTLED = {"done", "buried", "sent", "failed", "unknown", "expired", "cancelled"}


@dataclass(frozen=True)
class Traced:
    """Everything that belongs to one trace."""

    events: Sequence[InboxRow]
    runs: Sequence[Run]
    steps: Mapping[int, Sequence[StepRun]]
    suppressions: Sequence[Suppression]
    cases: Sequence[HygieneCase]
    tags: Sequence[ContactTag]
    points: Sequence[ScoreEntry]
    leads: Sequence[Lead]
    tasks: Sequence[StaffTask]
    calls: Sequence[OutboxRow]
    timers: Sequence[TimerRow]
    audit: Sequence[AuditRow]
    moments: Collection[datetime]
    names: Names

    @property
    def came_in(self) -> InboxRow:
        """What began it: the first from outside, or the first of all."""
        outside = (row for row in self.events if row.source in rows.OUTSIDE and row.kind != rows.OURS)
        return next(outside, self.events[0])

    @property
    def followed(self) -> list[InboxRow]:
        return [row for row in self.events if row is not self.came_in]

    @property
    def is_settled(self) -> bool:
        return {*(row.state for row in self.events), *(call.state for call in self.calls)} <= SETTLED

    @property
    def decided(self) -> bool:
        return any((self.cases, self.tags, self.points, self.leads, self.tasks, self.audit))


async def show(desk: Desk, request: web.Request) -> Page:
    trace_id = request.match_info["trace_id"]
    traced = await desk.store.read(lambda session: find(session, trace_id))
    values = {"trace_id": trace_id, "traced": traced, "evidence": evidence, "errcodes": errcodes}
    return Page("trace.html", {**values, "handlers": {row.id: handlers_of(row) for row in traced.events}})


def find(session: Session, trace_id: str) -> Traced:
    """Gather a trace; raises `NotFound`.

    Tags, points, leads and tasks carry no trace id: they are known by their contact and by the moment of their
    transaction, which is the moment at which its event was finished.
    """
    events = inbox.events_of(session, [trace_id])[: rows.MOST]
    if not events:
        raise NotFound("trace", trace_id)
    steps = inbox.steps_of(session, [trace_id])[: rows.MOST]
    suppressions = inbox.suppressions_of(session, [trace_id])[: rows.MOST]
    asked = [{**row.payload, "subject": row.subject} for row in events]
    asked += [{"subject": held.subject} for held in suppressions]
    subjects = {str(one["subject"]) for one in asked} | _subjects(names.load(session, asked))
    runs = rows.runs_of_trace(session, {step.run_id for step in steps}, subjects - {""}, trace_id)
    asked += [{"subject": run.subject} for run in runs]
    contacts = names.load(session, asked).contact_ids
    moments = {row.finished_at for row in events if row.finished_at is not None}
    messages = {str(row.payload["message_id"]) for row in events if row.payload.get("message_id")}
    cases = rows.cases_of_messages(session, messages)
    leads = rows.leads_opened(session, contacts, moments)
    tasks = rows.tasks_given(session, contacts, moments)
    staff = {lead.owner for lead in leads} | {user for lead in leads for user in lead.recipients}
    staff |= {task.user_id for task in tasks} | {case.decided_by for case in cases}
    known = names.load(session, [*asked, *({"user_id": user} for user in staff)])
    return Traced(
        events=events,
        runs=runs,
        steps={run.id or 0: [step for step in steps if step.run_id == run.id] for run in runs},
        suppressions=suppressions,
        cases=cases,
        tags=rows.tags_given(session, contacts, moments),
        points=rows.points_given(session, contacts, moments),
        leads=leads,
        tasks=tasks,
        calls=inbox.calls_of(session, [trace_id])[: rows.MOST],
        timers=rows.timers_of_trace(session, _subjects(known) | {run.subject for run in runs} | subjects, trace_id),
        audit=rows.audit_of_trace(session, moments, trace_id),
        moments=moments,
        names=known,
    )


def _subjects(known: Names) -> set[str]:
    return {contact_key(ContactId(contact_id)) for contact_id in known.contact_ids}
