"""Hooks, short messages and mail, each against a server of its own on loopback."""

import asyncio
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.clock import ManualClock
from bot.errors import PlatformError, Unreachable
from bot.platforms.answers import Meaning
from bot.platforms.hooks import Hooks
from bot.platforms.http import Http
from bot.platforms.mail import Mail
from bot.platforms.sms import alibaba, tencent
from bot.platforms.sms.client import Sms
from bot.platforms.sms.message import FINAL, RECIPIENT, RETRY, parts
from bot.settings import HookSettings, MailSettings, SmsSettings

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
MESSAGE = {"phone": "13800000000", "template": "1", "values": {"name": "梅"}, "key": "run:1:0"}


@asynccontextmanager
async def answering(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[tuple[Http, str]]:
    app = web.Application()
    app.router.add_post("/{tail:.*}", answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield Http(session), str(server.make_url("/"))


# ── hooks ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_hook_can_check_who_speaks() -> None:
    seen: list[tuple[Any, bytes]] = []

    async def take(request: web.Request) -> web.Response:
        seen.append((request.headers, await request.read()))
        return web.Response(status=204)

    async with answering(take) as (http, url):
        hooks = Hooks(http, {"crm": HookSettings(url=url + "in?a=1", secret=SecretStr("s3"))}, ManualClock(NOW))
        assert await hooks.call("crm", {"delivery": "run:1", "event": {"名": "梅"}}) == {"status": 204}
    [(headers, body)] = seen
    signed = hmac.new(b"s3", headers["X-Xiaoer-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Xiaoer-Signature"] == f"sha256={signed}"
    assert headers["X-Xiaoer-Delivery"] == "run:1"
    assert orjson.loads(body) == {"名": "梅"}


@pytest.mark.parametrize(("status", "meaning"), [(400, Meaning.FINAL), (410, Meaning.FINAL), (429, Meaning.RETRY)])
async def test_a_hook_says_no(status: int, meaning: Meaning) -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    async with answering(refuse) as (http, url):
        hooks = Hooks(http, {"crm": HookSettings(url=url, secret=SecretStr("s"))}, ManualClock(NOW))
        with pytest.raises(PlatformError) as refused:
            await hooks.call("crm", {"delivery": "d", "event": {}})
    assert hooks.meaning("crm", refused.value.errcode) is meaning
    assert hooks.is_repeatable("crm")


async def test_a_hook_that_is_broken_is_tried_again() -> None:
    async def fail(_request: web.Request) -> web.Response:
        return web.Response(status=502)

    async with answering(fail) as (http, url):
        hooks = Hooks(http, {"crm": HookSettings(url=url, secret=SecretStr("s"))}, ManualClock(NOW))
        with pytest.raises(Unreachable):
            await hooks.call("crm", {"delivery": "d", "event": {}})
        with pytest.raises(PlatformError, match="no hook"):
            await hooks.call("erp", {"delivery": "d", "event": {}})


# ── short messages ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_tencents_signature() -> None:
    body = (
        '{"PhoneNumberSet":["+8613800000000"],"SmsSdkAppId":"1400000000","TemplateId":"1","SignName":"测试",'
        '"TemplateParamSet":[]}'
    )
    signed = tencent.authorization("AKIDEXAMPLE", "SKEXAMPLE", 1700000000, body.encode())
    assert signed.endswith("d0887b3e0e957a67065d74aebb89ec60de18468a3ed7fa9b9dadcea241f1b496")


def test_alibabas_signature() -> None:
    query = {
        "PhoneNumbers": "13800000000",
        "SignName": "测试",
        "TemplateCode": "SMS_1",
        "TemplateParam": '{"code":"1 2"}',
    }
    signed = alibaba.signed_headers(query, "AKEXAMPLE", "SKEXAMPLE", "nonce1", "2023-11-14T22:13:20Z")
    assert signed["Authorization"].endswith("e0acbbd13d31eb471fa973053236b0054a022cc0a52d9f639fab5b365ddf3431")


def test_long_texts_are_several_messages() -> None:
    assert [parts("签名", n) for n in (66, 67, 130, 156)] == [1, 2, 2, 3]


@pytest.mark.parametrize(
    ("code", "errcode"),
    [
        ("FailedOperation.PhoneNumberInBlacklist", RECIPIENT),
        ("InternalError.Timeout", RETRY),
        ("FailedOperation.TemplateUnapprovedOrNotExist", FINAL),
    ],
)
def test_a_number_can_fail_in_a_call_that_went_well(code: str, errcode: int) -> None:
    with pytest.raises(PlatformError) as refused:
        tencent.accepted({"Response": {"SendStatusSet": [{"Code": code}], "RequestId": "r"}})
    assert refused.value.errcode == errcode
    with pytest.raises(PlatformError):
        tencent.accepted({"Response": {"Error": {"Code": code}, "RequestId": "r"}})


def test_alibaba_answers_in_words_too() -> None:
    assert alibaba.accepted({"Code": "OK", "BizId": "b^0"}) == {"serial": "b^0"}
    with pytest.raises(PlatformError) as refused:
        alibaba.accepted({"Code": "isv.BUSINESS_LIMIT_CONTROL"})
    assert refused.value.errcode == RETRY


def hmac_of(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def canonical_hash(request: web.Request, body: bytes, names: str) -> str:
    """The hash of a request as it arrived; both providers define the canonical form alike."""
    query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(request.query.items()))
    lines = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names.split(";"))
    parts = [request.method, request.path, query, lines, names, hashlib.sha256(body).hexdigest()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def signed_by_tencent(request: web.Request, body: bytes, names: str, scope: str) -> str:
    """Source: cloud.tencent.com/document/api/382/52072"""
    day, service, _end = scope.split("/")
    text = "\n".join(
        ["TC3-HMAC-SHA256", request.headers["X-TC-Timestamp"], scope, canonical_hash(request, body, names)]
    )
    key = hmac_of(hmac_of(hmac_of(b"TC3k", day), service), "tc3_request")
    return hmac_of(key, text).hex()


def signed_by_alibaba(request: web.Request, body: bytes, names: str, _scope: str) -> str:
    """Source: help.aliyun.com, request syntax and signature of version 3"""
    return hmac_of(b"k", f"ACS3-HMAC-SHA256\n{canonical_hash(request, body, names)}").hex()


PROVIDERS = {"tencent": signed_by_tencent, "alibaba": signed_by_alibaba}
FORM = re.compile(
    r"\S+ Credential=id/?(?P<scope>[^,]*), ?SignedHeaders=(?P<names>[^,]+), ?Signature=(?P<signature>\w+)"
)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_message_arrives_signed_as_the_provider_checks_it(provider: Any) -> None:
    seen: dict[str, str] = {}

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        told = FORM.fullmatch(request.headers["Authorization"])
        assert told is not None
        if not hmac.compare_digest(PROVIDERS[provider](request, body, told["names"], told["scope"]), told["signature"]):
            wrong = {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure"}}, "Code": "SignatureDoesNotMatch"}
            return web.json_response(wrong)
        seen.update(request.query if provider == "alibaba" else orjson.loads(body))
        ok = {"Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": "s1"}]}, "Code": "OK", "BizId": "s1"}
        return web.json_response(ok)

    async with answering(take) as (http, url):
        settings = SmsSettings(
            provider=provider, key_id="id", key_secret=SecretStr("k"), app_id="14", signature="测试", api_base=url
        )
        assert (await Sms(http, settings, ManualClock(NOW)).call("sms/send", MESSAGE))["serial"] == "s1"
        other = settings.model_copy(update={"key_secret": SecretStr("other")})
        with pytest.raises(PlatformError, match="Signature") as refused:
            await Sms(http, other, ManualClock(NOW)).call("sms/send", MESSAGE)
    assert refused.value.errcode == FINAL
    assert seen["SignName"] == "测试"
    assert seen["TemplateParam" if provider == "alibaba" else "TemplateParamSet"] in ('{"name":"梅"}', ["梅"])


async def test_the_log_names_neither_number_nor_text(capsys: pytest.CaptureFixture[str]) -> None:
    async with aiohttp.ClientSession() as session:
        sms = Sms(Http(session), SmsSettings(signature="测试"), ManualClock(NOW))
        assert (await sms.call("sms/send", MESSAGE))["serial"] == "log:run:1:0"
    assert "138" not in capsys.readouterr().out
    assert not sms.is_repeatable("sms/send")
    assert sms.meaning("sms/send", RECIPIENT) is Meaning.RECIPIENT


# ── mail ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def post_office(refuses: str = "") -> AsyncIterator[tuple[Mail, list[str]]]:
    """A mail server of a few lines; `refuses` is its answer to a recipient."""
    letters: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            if line.upper() == "DATA":
                writer.write(b"354 go on\r\n")
                letter = ""
                while (part := (await reader.readline()).decode()) != ".\r\n":
                    letter += part
                letters.append(letter)
            if line.upper() == "QUIT":
                writer.write(b"221 bye\r\n")
                break
            is_rcpt = line.upper().startswith("RCPT") and refuses
            writer.write(f"{refuses}\r\n".encode() if is_rcpt else b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        settings = MailSettings(host="127.0.0.1", port=port, security="none", sender="bot@example.com")
        yield Mail(settings, ManualClock(NOW)), letters


LETTER = {"to": "mei@example.com", "subject": "周报", "text": "你好", "key": "run.1.0"}


async def test_a_mail_arrives() -> None:
    async with post_office() as (mail, letters):
        assert await mail.call("mail/send", LETTER) == {"id": "<run.1.0@example.com>"}
    assert "To: mei@example.com" in letters[0]
    assert "Date: Mon, 02 Mar 2026 02:00:00 +0000" in letters[0]


@pytest.mark.parametrize(
    ("answer", "meaning"), [("550 nobody", Meaning.RECIPIENT), ("450 busy", Meaning.RETRY), ("554 no", Meaning.FINAL)]
)
async def test_a_server_refuses(answer: str, meaning: Meaning) -> None:
    async with post_office(answer) as (mail, _letters):
        with pytest.raises(PlatformError) as refused:
            await mail.call("mail/send", LETTER)
    assert mail.meaning("mail/send", refused.value.errcode) is meaning


async def test_nobody_is_there() -> None:
    settings = MailSettings(host="127.0.0.1", port=1, security="none", sender="bot@example.com")
    with pytest.raises(Unreachable) as lost:
        await Mail(settings, ManualClock(NOW)).call("mail/send", LETTER)
    assert not lost.value.arrived
