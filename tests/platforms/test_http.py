"""One exchange with a platform: answers that come in pieces, too much, too late, or not at all."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import Unreachable
from bot.platforms import http
from bot.platforms.http import Http

PIECES = 8
PIECE = b"x" * 64 * 1024


async def dribble(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    await answer.write(b'{"text":"')
    for _piece in range(PIECES):
        await answer.write(PIECE)
        await asyncio.sleep(0.01)
    await answer.write(b'"}')
    return answer


async def hang(_request: web.Request) -> web.Response:
    await asyncio.sleep(30)
    return web.Response()


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    app = web.Application()
    app.add_routes([web.post("/dribble", dribble), web.post("/hang", hang)])
    running = TestServer(app, shutdown_timeout=0.1)
    async with running:
        yield running


async def test_an_answer_in_many_pieces_is_read_to_its_end(server: TestServer) -> None:
    async with aiohttp.ClientSession() as session:
        answer = await Http(session).post("dribble", str(server.make_url("/dribble")), {}, {})
    assert len(answer["text"]) == PIECES * len(PIECE)


async def test_an_answer_over_the_limit_is_refused(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 100_000)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(Unreachable, match="more than"):
            await Http(session).post("dribble", str(server.make_url("/dribble")), {}, {})


async def test_a_platform_that_hangs_is_given_up(server: TestServer) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(Unreachable, match="no answer within") as given_up:
            await Http(session, timeout_s=0.1).post("hang", str(server.make_url("/hang")), {}, {})
    assert given_up.value.arrived


async def test_where_nobody_listens_nothing_has_arrived() -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(Unreachable, match="no connection") as refused:
            await Http(session).post("x", "http://127.0.0.1:9/x", {}, {})
    assert not refused.value.arrived
