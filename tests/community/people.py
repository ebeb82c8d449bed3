"""A community on a real database: Lin manages, Zhou is staff, boss is the head, Mei and Hao are contacts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlmodel import Session, SQLModel, select

from bot.clock import ManualClock
from bot.community import policy
from bot.community.rules import Rules
from bot.model.events import CallFinished, CardPressed, Event, MessageReceived, TimerDue
from bot.model.ids import CallId, ChatId, ContactId, ExternalUserId, TraceId, UserId
from bot.model.tables import FollowUser, InboxRow, OutboxRow, TimerRow
from bot.runtime.context import Context
from bot.runtime.router import Router
from bot.settings import Settings
from bot.sop.library import Library
from bot.storage.database import Database
from bot.storage.ledger import inbox, payloads, timers
from bot.storage.work import Work
from handlers.alerts import router as alerts
from handlers.hygiene import router as hygiene
from handlers.leads import router as leads
from handlers.messages import router as messages
from handlers.tagging import router as tagging

T = TypeVar("T")
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
MEI, HAO = ContactId(1), ContactId(2)
ZHOU, LIN, BOSS = UserId("zhou"), UserId("lin"), UserId("boss")
GROUP = ChatId("wrGROUP")
EXTERNAL = {MEI: ExternalUserId("wmMEI"), HAO: ExternalUserId("wmHAO")}


class Community:
    """Units of work, events through the handlers, and what was planned."""

    def __init__(self, database: Database, settings: Settings, rules: Rules) -> None:
        self.database, self.settings, self.rules = database, settings, rules
        self.clock = ManualClock(START)
        self.router = Router("root")
        self.library = Library()
        for part in (messages, hygiene, tagging, leads, alerts):
            self.router.include(part)
        self._units = 0

    def work(self, do: Callable[[Work], T]) -> T:
        self._units += 1

        def unit(session: Session) -> T:
            policy.use(session, self.settings)
            return do(Work(session, self.clock.now(), TraceId("trace"), f"test:{self._units}"))

        return self.database.run_here(unit)

    def add(self, *rows: SQLModel) -> None:
        self.work(lambda work: work.session.add_all(rows))

    def rows(self, model: type[T]) -> list[T]:
        return self.work(lambda work: list(work.session.exec(select(model))))

    def handle(self, event: Event) -> None:
        """One event through the handlers, then whatever that put into the inbox."""

        def dispatch(work: Work) -> None:
            context = Context(work, self.settings, self.library, self.rules)
            for route in self.router.routes(event):
                route.handler(event, context)

        self.work(dispatch)
        self.settle()

    def settle(self) -> None:
        for row in self.rows(InboxRow):
            if row.state == "new":
                self.work(lambda work, row=row: inbox.finish(work.session, row, work.now))  # type: ignore[misc]
                self.handle(payloads.read_event(row.kind, row.payload))

    def pass_time(self, minutes: int) -> None:
        """Move the clock and fire what is due on the way, in order."""
        until = self.clock.now() + timedelta(minutes=minutes)
        while due := sorted(
            (row for row in self.rows(TimerRow) if row.state == "waiting" and row.due_at <= until),
            key=lambda row: row.due_at,
        ):
            self.clock.move_to(max(due[0].due_at, self.clock.now()))
            self.work(lambda work, row=due[0]: timers.fired(work.session, [row], work.now))  # type: ignore[misc]
            self.handle(TimerDue(at=self.clock.now(), name=due[0].name, about=due[0].payload))
        self.clock.move_to(until)

    def calls(self, endpoint: str, **wanted: object) -> list[OutboxRow]:
        found = [row for row in self.rows(OutboxRow) if row.endpoint == endpoint]
        return [row for row in found if all(row.body.get(name) == value for name, value in wanted.items())]

    def cards(self) -> list[dict[str, Any]]:
        """The cards that were sent, as (receivers, card) in one body."""
        return [row.body for row in self.calls("message/send", msgtype="template_card")]

    def texts(self) -> list[tuple[str, str]]:
        """The plain messages to staff: to whom, and what."""
        sent = self.calls("message/send", msgtype="text")
        return [(row.body["touser"], row.body["text"]["content"]) for row in sent]

    def updates(self) -> list[dict[str, Any]]:
        return [row.body for row in self.calls("message/update_template_card")]

    def finish(self, row: OutboxRow, answer: dict[str, Any] | None = None, errcode: int = 0) -> None:
        """The platform has answered a call."""
        self.handle(
            CallFinished(
                at=self.clock.now(),
                call_id=CallId(row.id or 0),
                endpoint=row.endpoint,
                outcome="failed" if errcode else "sent",
                errcode=errcode,
                body=row.body,
                answer=answer or {},
                note=row.note,
                subject=row.subject,
            )
        )

    def press(self, card: dict[str, Any], button: str, by: UserId, code: str = "") -> None:
        self.handle(
            CardPressed(
                at=self.clock.now(),
                user_id=by,
                task_id=card["template_card"]["task_id"],
                button=button,
                response_code=code or f"press-{by}-{button}-{self.clock.now().timestamp()}",
            )
        )

    def say(
        self,
        text: str,
        by: ContactId = MEI,
        message_id: str = "",
        *,
        chat_id: ChatId | None = GROUP,
        to: UserId | None = None,
    ) -> None:
        self._units += 1
        self.handle(
            MessageReceived(
                at=self.clock.now(),
                channel="archive",
                message_id=message_id or f"m{self._units}",
                text=text,
                external_user_id=EXTERNAL[by],
                chat_id=chat_id,
                to=to,
            )
        )


def follow(contact_id: ContactId, user_id: UserId, status: str = "active", days: int = 10) -> FollowUser:
    at = START - timedelta(days=days)
    return FollowUser(contact_id=contact_id, user_id=user_id, status=status, added_at=at, changed_at=at)
