"""One HTTP exchange with a platform: every wait has an end, every answer is JSON or an error that says so."""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson
from yarl import URL

from bot import log
from bot.errors import Unreachable

TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 20 * 1024 * 1024


class Http:
    """Sends requests; raises `Unreachable` when no usable answer came, with whether the request can have arrived."""

    def __init__(self, session: aiohttp.ClientSession, timeout_s: float = TIMEOUT_S) -> None:
        self._session, self._timeout_s = session, timeout_s

    async def get(self, name: str, url: str, params: dict[str, str]) -> dict[str, Any]:
        return await self._exchange(name, "GET", url, params, None)

    async def post(self, name: str, url: str, params: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        return await self._exchange(name, "POST", url, params, orjson.dumps(body))

    async def upload(
        self, name: str, url: str, params: dict[str, str], filename: str, content: bytes
    ) -> dict[str, Any]:
        form = aiohttp.FormData()
        form.add_field("media", content, filename=filename, content_type="application/octet-stream")
        return await self._exchange(name, "POST", url, params, form)

    async def exchange(self, name: str, url: str, headers: Mapping[str, str], content: bytes) -> tuple[int, bytes]:
        """POST bytes as they are; returns the status and the answer, which may be anything."""
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._session.post(URL(url, encoded=True), data=content, headers=dict(headers)) as answer,
            ):
                if answer.status >= 500:
                    raise Unreachable(name, f"HTTP {answer.status}")
                return answer.status, await _read(name, answer)
        except aiohttp.ClientConnectorError as error:
            raise Unreachable(name, "no connection", arrived=False) from error
        except TimeoutError as error:
            raise Unreachable(name, f"no answer within {self._timeout_s:g} s") from error
        except aiohttp.ClientError as error:
            raise Unreachable(name, log.redact(f"{type(error).__name__}")) from error

    async def _exchange(
        self, name: str, method: str, url: str, params: dict[str, str], body: bytes | aiohttp.FormData | None
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/json; charset=utf-8"} if isinstance(body, bytes) else None
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._session.request(method, url, params=params, data=body, headers=headers) as answer,
            ):
                if answer.status >= 500:
                    raise Unreachable(name, f"HTTP {answer.status}")
                content = await _read(name, answer)
        except aiohttp.ClientConnectorError as error:
            raise Unreachable(name, "no connection", arrived=False) from error
        except TimeoutError as error:
            raise Unreachable(name, f"no answer within {self._timeout_s:g} s") from error
        except aiohttp.ClientError as error:
            raise Unreachable(name, log.redact(f"{type(error).__name__}")) from error
        return _object(name, answer.status, content)


async def _read(name: str, answer: aiohttp.ClientResponse) -> bytes:
    """The whole answer, in however many pieces it comes."""
    content = bytearray()
    async for piece in answer.content.iter_any():
        content += piece
        if len(content) > MAX_ANSWER_BYTES:
            raise Unreachable(name, f"an answer of more than {MAX_ANSWER_BYTES} bytes")
    return bytes(content)


def _object(name: str, status: int, content: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Unreachable(name, f"HTTP {status} without JSON") from error
    if not isinstance(value, dict):
        raise Unreachable(name, f"HTTP {status} with JSON that is no object")
    return value
