"""Other people's servers: signed HTTP POSTs, delivered at least once.

Signed like what we accept at `/track`: `X-Xiaoer-Signature: sha256=` + hex HMAC-SHA256 of `timestamp + "." + body`.
The same `X-Xiaoer-Delivery` means the same event again. A 2xx is a yes; 429, a 5xx and silence are tried again; the
rest is a no.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import orjson

from bot.clock import Clock
from bot.errors import PlatformError
from bot.platforms.answers import Meaning
from bot.platforms.http import Http
from bot.settings import HookSettings

UNKNOWN_HOOK = 404
BUSY = 429


class Hooks:
    """Posts a body to the hook whose name is the endpoint; `delivery` in the body goes into the headers."""

    def __init__(self, http: Http, settings: Mapping[str, HookSettings], clock: Clock) -> None:
        self._http, self._settings, self._clock = http, settings, clock

    async def call(self, endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
        """Raises `PlatformError` with the HTTP status when the other side says no."""
        hook = self._settings.get(endpoint)
        if hook is None:
            raise PlatformError(endpoint, UNKNOWN_HOOK, "no hook of this name is configured")
        content = orjson.dumps(body["event"])
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "X-Xiaoer-Delivery": str(body["delivery"]),
            "X-Xiaoer-Timestamp": timestamp,
            "X-Xiaoer-Signature": signature(hook.secret.get_secret_value(), timestamp, content),
        }
        status, _answer = await self._http.exchange(endpoint, hook.url, headers, content)
        if not 200 <= status < 300:
            raise PlatformError(endpoint, status, f"HTTP {status}")
        return {"status": status}

    async def upload(self, media: str, filename: str, content: bytes) -> str:
        raise PlatformError("upload", UNKNOWN_HOOK, "a hook takes no files")

    def meaning(self, endpoint: str, errcode: int) -> Meaning:
        return Meaning.RETRY if errcode == BUSY else Meaning.FINAL

    def is_repeatable(self, endpoint: str) -> bool:
        """The receiver knows a repetition by its delivery id."""
        return True


def signature(secret: str, timestamp: str, body: bytes) -> str:
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"
