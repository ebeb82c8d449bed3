"""What traces led to, in a phrase for each thing: for the stream, which has no room for more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.i18n import _
from bot.model.tables import HygieneCase, InboxRow
from bot.storage.queries import console as rows
from bot.web.console import words
from bot.web.console.names import Names

Phrase = tuple[str, str]
"""A tone and what is said in it."""


@dataclass(frozen=True)
class Effects:
    """What the traces of a page led to."""

    calls: Mapping[str, Mapping[str, int]]
    steps: Mapping[str, int]
    held_back: Mapping[str, int]
    moments: Mapping[str, set[datetime]]
    tags: rows.Decided
    points: rows.Decided
    leads: rows.Decided
    cases: Mapping[str, HygieneCase]

    def phrases(self, row: InboxRow, contacts: set[int]) -> list[Phrase]:
        """What the trace of a row led to; `contacts` are those whom the row names."""
        said = [*_standing(row), *self._decided(row, contacts)]
        if steps := self.steps.get(row.trace_id):
            said.append(("plain", _("SOP steps: {n}").format(n=steps)))
        for state, count in sorted(self.calls.get(row.trace_id, {}).items()):
            phrase = _("calls {state}: {n}").format(state=words.said(words.STATES, state), n=count)
            said.append((words.tone(state), phrase))
        if held := self.held_back.get(row.trace_id):
            said.append(("plain", _("held back by a rule: {n}").format(n=held)))
        return said or [("plain", _("nothing to do"))]

    def _decided(self, row: InboxRow, contacts: set[int]) -> list[Phrase]:
        said: list[Phrase] = []
        if case := self.cases.get(str(row.payload.get("message_id"))):
            said.append(("bad", _("broke a rule: {rules}").format(rules=", ".join(case.rules))))
        for counted, phrase in (
            (self.tags, _("tags added: {n}")),
            (self.points, _("points of the lead score: {n}")),
            (self.leads, _("leads opened: {n}")),
        ):
            if count := self._sum(counted, row.trace_id, contacts):
                said.append(("good", phrase.format(n=count)))
        return said

    def _sum(self, counted: rows.Decided, trace_id: str, contacts: set[int]) -> int:
        moments = self.moments.get(trace_id, set())
        return sum(counted.get((contact, at), 0) for contact in contacts for at in moments)


def _standing(row: InboxRow) -> list[Phrase]:
    if row.state == "buried":
        return [("bad", _("given up after {n} attempts").format(n=row.attempts))]
    return [("wait", _("waiting to be handled"))] if row.state == "new" else []


def load(session: Session, found: Sequence[InboxRow], names: Names) -> Effects:
    traces = {row.trace_id for row in found}
    moments = rows.moments_by_trace(session, traces)
    then = {at for several in moments.values() for at in several}
    messages = {str(row.payload["message_id"]) for row in found if row.payload.get("message_id")}
    return Effects(
        rows.calls_by_state(session, traces),
        rows.steps_by_trace(session, traces),
        rows.held_back_by_trace(session, traces),
        moments,
        rows.tags_counted(session, names.contact_ids, then),
        rows.points_counted(session, names.contact_ids, then),
        rows.leads_counted(session, names.contact_ids, then),
        {case.message_id: case for case in rows.cases_of_messages(session, messages)},
    )
