"""One attempt at a call, and what its ending asks for: done, again later, given up, or nobody knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot import log, metrics
from bot.clock import Clock
from bot.errors import BadInput, PlatformError, Unreachable
from bot.model.events import Outcome
from bot.model.lanes import Lane
from bot.model.tables import OutboxRow
from bot.platforms.answers import PAUSE, REST, Meaning
from bot.platforms.widths import Widths
from bot.storage.ledger.retries import MAX_ATTEMPTS, backoff, scattered

logger = log.get(__name__)
MOST_ATTEMPTS = 24
"""With pauses of up to ten minutes that is more than two hours: an outage is no reason to lose a call."""
INSTANT_PAUSE = timedelta(seconds=1)


class Platform(Protocol):
    """A platform as the outbox sees it."""

    async def call(self, endpoint: str, body: dict[str, Any]) -> dict[str, Any]: ...

    async def upload(self, media: str, filename: str, content: bytes) -> str: ...

    def meaning(self, endpoint: str, errcode: int) -> Meaning: ...

    def is_repeatable(self, endpoint: str) -> bool: ...


class Files(Protocol):
    """Puts media ids where a body names files."""

    async def resolve(self, platform: Platform, body: dict[str, Any]) -> dict[str, Any]: ...


class Limits(Protocol):
    """Keeps the platforms' limits."""

    async def until(self, platform: str, endpoint: str, body: dict[str, Any], now: datetime) -> datetime | None: ...

    async def rest(
        self, platform: str, endpoint: str, body: dict[str, Any], errcode: int, now: datetime, pause: timedelta
    ) -> datetime: ...


@dataclass(frozen=True)
class Ended:
    """How an attempt ended; `again_at` gives the call back to the ledger. `left` when the call has been tried."""

    row: OutboxRow
    outcome: Outcome
    errcode: int = 0
    reason: str = ""
    answer: dict[str, Any] | None = None
    again_at: datetime | None = None
    left: bool = True


class Attempts:
    """Makes attempts; the platforms' error tables decide what each ending means."""

    def __init__(self, clock: Clock, platforms: Mapping[str, Platform], files: Files, limits: Limits) -> None:
        self._clock, self._platforms, self._files, self._limits = clock, platforms, files, limits
        self._widths = Widths()

    async def make(self, row: OutboxRow) -> Ended:
        """Send a call, unless it is too late, too early, or there is nobody to send it to."""
        now = self._clock.now()
        if row.deadline is not None and row.deadline <= now:
            return Ended(row, "expired", row.errcode or 0, _late(row), left=False)
        platform = self._platforms.get(row.platform)
        if platform is None:
            return Ended(row, "failed", reason=f"no adapter for {row.platform} is configured", left=False)
        name = f"{row.platform}:{row.endpoint}"
        if not self._widths.enter(name):
            return self._kept_back(row, now + scattered(PAUSE, row.id or 0, row.attempts))
        try:
            return await self._admitted(platform, row, now)
        finally:
            self._widths.leave(name)

    async def _admitted(self, platform: Platform, row: OutboxRow, now: datetime) -> Ended:
        room_at = await self._limits.until(row.platform, row.endpoint, row.body, now)
        if room_at is not None:
            return self._kept_back(row, room_at)
        ended = await self._send(platform, row)
        if ended.outcome == "sent":
            self._widths.went_well(f"{row.platform}:{row.endpoint}")
        return ended

    def _kept_back(self, row: OutboxRow, until: datetime) -> Ended:
        metrics.LIMIT_WAITS.labels(metrics.bounded("endpoint", row.endpoint)).inc()
        return self._later(row, until, 0, "kept back by a limit", left=False)

    async def _send(self, platform: Platform, row: OutboxRow) -> Ended:
        try:
            return Ended(row, "sent", answer=await platform.call(row.endpoint, await self._body(platform, row)))
        except Unreachable as error:
            return self._unreachable(platform, row, error)
        except PlatformError as error:
            return await self._refused(platform, row, error)
        except BadInput as error:
            return Ended(row, "failed", reason=str(error)[:300], left=False)
        except Exception as error:
            logger.error("call failed", endpoint=row.endpoint, exc_info=True)
            reason = log.redact(f"{type(error).__name__}: {error}")[:300]
            return self._unreachable(platform, row, Unreachable(row.endpoint, reason))

    async def _body(self, platform: Platform, row: OutboxRow) -> dict[str, Any]:
        """With its files handed over; what goes wrong here goes wrong before the call has left."""
        try:
            return await self._files.resolve(platform, row.body)
        except (PlatformError, BadInput):
            raise
        except Exception as error:
            logger.error("a file could not be handed over", endpoint=row.endpoint, exc_info=True)
            raise Unreachable("media/upload", type(error).__name__, arrived=False) from error

    def _unreachable(self, platform: Platform, row: OutboxRow, error: Unreachable) -> Ended:
        """A token or a file that could not be had has not sent anything."""
        if error.endpoint == row.endpoint and error.arrived and not platform.is_repeatable(row.endpoint):
            return Ended(row, "unknown", reason=error.reason)
        return self._again(row, 0, error.reason)

    async def _refused(self, platform: Platform, row: OutboxRow, error: PlatformError) -> Ended:
        errcode, reason = error.errcode, error.reason
        match platform.meaning(error.endpoint, errcode):
            case Meaning.OK:
                return Ended(row, "sent", errcode, reason)
            case Meaning.RETRY | Meaning.TOKEN:
                return self._again(row, errcode, reason)
            case Meaning.LIMIT:
                return await self._rest(row, REST, errcode, reason)
            case Meaning.CROWDED:
                self._widths.halve(f"{row.platform}:{row.endpoint}", self._clock.now(), PAUSE)
                return await self._rest(row, scattered(PAUSE, row.id or 0, row.attempts), errcode, reason)
            case Meaning.UNKNOWN:
                return Ended(row, "unknown", errcode, reason)
            case _:
                return Ended(row, "failed", errcode, reason)

    async def _rest(self, row: OutboxRow, pause: timedelta, errcode: int, reason: str) -> Ended:
        until = await self._limits.rest(row.platform, row.endpoint, row.body, errcode, self._clock.now(), pause)
        return self._later(row, until, errcode, reason)

    def _again(self, row: OutboxRow, errcode: int, reason: str) -> Ended:
        attempts = row.attempts + 1
        if row.deadline is None and (attempts >= MOST_ATTEMPTS or _is_refused_for_good(row, errcode, attempts)):
            return Ended(row, "failed", errcode, reason)
        is_short = row.lane == Lane.INSTANT and row.deadline is not None
        pause = scattered(INSTANT_PAUSE, row.id or 0, attempts) if is_short else backoff(attempts, row.id or 0)
        return self._later(row, self._clock.now() + pause, errcode, reason)

    def _later(self, row: OutboxRow, at: datetime, errcode: int, reason: str, *, left: bool = True) -> Ended:
        """Again at a moment, or never when that is too late: whoever waits for the ending hears of it now."""
        if row.deadline is not None and at >= row.deadline:
            return Ended(row, "expired", errcode, reason, left=left)
        return Ended(row, "failed", errcode, reason, again_at=at, left=left)

    def unfinished(self, row: OutboxRow, reason: str) -> Ended:
        """A call that was under way when its sender stopped or died: again where that is harmless."""
        platform = self._platforms.get(row.platform)
        if platform is not None and not platform.is_repeatable(row.endpoint):
            return Ended(row, "unknown", reason=reason)
        if row.attempts + 1 >= MOST_ATTEMPTS:
            return Ended(row, "failed", reason=reason)
        return Ended(row, "failed", reason=reason, again_at=self._clock.now())


def _is_refused_for_good(row: OutboxRow, errcode: int, attempts: int) -> bool:
    """Whether a platform that does answer has said the same often enough; silence before that does not count."""
    return attempts >= MAX_ATTEMPTS and errcode != 0 and row.errcode == errcode


def _late(row: OutboxRow) -> str:
    return row.reason or "the deadline passed before the call could leave"
