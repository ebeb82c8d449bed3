"""Access tokens: fetched once by whoever comes first, shared by all who wait, dropped when a platform says so."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock

MARGIN = timedelta(minutes=5)
"""A token this close to its end is fetched anew."""


@dataclass(frozen=True)
class Token:
    value: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Token(…, expires_at={self.expires_at})"


Fetch = Callable[[], Awaitable[tuple[str, int]]]
"""Asks the platform for a token: its value and how many seconds it lives."""


class TokenCache:
    """One token, for all who need it in this process."""

    def __init__(self, clock: Clock, fetch: Fetch) -> None:
        self._clock, self._fetch = clock, fetch
        self._token: Token | None = None
        self._lock = asyncio.Lock()

    async def get(self) -> str:
        async with self._lock:
            if self._token is None or self._token.expires_at - MARGIN <= self._clock.now():
                value, lifetime_s = await self._fetch()
                lifetime = timedelta(seconds=lifetime_s)
                self._token = Token(value, self._clock.now() + max(lifetime, 2 * MARGIN))
            return self._token.value

    def drop(self, value: str) -> None:
        """Forget a token that a platform refused, unless it has been replaced already."""
        if self._token is not None and self._token.value == value:
            self._token = None
