"""Where sockets would be: the real clients on one side, the local platform's endpoints on the other."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson

from bot.clock import ManualClock
from bot.errors import Unreachable
from bot.platforms.http import Http
from bot.platforms.simulator import Simulator
from bot.platforms.simulator.endpoint import Upload, archive, official, wecom
from bot.platforms.simulator.gateway import Gateway, Request
from tests.runtime.simulation.disk import Held
from tests.runtime.simulation.fate import BUSY, Fate

BASE = "http://platform"
WELCOME_BUSY = 41096


@dataclass(frozen=True)
class Passed:
    """A call that reached the platform; `row` is the outbox's, None for what the client asks on its own."""

    left_at: datetime
    at: datetime
    row: int | None
    endpoint: str
    body: dict[str, Any]
    errcode: int


class Exchange:
    """The platform's side; it outlives the bot's processes."""

    def __init__(self, simulator: Simulator, clock: ManualClock) -> None:
        self.clock, self.passed, self.began = clock, list[Passed](), list[int]()
        self._gateways = {
            "wecom": Gateway(simulator, wecom),
            "official": Gateway(simulator, official, "official/"),
            "archive": Gateway(simulator, archive, "archive/"),
        }

    def answer(
        self,
        left_at: datetime,
        row: int | None,
        url: str,
        method: str,
        query: dict[str, str],
        raw: bytes,
        upload: Upload | None,
    ) -> dict[str, Any]:
        platform, _, endpoint = urlsplit(url).path.lstrip("/").partition("/")
        endpoint = endpoint.removeprefix("cgi-bin/")
        gateway = self._gateways[platform]
        answered = gateway.answer(Request(endpoint, method, query, raw, upload, "127.0.0.1"))
        assert isinstance(answered, dict)
        body = query | (orjson.loads(raw) if raw else {})
        errcode = int(str(answered.get("errcode") or 0))
        name = endpoint if platform == "wecom" else f"{platform}/{endpoint}"
        self.passed.append(Passed(left_at, self.clock.now(), row, name, body, errcode))
        return answered


class Wire(Http):
    """The bot's side: one process's way out."""

    def __init__(self, exchange: Exchange, held: Held, fate: Fate) -> None:
        self._far, self._held, self._fate = exchange, held, fate

    async def get(self, name: str, url: str, params: dict[str, str]) -> dict[str, Any]:
        return await self._send(name, url, "GET", params, b"")

    async def post(self, name: str, url: str, params: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        return await self._send(name, url, "POST", params, orjson.dumps(body))

    async def upload(
        self, name: str, url: str, params: dict[str, str], filename: str, content: bytes
    ) -> dict[str, Any]:
        return await self._send(name, url, "POST", params, b"", Upload(filename, "application/octet-stream", content))

    async def _send(
        self, name: str, url: str, method: str, params: dict[str, str], raw: bytes, upload: Upload | None = None
    ) -> dict[str, Any]:
        row, left_at = _row(name), self._far.clock.now()
        if row is not None:
            self._far.began.append(row)
        stroke = self._fate.call()
        if pause := self._fate.latency_s():
            await self._far.clock.sleep(timedelta(seconds=pause))
        self._held.live()
        if stroke == "dies before":
            self._held.die()
        if stroke == "closed":
            raise Unreachable(name, "no connection", arrived=False)
        if stroke == "cut":
            raise Unreachable(name, "no answer within 10 s")
        if stroke == "errcode":
            return {"errcode": self._errcode(name), "errmsg": "trouble"}
        answered = self._far.answer(left_at, row, url, method, params, raw, upload)
        if stroke == "dies after":
            self._held.die()
        if stroke == "lost":
            raise Unreachable(name, "ServerDisconnectedError")
        return answered

    def _errcode(self, name: str) -> int:
        return self._fate.choose((*BUSY, WELCOME_BUSY) if name.endswith("send_welcome_msg") else BUSY)


def _row(name: str) -> int | None:
    """The outbox names its tasks after endpoint and row; a client's own questions run inside such a task too."""
    task = asyncio.current_task()
    endpoint, _, row = (task.get_name() if task else "").rpartition(" ")
    return int(row) if endpoint == name and row.isdigit() else None
