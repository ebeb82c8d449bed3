"""Takes calls from the outbox to their platforms, and writes down how each ended.

A call is `sending` in the database before it leaves. What its sender's death leaves behind is sent again when that is
harmless, and otherwise ends as `unknown`: never repeated where it would reach a person twice.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot import log
from bot.errors import PlatformError, Unreachable
from bot.model.events import CallFinished, Outcome
from bot.model.ids import CallId, TraceId
from bot.model.lanes import Lane
from bot.model.tables import OutboxRow
from bot.platforms.answers import REST, Meaning
from bot.storage import ledger
from bot.storage.database import Urgency
from bot.storage.ledger import MAX_ATTEMPTS, Arrival, backoff
from bot.storage.work import Store, Work

logger = log.get(__name__)
AT_ONCE = {Lane.INSTANT: 64, Lane.NORMAL: 16, Lane.BULK: 8}
"""Calls under way at the same time, by lane."""
INSTANT_RETRY = timedelta(seconds=1)


class Platform(Protocol):
    """A platform as the outbox sees it."""

    async def call(self, endpoint: str, body: dict[str, Any]) -> dict[str, Any]: ...

    async def upload(self, media: str, filename: str, content: bytes) -> str: ...

    def meaning(self, endpoint: str, errcode: int) -> Meaning: ...

    def is_repeatable(self, endpoint: str) -> bool: ...


class Files(Protocol):
    """Puts media ids where a body names files."""

    async def resolve(self, platform: Platform, body: dict[str, Any]) -> dict[str, Any]: ...


class Limits(Protocol):
    """Keeps the platforms' limits."""

    def until(self, platform: str, endpoint: str, body: dict[str, Any], now: datetime) -> datetime | None: ...

    def rest(self, platform: str, endpoint: str, until: datetime) -> None: ...


@dataclass(frozen=True)
class Ended:
    """How an attempt ended; `again_at` gives the call back to the ledger."""

    row: OutboxRow
    outcome: Outcome
    errcode: int = 0
    reason: str = ""
    answer: Mapping[str, Any] | None = None
    again_at: datetime | None = None
    attempted: bool = True


class Outbox:
    """Sends the calls of one lane. A slow call holds up none but its own subject's."""

    def __init__(
        self, store: Store, platforms: Mapping[str, Platform], files: Files, limits: Limits, lane: Lane
    ) -> None:
        self._store, self._platforms, self._files, self._limits = store, platforms, files, limits
        self._lane = lane
        self._urgency = Urgency.INSTANT if lane is Lane.INSTANT else Urgency.ORDINARY
        self._under_way: set[asyncio.Task[Ended]] = set()
        self.topic = f"outbox.{lane}"

    async def step(self) -> int:
        """Write down what has ended and start what may leave; returns how many calls that moved."""
        ended = {task for task in self._under_way if task.done()}
        await self._write_down(ended)
        rows = await self._claim()
        for row in rows:
            task = asyncio.create_task(self._send(row), name=f"{row.endpoint} {row.id}")
            task.add_done_callback(lambda _ended: self._store.queue.announce([self.topic]))
            self._under_way.add(task)
        return len(ended) + len(rows)

    async def land(self) -> None:
        """Wait for the calls under way and write down how they ended."""
        while self._under_way:
            ended, _pending = await asyncio.wait(self._under_way)
            await self._write_down(ended)

    async def _write_down(self, ended: set[asyncio.Task[Ended]]) -> None:
        if ended:
            self._under_way -= ended
            results = [task.result() for task in ended]
            await self._store.work(lambda work: self._conclude(work, results), self._urgency)

    async def recover(self) -> int:
        """Take care of calls whose sender died on the way; returns how many there were."""
        return await self._store.work(self._recover)

    async def _claim(self) -> list[OutboxRow]:
        room = AT_ONCE[self._lane] - len(self._under_way)
        if room <= 0:
            return []
        return await self._store.work(
            lambda work: list(ledger.claim_calls(work.session, self._lane, work.now, room)), self._urgency
        )

    async def _send(self, row: OutboxRow) -> Ended:
        now = self._store.clock.now()
        if row.deadline is not None and row.deadline <= now:
            return Ended(row, "expired", reason="the deadline passed before the call could leave")
        wait_until = self._limits.until(row.platform, row.endpoint, row.body, now)
        if wait_until is not None:
            return Ended(row, "failed", reason="kept back by a limit", again_at=wait_until, attempted=False)
        platform = self._platforms.get(row.platform)
        if platform is None:
            return Ended(row, "failed", reason=f"no adapter for {row.platform} is configured")
        try:
            body = await self._files.resolve(platform, row.body)
            return Ended(row, "sent", answer=await platform.call(row.endpoint, body))
        except Unreachable as error:
            return self._unreachable(platform, row, error)
        except PlatformError as error:
            return self._refused(platform, row, error)
        except Exception as error:
            logger.error("call failed", endpoint=row.endpoint, trace_id=row.trace_id, exc_info=True)
            return Ended(row, "failed", reason=log.redact(f"{type(error).__name__}: {error}")[:300])

    def _unreachable(self, platform: Platform, row: OutboxRow, error: Unreachable) -> Ended:
        if error.arrived and not platform.is_repeatable(row.endpoint):
            return Ended(row, "unknown", reason=error.reason)
        return self._again(row, 0, error.reason)

    def _refused(self, platform: Platform, row: OutboxRow, error: PlatformError) -> Ended:
        match platform.meaning(row.endpoint, error.errcode):
            case Meaning.OK:
                return Ended(row, "sent", error.errcode, error.reason)
            case Meaning.RETRY:
                return self._again(row, error.errcode, error.reason)
            case Meaning.LIMIT:
                until = self._store.clock.now() + REST
                self._limits.rest(row.platform, row.endpoint, until)
                return Ended(row, "failed", error.errcode, error.reason, again_at=until)
            case _:
                return Ended(row, "failed", error.errcode, error.reason)

    def _again(self, row: OutboxRow, errcode: int, reason: str) -> Ended:
        attempts = row.attempts + 1
        pause = INSTANT_RETRY if self._lane is Lane.INSTANT else backoff(attempts)
        again_at = self._store.clock.now() + pause
        if row.deadline is not None and again_at >= row.deadline:
            return Ended(row, "expired", errcode, reason)
        if row.deadline is None and attempts >= MAX_ATTEMPTS:
            return Ended(row, "failed", errcode, reason)
        return Ended(row, "failed", errcode, reason, again_at=again_at)

    def _conclude(self, work: Work, ended: list[Ended]) -> None:
        for one in ended:
            if one.again_at is not None:
                attempts = one.row.attempts + one.attempted
                ledger.postpone(work.session, one.row, one.again_at, attempts, one.errcode, one.reason)
                continue
            told = ledger.conclude(
                work.session, one.row, one.outcome, work.now, dict(one.answer or {}), one.errcode, one.reason
            )
            if told and (one.row.follow or one.outcome != "sent"):
                self._tell(work, one)
        work.announced.add(self.topic)

    def _tell(self, work: Work, one: Ended) -> None:
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
        arrival = Arrival(row.platform, event, f"call:{row.id}", TraceId(row.trace_id))
        ledger.receive(work.session, [arrival], work.now)
        work.announced.add(f"inbox.{row.lane}")
        if one.outcome != "sent":
            logger.warning(
                "call ended badly",
                endpoint=row.endpoint,
                outcome=one.outcome,
                errcode=one.errcode,
                trace_id=row.trace_id,
            )

    def _recover(self, work: Work) -> int:
        rows = ledger.abandoned_calls(work.session, work.now, 500)
        ended = []
        for row in rows:
            platform = self._platforms.get(row.platform)
            again = platform is None or platform.is_repeatable(row.endpoint)
            reason = "its sender died on the way"
            ended.append(Ended(row, "unknown", reason=reason, again_at=work.now if again else None))
        self._conclude(work, ended)
        return len(rows)
