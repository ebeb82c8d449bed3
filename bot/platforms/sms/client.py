"""Short messages as the outbox sees them: one endpoint, `sms/send`, whoever the provider is."""

import hashlib
from dataclasses import replace
from typing import Any

import orjson

from bot import log
from bot.clock import Clock
from bot.errors import PlatformError, Unreachable
from bot.platforms.answers import Meaning
from bot.platforms.http import Http
from bot.platforms.sms import alibaba, tencent
from bot.platforms.sms.message import FINAL, RECIPIENT, RETRY, Request, ShortMessage
from bot.settings import SmsSettings

logger = log.get(__name__)
MEANINGS = {RETRY: Meaning.RETRY, FINAL: Meaning.FINAL, RECIPIENT: Meaning.RECIPIENT}


class Sms:
    """Sends by the provider of the settings."""

    def __init__(self, http: Http, settings: SmsSettings, clock: Clock) -> None:
        self._http, self._settings, self._clock = http, settings, clock

    async def call(self, endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
        """`{phone, template, values, key}`; raises `PlatformError` when the provider says no."""
        message = ShortMessage(body["phone"], body["template"], self._settings.signature, body["values"])
        if self._settings.provider == "log":
            logger.info("a short message would be sent", template=message.template)
            return {"serial": f"log:{body['key']}"}
        request = self._addressed(self._request(message, str(body["key"])))
        status, content = await self._http.exchange(endpoint, request.url, request.headers, request.content)
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise Unreachable(endpoint, f"HTTP {status} without JSON") from error
        accepted = tencent.accepted if self._settings.provider == "tencent" else alibaba.accepted
        return accepted(answer)

    def _request(self, message: ShortMessage, key: str) -> Request:
        settings, secret, now = self._settings, self._settings.key_secret.get_secret_value(), self._clock.now()
        if settings.provider == "tencent":
            return tencent.request(message, settings.key_id, secret, settings.app_id, now)
        nonce = hashlib.sha256(f"{key}:{now.timestamp()}".encode()).hexdigest()[:32]
        return alibaba.request(message, settings.key_id, secret, nonce, now)

    def _addressed(self, request: Request) -> Request:
        """To the provider, or to what stands in for it; the signature is the same."""
        _scheme, _empty, _host, path = request.url.split("/", 3)
        base = self._settings.api_base.rstrip("/")
        return replace(request, url=f"{base}/{path}") if base else request

    async def upload(self, media: str, filename: str, content: bytes) -> str:
        raise PlatformError("upload", FINAL, "a short message takes no files")

    def meaning(self, endpoint: str, errcode: int) -> Meaning:
        return MEANINGS.get(errcode, Meaning.FINAL)

    def is_repeatable(self, endpoint: str) -> bool:
        """No provider has a key against repetition: asked twice, it reaches a person twice."""
        return False
