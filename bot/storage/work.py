"""A unit of work: one transaction, its moment, its trace, and what it adds to the ledgers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session

from bot.clock import Clock
from bot.model.calls import Call
from bot.model.events import Event
from bot.model.ids import TraceId
from bot.storage.database import Database, Urgency
from bot.storage.ledger import inbox, outbox, timers
from bot.storage.queue import News, Queue

T = TypeVar("T")


@dataclass
class Work:
    """What the code inside one transaction may do to the ledgers.

    `origin` names the row that led here; events recorded without a key of their own get one from it, so that doing the
    same work again records the same events.
    """

    session: Session
    now: datetime
    trace_id: TraceId
    origin: str = ""
    announced: News = field(default_factory=News)
    _recorded: int = 0

    def plan(self, call: Call) -> bool:
        """Plan a call to a platform; False when it was planned before."""
        planned = outbox.plan(self.session, call, self.now, self.trace_id)
        self.announced.add(f"outbox.{call.lane}", [] if planned is None or call.after else [planned])
        return planned is not None

    def release(self, key: str, body: dict[str, object] | None = None) -> bool:
        """Let a held call leave now; False when it has left already."""
        released = outbox.replan(self.session, key, self.now, body)
        for lane in ("instant", "normal"):
            self.announced.add(f"outbox.{lane}", [] if released is None else [released])
        return released is not None

    def set_timer(self, timer: timers.Timer) -> bool:
        self.announced.add("timers")
        return timers.set(self.session, timer, self.trace_id)

    def cancel_timer(self, key: str) -> bool:
        return timers.cancel(self.session, key)

    def record(self, event: Event, key: str | None = None) -> None:
        """Put an event of our own into the inbox, for whoever handles it."""
        self._recorded += 1
        key = key or f"{self.origin}/{self._recorded}"
        self.receive([inbox.Arrival("xiaoer", event, key, self.trace_id)])

    def receive(self, arrivals: Iterable[inbox.Arrival]) -> None:
        """Put arrivals into the inbox; one that is known changes nothing."""
        for topic, ids in inbox.receive(self.session.connection(), arrivals, self.now):
            self.announced.add(topic, ids)


class Store:
    """The memory as the rest of the house sees it: units of work in, wake-up calls out."""

    def __init__(self, database: Database, queue: Queue, clock: Clock) -> None:
        self.database, self.queue, self.clock = database, queue, clock

    async def work(self, do: Callable[[Work], T], urgency: Urgency = Urgency.ORDINARY, origin: str = "") -> T:
        """Do something in one transaction, then wake whoever has work from it."""
        announced = News()

        def unit(session: Session) -> T:
            announced.clear()
            return do(Work(session, self.clock.now(), TraceId(origin), origin, announced))

        result = await self.database.run(unit, urgency)
        self.queue.announce(announced.rows)
        return result

    async def receive(self, arrivals: Sequence[inbox.Arrival]) -> None:
        """Put arrivals from outside into the inbox, before all other work; one that is known changes nothing."""
        now = self.clock.now()
        news = await self.database.append(lambda connection: inbox.receive(connection, arrivals, now))
        self.queue.announce(dict(news))

    async def read(self, do: Callable[[Session], T]) -> T:
        """Look something up beside the writer."""
        return await self.database.read(do)
