"""Undo: take back what one rule gave since a moment, and say what cannot be taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.community import deliveries, tagging, tasks
from bot.i18n import _
from bot.model.ids import ContactId
from bot.model.tables import ContactTag, ScoreEntry, StaffTask
from bot.sop.components import all_actions
from bot.storage.queries import audit, leads
from bot.storage.queries import undo as rows
from bot.storage.work import Work

TAKEN_BACK = ("add_tag", "add_score", "create_task", "note")
"""Actions whose doing is taken back, or leaves nothing that could be."""
DONE = ("done", "planned", "sent", "unknown")


@dataclass(frozen=True)
class Lasting:
    """Something that cannot be taken back: what it is, and how many of it."""

    what: str
    count: int


@dataclass(frozen=True)
class Undoing:
    """What a rule gave since a moment and what of it lasts. `rule` is as the ledgers write it."""

    rule: str
    since: datetime
    tags: Sequence[ContactTag]
    scores: Sequence[ScoreEntry]
    tasks: Sequence[StaffTask]
    lasting: Sequence[Lasting]

    @property
    def is_empty(self) -> bool:
        return not (self.tags or self.scores or self.tasks)


def find(work: Work, rule: str, since: datetime) -> Undoing:
    """What there is to take back. `rule` may be the bare name of an SOP, such as contact/spring."""
    rule = f"sop:{rule}" if "/" in rule and ":" not in rule else rule
    session = work.session
    return Undoing(
        rule=rule,
        since=since,
        tags=rows.tags(session, rule, since),
        scores=rows.scores(session, rule, since),
        tasks=rows.tasks(session, rule, since),
        lasting=_lasting(work, rule, since),
    )


def undo(work: Work, rule: str, since: datetime, *, actor: str) -> Undoing:
    """Take it back, at WeCom too; doing it again takes back nothing more."""
    found = find(work, rule, since)
    mark = rows.undone(found.rule)
    for tag in found.tags:
        tagging.remove_tags(work, ContactId(tag.contact_id), [tag.name], rule=mark)
    for entry in found.scores:
        back = ScoreEntry(
            contact_id=entry.contact_id,
            points=-entry.points,
            rule=mark,
            at=work.now,
            dedupe_key=rows.undo_key(entry),
        )
        leads.add_points(work.session, back)
    for task in found.tasks:
        _withdraw(work, task)
    if not found.is_empty:
        detail = {"since": since.isoformat(), **counts(found)}
        audit.write(
            work.session,
            at=work.now,
            actor=actor,
            action="undo",
            target=found.rule,
            detail=detail,
            trace_id=work.trace_id,
        )
    return found


def counts(found: Undoing) -> dict[str, int]:
    return {"tags": len(found.tags), "scores": len(found.scores), "tasks": len(found.tasks)}


def _withdraw(work: Work, task: StaffTask) -> None:
    if rows.withdraw(work.session, task, work.now) and task.id is not None:
        deliveries.refresh(work, tasks.ABOUT, task.id, text=_("Taken back"))


def _lasting(work: Work, rule: str, since: datetime) -> list[Lasting]:
    found = [Lasting(_("tasks that are done"), len(rows.done_tasks(work.session, rule, since)))]
    found.append(Lasting(_("tags that it took off"), len(rows.removed_tags(work.session, rule, since))))
    if rule.startswith("sop:"):
        for name, outcome, count in rows.steps(work.session, rule.removeprefix("sop:"), since):
            if name in all_actions() and name not in TAKEN_BACK and outcome in DONE:
                found.append(Lasting(f"{name} ({outcome})", count))
    return [one for one in found if one.count]
