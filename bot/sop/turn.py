"""One turn of the runner: one transaction, the library, and what is done once for all of its runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.community import consent
from bot.model.calls import Call
from bot.model.events import Event
from bot.model.ids import ChatId, ContactId, UserId
from bot.model.tables import Run
from bot.sop import segments
from bot.sop.actions import Act, Suppress, Together
from bot.sop.company import Company
from bot.sop.conditions import Condition
from bot.sop.decisions import told_anywhere
from bot.sop.evidence import NONE, Scene
from bot.sop.library import Library
from bot.sop.schema import Sop
from bot.sop.scope import Judgement, Scope, Subject
from bot.storage.ledger import payloads
from bot.storage.queries import sops as rows
from bot.storage.work import Work


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """An event, and whom it is about. `key` is the same for every delivery of the same thing."""

    event: Event
    key: str
    contact_id: ContactId | None = None
    chat_id: ChatId | None = None
    user_id: UserId | None = None

    def subject_id(self, subject: Subject) -> int | str | None:
        return {"contact": self.contact_id, "group": self.chat_id, "staff": self.user_id}[subject]

    def subject_key(self, subject: Subject) -> str | None:
        found = self.subject_id(subject)
        return None if found is None else f"{subject}:{found}"

    @property
    def subject_keys(self) -> list[str]:
        keys = [self.subject_key(subject) for subject in ("contact", "group", "staff")]
        return [key for key in keys if key is not None]


@dataclass
class _Gathered:
    act: Act
    members: list[str] = field(default_factory=list)
    steps: list[list[Any]] = field(default_factory=list)


@dataclass
class Turn:
    """`close` has to be called at its end: it does what runs wanted done together."""

    work: Work
    library: Library
    let_in: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What the conditions of each SOP last found: of a run that begins, why it did."""
    _gathered: dict[str, _Gathered] = field(default_factory=dict)
    _companies: dict[Company, Company] = field(default_factory=dict)

    def judge(
        self,
        condition: Condition,
        sop: Sop,
        occasion: Occasion,
        *,
        at: datetime | None = None,
        run: Run | None = None,
    ) -> Judgement:
        """Ask as of now, or as of the moment that a schedule was planned for; of a run once it has begun."""
        scope = self._scope(sop.subject, occasion, at)
        known = self.library.evidence.known(self.scene(sop, occasion, run))
        return segments.judge(self.work.session, condition, scope, occasion.subject_id(sop.subject), known)

    def scene(self, sop: Sop, occasion: Occasion, run: Run | None = None) -> Scene:
        """Where evidence would be found; without any, nobody has to know by what name."""
        began, subject = "", occasion.subject_key(sop.subject) if run is None else run.subject
        if self.library.evidence is not NONE:
            key = occasion.key if run is None else rows.occasion_in(run.dedupe_key)
            began = told_anywhere(self.work.session, key)
        return Scene(sop.name, subject or "", began, self.work.now, self.work.trace_id)

    def is_ruled_out(self, condition: Condition, subject: Subject, occasion: Occasion) -> bool:
        """Whether the occasion alone says no: cheap, but without reasons."""
        return segments.is_ruled_out(condition, self._scope(subject, occasion))

    def _scope(self, subject: Subject, occasion: Occasion, at: datetime | None = None) -> Scope:
        return Scope(
            subject=subject,
            now=at or self.work.now,
            zone=self.library.around.zone,
            event=occasion.event,
            user_id=occasion.user_id,
            chat_id=occasion.chat_id,
        )

    def company_of(self, occasion: Occasion) -> Company:
        """Whoever an occasion names; the same for all the steps that it leads to."""
        named = Company(self.work.session, occasion.contact_id, occasion.user_id, occasion.chat_id)
        return self._companies.setdefault(named, named)

    def gather(self, together: Together, run: Run, position: str) -> None:
        gathered = self._gathered.setdefault(together.key, _Gathered(together.act))
        gathered.members.append(together.member)
        gathered.steps.append([run.id, position])

    def close(self) -> None:
        gathered, self._gathered = self._gathered, {}
        for one in gathered.values():
            refused = one.act(self.work, list(dict.fromkeys(one.members)), note_of(one.steps))
            if refused is not None:
                for run_id, position in one.steps:
                    self._hold_back(run_id, position, refused)

    def _hold_back(self, run_id: int, position: str, why: Suppress) -> None:
        """What was to be done together is not done after all."""
        session, run = self.work.session, rows.find_run(self.work.session, run_id)
        rows.conclude_step(session, run_id, position, "planned", "suppressed", {"rule": why.rule, **why.detail})
        consent.forget(self.work, f"run:{run_id}:{position}")
        assert run is not None
        detail, trace = {**why.detail, "run": run_id}, self.work.trace_id
        rows.suppress(
            session, sop=run.sop, subject=run.subject, rule=why.rule, detail=detail, at=self.work.now, trace_id=trace
        )


def note_of(steps: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The note by which the end of a call finds the steps it belongs to."""
    return {"steps": [list(step) for step in steps]}


def told(call: Call, run: Run, position: str) -> Call:
    """The call, with its end told to the run."""
    return replace(call, follow=True, note={**call.note, **note_of([[run.id, position]])})


def occasion_of(run: Run) -> Occasion:
    """The event that a run last heard, and whom the run is about."""
    about = run.variables
    return Occasion(
        event=payloads.read_event(run.event_kind, run.event),
        key=f"run:{run.id}",
        contact_id=about.get("contact_id"),
        chat_id=about.get("chat_id"),
        user_id=None if run.user_id is None else UserId(run.user_id),
    )
