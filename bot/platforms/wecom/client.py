"""WeCom's API over one HTTP session."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from bot import metrics
from bot.clock import Clock
from bot.errors import BadInput, PlatformError
from bot.platforms.answers import Meaning
from bot.platforms.http import Http
from bot.platforms.tokens import MemoryTokens, TokenCache, TokenStore
from bot.platforms.wecom import errors
from bot.platforms.wecom.aibot import RESPONSE
from bot.platforms.wecom.endpoints import GETS, is_repeatable
from bot.settings import WeComSettings

UPLOAD = "media/upload"
WEBHOOK = "webhook:"
"""How the id of a group begins that is known by its webhook alone."""


class WeCom:
    """Calls endpoints by the path that follows `/cgi-bin/`."""

    def __init__(
        self,
        http: Http,
        settings: WeComSettings,
        clock: Clock,
        webhooks: Mapping[str, SecretStr] | None = None,
        tokens: TokenStore | None = None,
    ) -> None:
        self._http, self._settings, self._webhooks = http, settings, webhooks or {}
        name, secret = f"wecom:{settings.corp_id}:{settings.agent_id}", settings.secret.get_secret_value()
        self._tokens = TokenCache(clock, self._fetch_token, tokens or MemoryTokens(), name, secret)

    async def call(self, endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
        """One call; raises `PlatformError` for an errcode, `Unreachable` when no answer came.

        A token that WeCom no longer takes is fetched anew, once. A body for `webhook/send` names the group; its key is
        a secret and stays in the settings. The AI bot answers by a code, which needs no token either.
        """
        if endpoint.startswith("webhook/"):
            return await self._send(endpoint, {"key": self._webhook_key(str(body["key"]))}, _without(body, "key"))
        if endpoint == RESPONSE:
            code = str(body["response_code"])
            return await self._send(endpoint, {"response_code": code}, _without(body, "response_code"))
        complete = self._complete(endpoint, body)
        return await self._tokens.use(
            lambda token: self._send(endpoint, {"access_token": token}, complete), self._is_stale
        )

    async def upload(self, media: str, filename: str, content: bytes) -> str:
        """Hand over a file; the media id lives three days.

        Source: developer.work.weixin.qq.com/document/path/90253
        """

        async def send(token: str) -> str:
            params = {"access_token": token, "type": media}
            answer = await self._http.upload(UPLOAD, self._url(UPLOAD), params, filename, content)
            return str(_accepted(UPLOAD, answer)["media_id"])

        return await self._tokens.use(send, self._is_stale)

    def _is_stale(self, error: PlatformError) -> bool:
        return errors.meaning(error.endpoint, error.errcode) is Meaning.TOKEN

    def _webhook_key(self, chat_id: str) -> str:
        name = chat_id.removeprefix(WEBHOOK)
        if name not in self._webhooks:
            raise BadInput(f"XIAOER_WEBHOOKS names no group {name}")
        return self._webhooks[name].get_secret_value()

    def meaning(self, endpoint: str, errcode: int) -> Meaning:
        return errors.meaning(endpoint, errcode)

    def is_repeatable(self, endpoint: str) -> bool:
        return is_repeatable(endpoint)

    def _complete(self, endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
        """The app's own id goes into every message and card."""
        named = endpoint in ("message/send", "message/update_template_card")
        return {**body, "agentid": self._settings.agent_id} if named else body

    async def _send(self, endpoint: str, params: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        url = self._url(endpoint)
        if endpoint in GETS:
            query = params | {name: str(value) for name, value in body.items()}
            return _accepted(endpoint, await self._http.get(endpoint, url, query))
        return _accepted(endpoint, await self._http.post(endpoint, url, params, body))

    async def _fetch_token(self) -> tuple[str, int]:
        secret = self._settings.secret.get_secret_value()
        params = {"corpid": self._settings.corp_id, "corpsecret": secret}
        answer = _accepted("gettoken", await self._http.get("gettoken", self._url("gettoken"), params))
        metrics.TOKENS.labels("wecom").inc()
        return str(answer["access_token"]), int(answer["expires_in"])

    def _url(self, endpoint: str) -> str:
        return f"{self._settings.api_base}/cgi-bin/{endpoint}"


def _accepted(endpoint: str, answer: dict[str, Any]) -> dict[str, Any]:
    errcode = int(answer.get("errcode") or 0)
    if errcode:
        raise PlatformError(endpoint, errcode, str(answer.get("errmsg", ""))[:200])
    return answer


def _without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}
