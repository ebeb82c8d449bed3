"""Servers of others, on loopback: they take what the bot sends, and keep it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

HOOK_SECRET, TRACK_SECRET = "hook-secret", "track-secret"


@dataclass
class Outside:
    """What arrived where. `refusals` are statuses that the hook answers first."""

    settings: dict[str, Any] = field(default_factory=dict)
    letters: list[str] = field(default_factory=list)
    hooked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    messages: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)

    async def hook(self, request: web.Request) -> web.Response:
        self.hooked.append((dict(request.headers), await request.read()))
        return web.Response(status=self.refusals.pop(0) if self.refusals else 204)

    async def sms(self, request: web.Request) -> web.Response:
        self.messages.append((dict(request.headers), await request.read()))
        return web.json_response({"Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": "s1"}], "RequestId": "r"}})

    async def post_office(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """SMTP as far as one mail at a time needs it."""
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip().upper():
            if line == "DATA":
                writer.write(b"354 go on\r\n")
                self.letters.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            if line == "QUIT":
                writer.write(b"221 bye\r\n")
                break
            writer.write(b"250 ok\r\n")
        writer.close()


@asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    servers, app = Outside(), web.Application()
    app.router.add_post("/hook", servers.hook)
    app.router.add_post("/sms/", servers.sms)
    post_office = await asyncio.start_server(servers.post_office, "127.0.0.1", 0)
    async with post_office, TestServer(app) as shop:
        servers.settings = {
            "hooks": {"crm": {"url": str(shop.make_url("/hook")), "secret": HOOK_SECRET}},
            "sms": {
                "provider": "tencent",
                "key_id": "id",
                "key_secret": "k",
                "app_id": "14",
                "signature": "小二",
                "api_base": str(shop.make_url("/sms")),
            },
            "mail": {
                "host": "127.0.0.1",
                "port": post_office.sockets[0].getsockname()[1],
                "security": "none",
                "sender": "bot@example.com",
            },
            "track": {"secret": TRACK_SECRET},
        }
        yield servers
