"""The official account's API over one HTTP session."""

import hashlib
from typing import Any

import orjson

from bot import metrics
from bot.clock import Clock
from bot.errors import PlatformError
from bot.platforms.answers import Meaning
from bot.platforms.http import Http
from bot.platforms.official import errors
from bot.platforms.official.endpoints import BLIND_SENDS, GETS, KEYED_SENDS, path
from bot.platforms.tokens import MemoryTokens, TokenCache, TokenStore
from bot.settings import OfficialSettings

UPLOAD = "media/upload"
TOKEN = "stable_token"  # noqa: S105 - an endpoint
LONGEST_KEY_BYTES = 32


class Official:
    """Calls endpoints by the path that follows `/cgi-bin/`; one that begins with a slash is below the host itself."""

    def __init__(self, http: Http, settings: OfficialSettings, clock: Clock, tokens: TokenStore | None = None) -> None:
        self._http, self._settings = http, settings
        name, secret = f"official:{settings.app_id}", settings.secret.get_secret_value()
        self._tokens = TokenCache(clock, self._fetch_token, tokens or MemoryTokens(), name, secret)

    def meaning(self, endpoint: str, errcode: int) -> Meaning:
        return errors.meaning(endpoint, errcode)

    def is_repeatable(self, endpoint: str) -> bool:
        """Whether a call whose fate is unknown may simply be made again; `call` gives keyed sends their key."""
        return endpoint not in BLIND_SENDS

    async def call(self, endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
        """One call; raises `PlatformError` for an errcode, `Unreachable` when no answer came.

        A token that the platform no longer takes is fetched anew, once. 48001 is no such case: the account lacks the
        right, and another token does not bring it.
        """
        keyed = _keyed(endpoint, body)
        return await self._tokens.use(
            lambda token: self._send(endpoint, {"access_token": token}, keyed), self._is_stale
        )

    async def upload(self, media: str, filename: str, content: bytes) -> str:
        """Hand over a file; the media id lives three days."""

        async def send(token: str) -> str:
            params = {"access_token": token, "type": media}
            answer = await self._http.upload(UPLOAD, self._url(UPLOAD), params, filename, content)
            return str(_accepted(UPLOAD, answer)["media_id"])

        return await self._tokens.use(send, self._is_stale)

    def _is_stale(self, error: PlatformError) -> bool:
        return errors.meaning(error.endpoint, error.errcode) is Meaning.TOKEN

    async def _send(self, endpoint: str, params: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        if endpoint in GETS:
            query = params | {name: str(value) for name, value in body.items()}
            return _accepted(endpoint, await self._http.get(endpoint, self._url(endpoint), query))
        return _accepted(endpoint, await self._http.post(endpoint, self._url(endpoint), params, body))

    async def _fetch_token(self) -> tuple[str, int]:
        """The stable token: asking again inside its life gives the same one, so several processes do no harm.

        Source: developers.weixin.qq.com/doc/offiaccount/Basic_Information/getStableAccessToken.html
        """
        wanted = {
            "grant_type": "client_credential",
            "appid": self._settings.app_id,
            "secret": self._settings.secret.get_secret_value(),
            "force_refresh": False,
        }
        answer = _accepted(TOKEN, await self._http.post(TOKEN, self._url(TOKEN), {}, wanted))
        metrics.TOKENS.labels("official").inc()
        return str(answer["access_token"]), int(answer["expires_in"])

    def _url(self, endpoint: str) -> str:
        return self._settings.api_base + path(endpoint)


def _accepted(endpoint: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, unless its errcode says no; most good answers carry none."""
    errcode = int(answer.get("errcode") or 0)
    if errors.meaning(endpoint, errcode) is not Meaning.OK:
        raise PlatformError(endpoint, errcode, str(answer.get("errmsg", ""))[:200])
    return answer


def _keyed(endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
    """A send under an id made of what it says, so that the platform drops a repetition."""
    name = KEYED_SENDS.get(endpoint)
    if name is None or name in body:
        return body
    digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return {**body, name: digest[:LONGEST_KEY_BYTES]}
