"""Access tokens: fetched once by whoever comes first, shared by all who wait, dropped when a platform says so.

Where they are shared they are sealed under the secret that they are fetched with: whoever knows it could fetch one
anyway, and whoever reads the database or Redis without it learns nothing.
"""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.clock import Clock
from bot.errors import PlatformError, Unreachable
from bot.model.tokens import SealedToken

MARGIN = timedelta(minutes=5)
"""A token this close to its end is fetched anew."""
FETCHING = timedelta(seconds=15)
"""How long whoever is fetching has it for themselves: longer than the platform may take to answer."""
LOOK_AGAIN_S = 0.1
ASK_AGAIN = timedelta(seconds=10)
"""How long nobody asks after a platform has refused a token.

Source: developer.work.weixin.qq.com/document/path/90313, help for 45009
"""
T = TypeVar("T")
NONCE_BYTES = 12


@dataclass(frozen=True)
class Token:
    value: str
    sealed: SealedToken

    def __repr__(self) -> str:
        return f"Token(…, expires_at={self.sealed.expires_at})"


Fetch = Callable[[], Awaitable[tuple[str, int]]]
"""Asks the platform for a token: its value and how many seconds it lives."""


class TokenStore(Protocol):
    """Where tokens are shared. Raises `Unreachable` when it cannot be asked."""

    async def find(self, name: str) -> SealedToken | None: ...

    async def keep(self, name: str, token: SealedToken) -> None: ...

    async def drop(self, name: str, token: SealedToken) -> None:
        """Forget this very token; one that has taken its place stays."""
        ...

    async def begin(self, name: str, lasts: timedelta) -> bool:
        """Whether the caller, and nobody else, is to fetch a new one now; after `lasts` it is another's turn."""
        ...

    async def end(self, name: str) -> None:
        """The caller is done fetching, well or badly."""
        ...


class MemoryTokens:
    """Tokens inside one process."""

    def __init__(self) -> None:
        self._tokens: dict[str, SealedToken] = {}
        self._fetching: set[str] = set()

    async def find(self, name: str) -> SealedToken | None:
        return self._tokens.get(name)

    async def keep(self, name: str, token: SealedToken) -> None:
        self._tokens[name] = token

    async def drop(self, name: str, token: SealedToken) -> None:
        if self._tokens.get(name) == token:
            del self._tokens[name]

    async def begin(self, name: str, lasts: timedelta) -> bool:
        if name in self._fetching:
            return False
        self._fetching.add(name)
        return True

    async def end(self, name: str) -> None:
        self._fetching.discard(name)


class TokenCache:
    """One token, at hand for all who need it in this process. `name` and `secret` say whose it is."""

    def __init__(self, clock: Clock, fetch: Fetch, store: TokenStore, name: str, secret: str) -> None:
        self._clock, self._fetch, self._store, self._name = clock, fetch, store, name
        self._seal = _Seal(name, secret)
        self._token: Token | None = None
        self._refused: tuple[PlatformError, datetime] | None = None
        self._lock = asyncio.Lock()

    async def get(self) -> str:
        async with self._lock:
            self._is_not_refused()
            while self._token is None or not self._is_fresh(self._token):
                self._token = await self._find() or await self._fetch_alone()
            return self._token.value

    def _is_not_refused(self) -> None:
        """Raises what the platform said a moment ago: asking on with a wrong secret shuts the whole machine out."""
        if self._refused is not None and self._clock.now() < self._refused[1]:
            error = self._refused[0]
            raise PlatformError(error.endpoint, error.errcode, error.reason)

    async def use(self, send: Callable[[str], Awaitable[T]], is_stale: Callable[[PlatformError], bool]) -> T:
        """Send something with the token; where the platform no longer takes it, once more with another."""
        token = await self.get()
        try:
            return await send(token)
        except PlatformError as error:
            if not is_stale(error):
                raise
        await self.drop(token)
        return await send(await self.get())

    async def drop(self, value: str) -> None:
        """Forget a token that a platform refused, unless it has been replaced already."""
        token = self._token
        if token is not None and token.value == value:
            self._token = None
            await self._store.drop(self._name, token.sealed)

    def _is_fresh(self, token: Token) -> bool:
        return token.sealed.expires_at - MARGIN > self._clock.now()

    async def _find(self) -> Token | None:
        sealed = await self._store.find(self._name)
        value = self._seal.open(sealed.text) if sealed else None
        token = Token(value, sealed) if sealed and value else None
        return token if token and self._is_fresh(token) else None

    async def _fetch_alone(self) -> Token | None:
        """None when another is fetching it: look again in a moment."""
        if not await self._store.begin(self._name, FETCHING):
            await asyncio.sleep(LOOK_AGAIN_S)
            return None
        try:
            return await self._find() or await self._fetch_now()
        finally:
            await self._store.end(self._name)

    async def _fetch_now(self) -> Token:
        try:
            value, lifetime_s = await self._fetch()
        except Unreachable:
            raise
        except PlatformError as error:
            self._refused = (error, self._clock.now() + ASK_AGAIN)
            raise
        expires_at = self._clock.now() + max(timedelta(seconds=lifetime_s), 2 * MARGIN)
        token = Token(value, SealedToken(self._seal.close(value), expires_at))
        await self._store.keep(self._name, token.sealed)
        return token


class _Seal:
    """AES-GCM under a key made of the secret."""

    def __init__(self, name: str, secret: str) -> None:
        self._name = name.encode()
        self._cipher = AESGCM(hashlib.blake2b(secret.encode(), digest_size=32, person=b"xiaoer token").digest())

    def close(self, value: str) -> str:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, value.encode(), self._name)).decode()

    def open(self, text: str) -> str | None:
        """None when it was sealed under another secret."""
        sealed = base64.b64decode(text)
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._name).decode()
        except InvalidTag:
            return None
