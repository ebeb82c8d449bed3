"""The client, against an account on loopback that refuses tokens, rights and escapes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.clock import ManualClock
from bot.errors import PlatformError, Unreachable
from bot.platforms.http import Http
from bot.platforms.official.client import Official
from tests.platforms.official.vectors import APP_ID, NOW, account


class Platform:
    """Hands out tokens `t1`, `t2` … and takes the newest only."""

    def __init__(self) -> None:
        self.tokens, self.calls = 0, list[tuple[str, dict[str, str], bytes]]()
        self.answers: list[dict[str, object]] = []
        self.token_error = 0
        self.application = web.Application()
        self.application.router.add_route("*", "/{path:.*}", self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.path == "/cgi-bin/stable_token":
            return self._token(orjson.loads(body))
        self.calls.append((f"{request.method} {request.path}", dict(request.query), body))
        answer = self.answers.pop(0) if self.answers else {"errcode": 0}
        return web.Response(body=orjson.dumps(answer), content_type="text/plain")

    def _token(self, wanted: dict[str, object]) -> web.Response:
        assert (wanted["grant_type"], wanted["appid"]) == ("client_credential", APP_ID)
        assert wanted["force_refresh"] is False
        if self.token_error:
            return web.json_response({"errcode": self.token_error, "errmsg": "invalid credential rid: 1"})
        self.tokens += 1
        return web.json_response({"access_token": f"t{self.tokens}", "expires_in": 7200})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def platform() -> Platform:
    return Platform()


@pytest.fixture
async def official(platform: Platform, clock: ManualClock) -> AsyncIterator[Official]:
    async with TestServer(platform.application) as server, aiohttp.ClientSession() as session:
        base = str(server.make_url("/cgi-bin/"))
        yield Official(Http(session), account(api_base=base), clock)


async def test_an_answer_without_an_errcode_is_good(official: Official, platform: Platform) -> None:
    platform.answers = [{"subscribe": 1, "unionid": "u"}]
    assert await official.call("user/info", {"openid": "oSIM1", "lang": "zh_CN"}) == {"subscribe": 1, "unionid": "u"}
    assert platform.calls == [
        ("GET /cgi-bin/user/info", {"access_token": "t1", "openid": "oSIM1", "lang": "zh_CN"}, b"")
    ]


async def test_chinese_and_emoji_leave_unescaped(official: Official, platform: Platform) -> None:
    await official.call("message/custom/send", {"touser": "o", "text": {"content": "你好😀"}})
    [(path, _query, body)] = platform.calls
    assert path == "POST /cgi-bin/message/custom/send"
    assert "你好😀".encode() in body


async def test_an_endpoint_with_a_slash_is_below_the_host(official: Official, platform: Platform) -> None:
    await official.call("/datacube/getusersummary", {"begin_date": "2026-11-01"})
    assert platform.calls[0][0] == "POST /datacube/getusersummary"


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
async def test_a_refused_token_is_fetched_anew_once(official: Official, platform: Platform, errcode: int) -> None:
    platform.answers = [{"errcode": errcode}, {"errcode": 0, "tags": []}]
    assert await official.call("tags/get", {}) == {"errcode": 0, "tags": []}
    assert [query["access_token"] for _path, query, _body in platform.calls] == ["t1", "t2"]


async def test_a_token_refused_twice_is_an_error(official: Official, platform: Platform) -> None:
    platform.answers = [{"errcode": 42001}, {"errcode": 42001}]
    with pytest.raises(PlatformError):
        await official.call("tags/get", {})
    assert len(platform.calls) == 2


async def test_a_missing_right_fetches_no_token(official: Official, platform: Platform) -> None:
    platform.answers = [{"errcode": 48001, "errmsg": "api unauthorized rid: 1"}]
    with pytest.raises(PlatformError) as refused:
        await official.call("message/template/send", {})
    assert (refused.value.errcode, platform.tokens) == (48001, 1)


async def test_a_job_that_was_submitted_before_is_a_success(official: Official, platform: Platform) -> None:
    platform.answers = [{"errcode": 45065, "errmsg": "clientmsgid exist", "msg_id": 1000001}]
    assert (await official.call("message/mass/send", {"clientmsgid": "c"}))["msg_id"] == 1000001


async def test_a_send_gets_a_key_of_its_own_words_and_may_then_be_repeated(
    official: Official, platform: Platform
) -> None:
    message = {"touser": "o", "template_id": "t", "data": {"thing1": {"value": "好"}}}
    for body in (message, message, {**message, "touser": "p"}, {**message, "client_msg_id": "mine"}):
        await official.call("message/template/send", body)
    first, second, other, given = (orjson.loads(body)["client_msg_id"] for _path, _query, body in platform.calls)
    assert first == second != other
    assert (len(first), given) == (32, "mine")
    assert official.is_repeatable("message/template/send")
    assert not official.is_repeatable("message/custom/send")


async def test_a_wrong_secret_is_final(official: Official, platform: Platform) -> None:
    platform.token_error = 40001
    with pytest.raises(PlatformError) as refused:
        await official.call("tags/get", {})
    assert (refused.value.endpoint, platform.calls) == ("stable_token", [])
    assert "secret" not in str(refused.value)


async def test_many_callers_share_one_token_until_it_ends(
    official: Official, platform: Platform, clock: ManualClock
) -> None:
    await asyncio.gather(*(official.call("tags/get", {}) for _ in range(20)))
    assert platform.tokens == 1
    clock.advance(timedelta(hours=2))
    await official.call("tags/get", {})
    assert platform.tokens == 2


@pytest.mark.parametrize("errcode", [45015, 45047])
async def test_a_closed_window_is_told_with_its_code(official: Official, platform: Platform, errcode: int) -> None:
    platform.answers = [{"errcode": errcode}]
    with pytest.raises(PlatformError) as refused:
        await official.call("message/custom/send", {"touser": "o"})
    assert refused.value.errcode == errcode


async def test_an_answer_that_is_no_json_is_no_answer(platform: Platform, clock: ManualClock) -> None:
    def page(status: int) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(_request: web.Request) -> web.Response:
            return web.Response(status=status, text="<html>busy</html>")

        return answer

    for status in (200, 502):
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", page(status))
        async with TestServer(application) as server, aiohttp.ClientSession() as session:
            official = Official(Http(session), account(api_base=str(server.make_url("/"))), clock)
            with pytest.raises(Unreachable):
                await official.call("tags/get", {})
