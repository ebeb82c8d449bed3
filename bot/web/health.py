"""Whether the bot lives, whether it can work, and its numbers."""

from aiohttp import web

from bot import metrics
from bot.storage.queries import inbox
from bot.storage.work import Store


class Health:
    """`/healthz`, `/readyz` and `/metrics`."""

    def __init__(self, store: Store) -> None:
        self._store = store

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
            await self._store.read(inbox.waiting)
        except Exception:  # whatever it is, we cannot work without the database
            return web.Response(status=503, text="the database does not answer\n")
        return web.Response(text="ok\n")

    async def metrics(self, _request: web.Request) -> web.Response:
        for ledger, count in (await self._store.read(inbox.waiting)).items():
            metrics.WAITING.labels(ledger).set(count)
        return web.Response(body=metrics.render(), headers={"Content-Type": "text/plain; version=0.0.4"})
