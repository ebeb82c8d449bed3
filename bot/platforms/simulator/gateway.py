"""The HTTP side of the API: reads a request, meets the planned fault, checks the token, answers, records."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import orjson
from aiohttp import BodyPartReader, web

from .endpoint import Answer, Call, Endpoint, Endpoints, File, Upload
from .errors import Refused, official_text, wecom_text
from .faults import Fault
from .platform import Platform


@dataclass(frozen=True, slots=True)
class Request:
    name: str
    method: str
    query: dict[str, str]
    raw: bytes
    upload: Upload | None
    remote: str


class Gateway:
    """One table of endpoints behind one path; calls are recorded under `prefix` and their name."""

    def __init__(self, platform: Platform, endpoints: Endpoints, prefix: str = "") -> None:
        self.platform, self.endpoints, self.prefix = platform, endpoints, prefix
        self._under_way: Counter[str] = Counter()
        self.official = official = prefix == "official/"
        self.tokens = platform.official_tokens if official else platform.tokens

    async def handle(self, request: web.Request) -> web.StreamResponse:
        asked = await read(request)
        name = self.prefix + asked.name
        fault = self.platform.faults.take(name)
        if fault is not None and fault.kind in ("fail", "http", "cut"):
            return self._spoil(request, name, asked, fault)
        answer = await self._answer_in_time(name, asked, fault)
        if fault is not None and fault.kind in ("garbage", "after"):
            self._note(name, asked, None)
            return cut(request) if fault.kind == "after" else web.Response(body=b'{"errcode":0,"errm\xff')
        if isinstance(answer, File):
            self._note(name, asked, {"errcode": 0, "errmsg": "ok"})
            return file_response(answer)
        self._note(name, asked, answer)
        return json_response(answer)

    async def _answer_in_time(self, name: str, asked: Request, fault: Fault | None) -> dict[str, object] | File:
        """The answer, after however long the call hangs; too many at once are refused at once."""
        most = self.platform.config.calls_at_once
        if most is not None and self._under_way[name] >= most:
            return self._refusal(Refused(45033), asked)
        self._under_way[name] += 1
        try:
            if fault is not None and fault.kind == "hang":
                await self._wait(fault.seconds)
            return self.answer(asked)
        finally:
            self._under_way[name] -= 1

    def answer(self, asked: Request) -> dict[str, object] | File:
        """What the platform says to a request, without any HTTP around it."""
        try:
            endpoint = self._admit(asked)
            scope = "" if endpoint.free else self.tokens.check(asked.query.get("access_token"), self.platform.now())
            if not endpoint.free and scope not in endpoint.scopes:
                raise Refused(48002 if not self.official else 48001)
            body = parse_body(asked, official=self.official)
            answer = endpoint.answer(Call(self.platform, asked.query, body, asked.upload, scope, asked.raw))
        except Refused as refused:
            return self._refusal(refused, asked)
        finally:
            self.platform.bell.ring()
        return self._success(answer)

    def _admit(self, asked: Request) -> Endpoint:
        """What any call is checked for before its token is looked at."""
        endpoint = self.endpoints.table.get(asked.name)
        if endpoint is None:
            raise Refused(40066, f"unknown endpoint {asked.name}")
        if endpoint.method == "POST" and asked.method != "POST":
            raise Refused(43002 if self.official else 40003, "require POST method")
        allowed = self.platform.config.trusted_ips
        if allowed is not None and asked.remote not in allowed and not asked.name.startswith("webhook/"):
            raise Refused(40164 if self.official else 60020)
        if not self.platform.limits.take_call(self.prefix + asked.name, self.platform.now()):
            raise Refused(45009)
        return endpoint

    def _success(self, answer: Answer) -> dict[str, object] | File:
        if isinstance(answer, File):
            return answer
        if self.official:  # a success often has no errcode there
            return answer or {"errcode": 0, "errmsg": "ok"}
        return {"errcode": 0, "errmsg": "ok", **answer}

    def _refusal(self, refused: Refused, asked: Request) -> dict[str, object]:
        ids, code = self.platform.ids, refused.errcode
        if self.official:
            rid = f"{self.platform.now_s():08x}-{ids.hex(8)}-{ids.hex(8)}"
            errmsg = official_text(code, refused.detail, rid)
        else:
            errmsg = wecom_text(code, refused.detail, self.platform.now_s(), ids.digits(19), asked.remote)
        return {"errcode": code, "errmsg": errmsg, **refused.extra}

    def _spoil(self, request: web.Request, name: str, asked: Request, fault: Fault) -> web.StreamResponse:
        if fault.kind == "fail":
            answer = self._refusal(Refused(fault.errcode), asked)
            self._note(name, asked, answer)
            return json_response(answer)
        self._note(name, asked, None)
        if fault.kind == "cut":
            return cut(request)
        return web.Response(status=fault.status, text="<html>Bad Gateway</html>", content_type="text/html")

    async def _wait(self, seconds: float) -> None:
        """Pass time on the clock, or end early because the platform closes."""
        waits = {
            asyncio.ensure_future(self.platform.clock.sleep(timedelta(seconds=seconds))),
            asyncio.ensure_future(self.platform.tasks.closing.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def _note(self, name: str, asked: Request, answer: dict[str, object] | None) -> None:
        try:
            body = parse_body(asked, official=self.official)
        except Refused:
            body = {}
        self.platform.note_call(name, body, answer, asked.query)


async def read(request: web.Request) -> Request:
    upload, raw = None, b""
    if request.content_type.startswith("multipart/"):
        upload = await read_upload(request)
    else:
        raw = await request.read()
    return Request(
        request.match_info["endpoint"],
        request.method,
        dict(request.query),
        raw,
        upload,
        request.remote or "127.0.0.1",
    )


async def read_upload(request: web.Request) -> Upload | None:
    """The part named `media`, whatever its size; other parts are passed over."""
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if isinstance(part, BodyPartReader) and part.name == "media":
            content = bytes(await part.read(decode=True))
            return Upload(part.filename or "", part.headers.get("Content-Type", ""), content)
    return None


def parse_body(asked: Request, *, official: bool) -> dict[str, object]:
    if asked.method == "GET" or not asked.raw:
        return {}
    try:
        body = orjson.loads(asked.raw)
    except orjson.JSONDecodeError:
        raise Refused(47001 if official else 40058, "invalid json") from None
    if not isinstance(body, dict):
        raise Refused(47001 if official else 40058, "invalid json")
    return body


def json_response(answer: dict[str, object]) -> web.Response:
    return web.Response(body=orjson.dumps(answer), content_type="application/json", charset="utf-8")


def file_response(answer: File) -> web.Response:
    disposition = f'attachment; filename="{answer.filename}"'.encode("ascii", "replace").decode()
    return web.Response(
        body=answer.content, content_type="application/octet-stream", headers={"Content-Disposition": disposition}
    )


def cut(request: web.Request) -> web.Response:
    """Break the connection, so that the caller cannot know what happened."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
