"""A small town on a real database: Lin manages, Zhou is staff, boss is the head; Mei and Hao are contacts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import Session, SQLModel, col, select

from bot.clock import ManualClock
from bot.model.events import (
    CallFinished,
    ContactAdded,
    ContactHalfAdded,
    Event,
    MessageReceived,
    OfficialEvent,
    Outcome,
    ScheduleDue,
    TimerDue,
)
from bot.model.ids import CallId, ChatId, ContactId, ExternalUserId, OpenId, SopName, TraceId, UserId
from bot.model.tables import (
    CorpTag,
    CustomerGroup,
    Department,
    ExternalContact,
    Follower,
    FollowUser,
    GroupMember,
    InboxRow,
    OutboxRow,
    Run,
    Staff,
    StepRun,
    Suppression,
    TimerRow,
)
from bot.sop import runner
from bot.sop.library import Library, load
from bot.sop.publish import publish
from bot.sop.triggers import names_of
from bot.storage.database import Database
from bot.storage.ledger import inbox, payloads, timers
from bot.storage.queries.tally import tally
from bot.storage.work import Work
from tests import blank

T = TypeVar("T")
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""A Monday, 10:00 in Shanghai."""
MEI, HAO = ContactId(1), ContactId(2)
ZHOU, LIN = UserId("zhou"), UserId("lin")
GROUP = ChatId("wrGROUP")
EXTERNAL = {MEI: ExternalUserId("wmMEI"), HAO: ExternalUserId("wmHAO")}
OPEN = OpenId("oMEI")


def people() -> list[SQLModel]:
    return [
        Department(id=1, name="corp", parent_id=0, leaders=["boss"]),
        Department(id=2, name="shop", parent_id=1, leaders=["lin"]),
        Staff(user_id="zhou", name="周", position="顾问", departments=[2], main_department=2),
        Staff(user_id="lin", name="林", departments=[2], main_department=2, leads=[2]),
        Staff(user_id="boss", name="Boss", departments=[1], main_department=1, leads=[1]),
        CustomerGroup(chat_id=GROUP, name="春日群", owner="zhou", layer="vip"),
        CorpTag(tag_id="etSPRING", group_id="etg", name="渠道/春季"),
        CorpTag(tag_id="etSTAFF", group_id="etg", name="内部/员工"),
        ExternalContact(id=MEI, external_user_id=EXTERNAL[MEI], name="梅", city="上海", first_seen_at=START),
        ExternalContact(id=HAO, external_user_id=EXTERNAL[HAO], name="浩", first_seen_at=START),
    ]


def relations() -> list[SQLModel]:
    follows = [
        FollowUser(contact_id=contact, user_id="zhou", added_at=START, changed_at=START, state="spring-1")
        for contact in (MEI, HAO)
    ]
    member = GroupMember(chat_id=GROUP, member_id="wmMEI", contact_id=MEI, joined_at=START, changed_at=START)
    follower = Follower(app_id="wxapp", open_id=OPEN, contact_id=MEI, followed_at=START, changed_at=START)
    return [*follows, member, follower]


class Town:
    """SOP files, events into the runner, time that moves, and what came of it."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder / "sops"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.database = Database(url or blank.sqlite(folder / "town.db"))
        self.clock = ManualClock(START)
        self.library = Library(folder=self.folder)
        self._units = 0
        self.add(*people())
        self.add(*relations())

    def close(self) -> None:
        """Whatever a test did, nothing that was triggered is lost: it is sent, suppressed, failed or pending."""
        names = {row.sop for model in (Run, Suppression) for row in self.rows(model)}  # type: ignore[attr-defined]
        counted = {name: self.work(lambda work, name=name: tally(work.session, name)) for name in names}  # type: ignore[misc]
        self.database.close()
        assert {name: one for name, one in counted.items() if not one.adds_up} == {}

    # ── files ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def write(self, name: str, text: str) -> Path:
        path = self.folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def sop(self, name: str, body: str, *, trigger: str = "contact.added", subject: str = "contact") -> None:
        """Write an SOP and put the folder in force."""
        head = f"sop: {name}\ntitle: {name}\nsubject: {subject}\ntrigger: {trigger}\n"
        self.write(name, head + body)
        self.read()

    def read(self) -> list[str]:
        library, findings = load(self.folder)
        self.library = self.work(lambda work: publish(work, library))
        return [str(finding) for finding in findings]

    # ── events ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def work(self, do: Callable[[Work], T]) -> T:
        self._units += 1
        origin = f"unit:{self._units}"

        def unit(session: Session) -> T:
            return do(Work(session, self.clock.now(), TraceId(origin), origin))

        return self.database.run_here(unit)

    def add(self, *rows: SQLModel) -> None:
        self.work(lambda work: work.session.add_all(rows))

    def hear(
        self,
        event: Event,
        *,
        contact: ContactId | None = MEI,
        chat: ChatId | None = None,
        user: UserId | None = ZHOU,
    ) -> int:
        """An event; returns how many runs it began."""
        names = names_of(event)

        def on(work: Work) -> int:
            about = {"contact_id": contact, "chat_id": chat, "user_id": user}
            return len(runner.on_event(work, self.library, event, triggers=names, **about))  # type: ignore[arg-type]

        return self.work(on)

    def added(
        self, contact: ContactId = MEI, *, state: str = "spring-1", code: str = "code", user: UserId = ZHOU
    ) -> int:
        event = ContactAdded(
            at=self.clock.now(), user_id=user, external_user_id=EXTERNAL[contact], state=state, welcome_code=code
        )
        return self.hear(event, contact=contact, user=user)

    def half_added(self, contact: ContactId = MEI, *, code: str = "code") -> int:
        event = ContactHalfAdded(
            at=self.clock.now(), user_id=ZHOU, external_user_id=EXTERNAL[contact], state="spring-1", welcome_code=code
        )
        return self.hear(event, contact=contact)

    def says(self, text: str, contact: ContactId = MEI, *, chat: ChatId | None = None, channel: Any = "archive") -> int:
        self._units += 1
        event = MessageReceived(
            at=self.clock.now(),
            channel=channel,
            message_id=f"m{self._units}",
            text=text,
            external_user_id=None if channel == "official" else EXTERNAL[contact],
            open_id=OPEN if channel == "official" else None,
            chat_id=chat,
        )
        return self.hear(event, contact=contact, chat=chat, user=None)

    def official(self, name: Any, key: str = "") -> int:
        event = OfficialEvent(at=self.clock.now(), open_id=OPEN, name=name, event_key=key)
        return self.hear(event, user=None)

    def due(self, name: str, at: datetime) -> None:
        """A schedule's moment, and whatever of it is left to later transactions."""
        event = ScheduleDue(at=at, sop=SopName(name))
        self.work(lambda work: runner.on_schedule(work, self.library, event))
        self.settle()

    def ended(self, outcome: Outcome = "sent", **more: Any) -> None:
        """Every planned call that wants to be followed ends like this."""
        for row in self.rows(OutboxRow):
            event = CallFinished(
                at=self.clock.now(),
                call_id=CallId(row.id or 0),
                endpoint=row.endpoint,
                outcome=outcome,
                note=row.note,
                **more,
            )
            self.work(lambda work, event=event: runner.on_call_finished(work, event))  # type: ignore[misc]

    # ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def advance(self, duration: timedelta) -> None:
        """Move on, firing what comes due at its own moment."""
        end = self.clock.now() + duration
        while (timer := self._next_timer(end)) is not None:
            self.clock.move_to(max(self.clock.now(), timer.due_at))
            event = TimerDue(at=timer.due_at, name=timer.name, about=timer.payload, subject=timer.subject)
            self.work(lambda work, timer=timer: timers.fired(work.session, [timer], work.now))  # type: ignore[misc]
            self.work(lambda work, event=event: runner.on_timer(work, self.library, event))  # type: ignore[misc]
            self.settle()
        self.clock.move_to(end)

    def _next_timer(self, end: datetime) -> TimerRow | None:
        waiting = self.rows(TimerRow, TimerRow.state == "waiting", col(TimerRow.due_at) <= end)
        return min(waiting, key=lambda timer: timer.due_at, default=None)

    def settle(self) -> None:
        """Handle the events that the runner left for itself."""
        while rows := self.rows(InboxRow, InboxRow.state == "new", InboxRow.kind == TimerDue.kind):
            for row in rows:
                event = payloads.read_event(row.kind, row.payload)
                assert isinstance(event, TimerDue)
                self.work(lambda work, event=event: runner.on_timer(work, self.library, event))  # type: ignore[misc]
                self.work(lambda work, row=row: inbox.finish(work.session, row, work.now))  # type: ignore[misc]

    # ── looking ────────────────────────────────────────────────────────────────────────────────────────────────────

    def rows(self, model: type[T], *of: Any) -> list[T]:
        def read(work: Work) -> list[T]:
            wanted = select(model).where(*of).order_by(col(model.id))  # type: ignore[attr-defined]
            found = list(work.session.exec(wanted).all())
            work.session.expunge_all()
            return found

        return self.work(read)

    def runs(self, sop: str) -> list[Run]:
        return [run for run in self.rows(Run) if run.sop == sop]

    def path(self, sop: str, run: int = -1) -> list[str]:
        """The steps of a run with their outcomes, as `name:outcome`."""
        chosen = self.runs(sop)[run]
        return [f"{step.name}:{step.outcome}" for step in self.rows(StepRun) if step.run_id == chosen.id]

    def notes(self, sop: str, run: int = -1) -> list[str]:
        chosen = self.runs(sop)[run]
        steps = [step for step in self.rows(StepRun) if step.run_id == chosen.id and step.name == "note"]
        return [step.detail["note"] for step in steps]

    def calls(self, endpoint: str) -> list[OutboxRow]:
        return [row for row in self.rows(OutboxRow) if row.endpoint == endpoint]

    def suppressed(self, sop: str) -> list[str]:
        return [row.rule for row in self.rows(Suppression) if row.sop == sop]
