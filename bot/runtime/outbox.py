"""Takes calls from the outbox to their platforms, and writes down how each ended.

A call is `sending` in the database before it leaves. What its sender's death leaves behind is sent again when that is
harmless, and otherwise ends as `unknown`: never repeated where it would reach a person twice.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from bot import log, metrics
from bot.model.events import WELCOME_WINDOW, CallFinished
from bot.model.ids import CallId, TraceId
from bot.model.lanes import Lane
from bot.model.tables import OutboxRow
from bot.runtime.attempts import Attempts, Ended
from bot.storage import spread
from bot.storage.database import Urgency
from bot.storage.ledger import outbox
from bot.storage.ledger.inbox import Arrival
from bot.storage.work import Store, Work

logger = log.get(__name__)
AT_ONCE = {Lane.INSTANT: 64, Lane.NORMAL: 16, Lane.BULK: 8}
"""Calls under way at the same time, by lane."""
WELCOME = "externalcontact/send_welcome_msg"


class Outbox:
    """Sends the calls of one lane. A slow call holds up none but its own subject's."""

    def __init__(self, store: Store, attempts: Attempts, lane: Lane) -> None:
        self._store, self._attempts, self._lane = store, attempts, lane
        self._urgency = Urgency.INSTANT if lane is Lane.INSTANT else Urgency.ORDINARY
        self._under_way: dict[asyncio.Task[Ended], OutboxRow] = {}
        self.topic = f"outbox.{lane}"

    async def step(self) -> int:
        """Write down what has ended and start this worker's share; returns how many calls that moved."""
        async with self._store.queue.share(self.topic, self._room) as ids:
            return await self.move(ids)

    async def move(self, ids: Sequence[int] | None = None) -> int:
        """Write down what has ended and start those of these calls that may leave, or the oldest."""
        ended = await self._write_down([task for task in self._under_way if task.done()])
        rows = await self._claim(ids)
        for row in rows:
            task = asyncio.create_task(self._send(row), name=f"{row.endpoint} {row.id}")
            task.add_done_callback(lambda _ended: self._store.queue.wake([self.topic]))
            self._under_way[task] = row
        return ended + len(rows)

    async def land(self, within: timedelta | None = None) -> None:
        """Wait for the calls under way and write down how they ended; what takes longer is given back, or unknown."""
        try:
            async with asyncio.timeout(within.total_seconds() if within else None):
                while self._under_way:
                    ended, _pending = await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
                    await self._write_down(list(ended))
        except TimeoutError:
            await self._give_back()

    async def recover(self, *, alone: bool = False) -> int:
        """Take care of calls whose sender died on the way; returns how many there were.

        `alone`: this process is the only one, and has sent nothing yet, so whatever is under way was another life's.
        """
        ended = await self._store.work(lambda work: self._recover(work, alone))
        _count(ended)
        return len(ended)

    @property
    def _room(self) -> int:
        return AT_ONCE[self._lane] - len(self._under_way)

    async def _claim(self, ids: Sequence[int] | None) -> list[OutboxRow]:
        room = self._room
        if room <= 0 or (ids is not None and not ids):
            return []
        return await self._store.work(
            lambda work: list(outbox.claim(work.session, self._lane, work.now, room, ids)), self._urgency
        )

    async def _send(self, row: OutboxRow) -> Ended:
        with log.tracing(row.trace_id):
            return await self._attempts.make(row)

    async def _write_down(self, tasks: list[asyncio.Task[Ended]]) -> int:
        """Forget how calls ended only when it is in the database."""
        ended = [task.result() for task in tasks]
        if ended:
            await self._store.work(lambda work: self._conclude(work, ended), self._urgency)
            for task in tasks:
                del self._under_way[task]
            _count(ended)
        return len(ended)

    async def _give_back(self) -> None:
        await self._write_down([task for task in self._under_way if task.done()])
        pending, self._under_way = self._under_way, {}
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        ended = [
            self._attempts.unfinished(row, "the bot was stopped while it was under way")
            if task.cancelled()
            else task.result()
            for task, row in pending.items()
        ]
        await self._store.work(lambda work: self._conclude(work, ended), self._urgency)
        _count(ended)

    def _recover(self, work: Work, alone: bool) -> list[Ended]:
        rows = outbox.abandoned(work.session, work.now + outbox.SEND_TIMEOUT if alone else work.now, 500)
        ended = [self._attempts.unfinished(row, "its sender died on the way") for row in rows]
        self._conclude(work, ended)
        return ended

    def _conclude(self, work: Work, ended: list[Ended]) -> None:
        for one in ended:
            if one.again_at is not None:
                attempts = one.row.attempts + one.left
                outbox.postpone(work.session, one.row, one.again_at, attempts, one.errcode, one.reason)
                continue
            told = outbox.conclude(
                work.session, one.row, one.outcome, work.now, dict(one.answer or {}), one.errcode, one.reason
            )
            if told and (one.row.follow or one.outcome != "sent"):
                _tell(work, one)
            if told and one.outcome == "sent" and one.row.endpoint == WELCOME and one.row.deadline is not None:
                since = one.row.deadline - WELCOME_WINDOW
                metrics.WELCOMED.observe(max(0.0, (work.now - since).total_seconds()))
        work.announced.add(self.topic)
        if self._store.queue.spreads_rows:
            for lane, call in spread.next_calls(work.session, [one.row for one in ended]):
                work.announced.add(f"outbox.{lane}", [call])


def _tell(work: Work, one: Ended) -> None:
    """Each ending of a call is told once; a call that a person sends again ends again."""
    row = one.row
    event = CallFinished(
        at=work.now,
        call_id=CallId(row.id or 0),
        endpoint=row.endpoint,
        outcome=one.outcome,
        errcode=one.errcode,
        reason=one.reason,
        body=row.body,
        answer=dict(one.answer or {}),
        note=row.note,
        subject=row.subject,
        call_lane=Lane(row.lane),
    )
    key = f"call:{row.id}:{row.retries}" if row.retries else f"call:{row.id}"
    work.receive([Arrival(row.platform, event, key, TraceId(row.trace_id))])
    if one.outcome != "sent":
        logger.warning(
            "call ended badly", endpoint=row.endpoint, outcome=one.outcome, errcode=one.errcode, trace_id=row.trace_id
        )


def _count(ended: list[Ended]) -> None:
    for one in ended:
        outcome = "again" if one.again_at is not None else one.outcome
        endpoint = metrics.bounded("endpoint", one.row.endpoint)
        metrics.CALLS.labels(endpoint, outcome, metrics.bounded("errcode", str(one.errcode))).inc()
