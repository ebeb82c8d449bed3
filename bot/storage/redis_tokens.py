"""Access tokens shared through Redis, sealed."""

from datetime import datetime, timedelta
from uuid import uuid4

from bot.clock import Clock
from bot.model.tokens import SealedToken
from bot.storage.redis_link import Redis, asking_redis

DELETE_IF = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class RedisTokens:
    """A key a token, which ends when the token does, and another one while somebody fetches it."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis, self._clock, self._holder = redis, clock, uuid4().hex
        self._delete_if = redis.register_script(DELETE_IF)

    async def find(self, name: str) -> SealedToken | None:
        with asking_redis("token"):
            found = await self._redis.get(_token(name))
        if found is None:
            return None
        expires_at, _, sealed = str(found).partition(" ")
        return SealedToken(sealed, datetime.fromisoformat(expires_at))

    async def keep(self, name: str, token: SealedToken) -> None:
        lasts = token.expires_at - self._clock.now()
        with asking_redis("token"):
            await self._redis.set(_token(name), _written(token), px=max(1, int(lasts / timedelta(milliseconds=1))))

    async def drop(self, name: str, token: SealedToken) -> None:
        with asking_redis("token"):
            await self._delete_if(keys=[_token(name)], args=[_written(token)])

    async def begin(self, name: str, lasts: timedelta) -> bool:
        with asking_redis("token"):
            return bool(await self._redis.set(_fetching(name), self._holder, nx=True, ex=lasts))

    async def end(self, name: str) -> None:
        with asking_redis("token"):
            await self._delete_if(keys=[_fetching(name)], args=[self._holder])


def _token(name: str) -> str:
    return f"xiaoer:token:{name}"


def _fetching(name: str) -> str:
    return f"xiaoer:fetching:{name}"


def _written(token: SealedToken) -> str:
    return f"{token.expires_at.isoformat()} {token.text}"
