"""Whether the bot lives, whether it can work, and its numbers."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import product
from typing import Protocol

from aiohttp import web
from sqlmodel import Session

from bot import metrics
from bot.model.lanes import Lane
from bot.storage.queries import failures, inbox
from bot.storage.work import Store


class Pulse(Protocol):
    """Knows which loops of this process hang."""

    def late(self) -> list[str]: ...


Ping = Callable[[], Awaitable[object]]
PATIENCE_S = 2.0


class Health:
    """`/healthz`, `/readyz` and `/metrics`."""

    def __init__(self, store: Store, pulse: Pulse, redis: Ping | None = None) -> None:
        self._store, self._pulse, self._redis = store, pulse, redis

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.healthy),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
        ]

    async def healthy(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(self, _request: web.Request) -> web.Response:
        try:
            await self._store.read(lambda session: inbox.backlog(session, 1))
        except Exception:  # whatever it is, we cannot work without the database
            return web.Response(status=503, text="the database does not answer\n")
        if late := self._pulse.late():
            return web.Response(status=503, text=f"no step for a minute: {', '.join(late)}\n")
        if not await self._redis_answers():  # events are kept and handled all the same, only more slowly
            return web.Response(text="ok, without Redis, which does not answer\n")
        return web.Response(text="ok\n")

    async def _redis_answers(self) -> bool:
        if self._redis is None:
            return True
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._redis()
        except Exception:  # every way of not answering
            metrics.REDIS.set(0)
            return False
        metrics.REDIS.set(1)
        return True

    async def metrics(self, _request: web.Request) -> web.Response:
        await self._redis_answers()
        await self._store.read(self._measure)
        return web.Response(body=metrics.render(), headers={"Content-Type": "text/plain; version=0.0.4"})

    def _measure(self, session: Session) -> None:
        waiting, oldest = inbox.waiting(session), inbox.oldest(session, self._store.clock.now())
        for ledger, lane in (*product(("inbox", "outbox"), (one.value for one in Lane)), ("timers", "")):
            name = f"{ledger}.{lane}" if lane else ledger
            metrics.WAITING.labels(ledger, lane).set(waiting.get(name, 0))
            age = oldest.get((ledger, lane))
            metrics.WAITING_AGE.labels(ledger, lane).set(age.total_seconds() if age else 0)
        for ledger, count in failures.counts(session).items():
            metrics.DEAD_LETTERS.labels(ledger).set(count)
