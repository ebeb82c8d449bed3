"""Calls counted by all processes together, through Redis: the windows of `bot.model.limits`, moved in one step."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.clock import Clock
from bot.model.limits import Counter
from bot.storage.redis_link import Redis, asking_redis

TAKE = """
local now, rests = tonumber(ARGV[1]), tonumber(ARGV[2])
local wait = 0
for i = 1, rests do
  wait = math.max(wait, tonumber(redis.call('GET', KEYS[i]) or '0'))
end
if wait > now then return wait end

wait = 0
for i = rests + 1, #KEYS do
  local at = 3 * (i - rests)
  local most, window, width = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local flat, live, total = redis.call('HGETALL', KEYS[i]), {}, 0
  for j = 1, #flat, 2 do
    local leaves = (tonumber(flat[j]) + 1) * width + window
    if leaves <= now then
      redis.call('HDEL', KEYS[i], flat[j])
    else
      live[#live + 1] = {leaves, tonumber(flat[j + 1])}
      total = total + live[#live][2]
    end
  end
  local too_many = total + 1 - most
  if too_many > 0 then
    table.sort(live, function(one, other) return one[1] < other[1] end)
    for _, slot in ipairs(live) do
      too_many = too_many - slot[2]
      if too_many <= 0 then wait = math.max(wait, slot[1]); break end
    end
  end
end
if wait > 0 then return wait end

for i = rests + 1, #KEYS do
  local at = 3 * (i - rests)
  local window, width = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  redis.call('HINCRBY', KEYS[i], math.floor(now / width), 1)
  redis.call('EXPIRE', KEYS[i], window + 2 * width)
end
return 0
"""


class RedisCounters:
    """A hash a window, with its slots; a key a rest."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis, self._clock = redis, clock
        self._take = redis.register_script(TAKE)

    async def take(self, counters: Sequence[Counter], now: datetime) -> datetime | None:
        """None when a call fits (it counts from then on); otherwise when there may be room."""
        limits = [(one.name, limit) for one in counters for limit in one.limits]
        keys = [_rest(one.name) for one in counters] + [_window(name, limit.window_s) for name, limit in limits]
        sizes = [number for _name, limit in limits for number in (limit.count, limit.window_s, limit.slot_s)]
        with asking_redis("limits"):
            wait = await self._take(keys=keys, args=[int(now.timestamp()), len(counters), *sizes])
        return datetime.fromtimestamp(int(wait), UTC) if int(wait) else None

    async def rest(self, name: str, until: datetime) -> None:
        """Let nothing through that counts against `name` until then."""
        until_s = int(until.timestamp()) + 1
        lasts_s = until_s - int(self._clock.now().timestamp())
        with asking_redis("limits"):
            await self._redis.set(_rest(name), until_s, ex=max(1, lasts_s))


def _rest(name: str) -> str:
    return f"xiaoer:rest:{name}"


def _window(name: str, window_s: int) -> str:
    return f"xiaoer:sent:{name}/{window_s}"
