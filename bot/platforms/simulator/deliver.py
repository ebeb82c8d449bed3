"""Callbacks on their way to the bot: sealed, timed, and tried again.

Source: developer.work.weixin.qq.com/document/path/90930
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, get_args

import aiohttp

from bot.clock import Clock

from . import seal
from .config import SimulatorConfig
from .ids import IdSource
from .tasks import Nursery

ReceiverName = Literal["wecom", "official", "aibot"]
Note = Callable[[str, str, str, int, int | None, str], None]


class BadReply(Exception):
    """The bot answered 200 with a body that the platform cannot use."""


@dataclass(slots=True)
class Letter:
    """One callback. `repeat` is how often it is delivered even when answered; `read` takes the answer's body."""

    receiver: ReceiverName
    what: str
    plain: str
    agent_id: int | None = None
    openid: str = ""
    repeat: int = 1
    read: Callable[[str], object] | None = None
    give_up: Callable[[], None] | None = None
    first: "asyncio.Future[object]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Courier:
    """Carries letters in the background, each on its own, so that none waits for another."""

    def __init__(self, config: SimulatorConfig, clock: Clock, ids: IdSource, tasks: Nursery, note: Note) -> None:
        self.config, self.clock, self.ids, self.tasks, self._note = config, clock, ids, tasks, note
        self.urls: dict[ReceiverName, str | None] = dict.fromkeys(get_args(ReceiverName))
        self._session: aiohttp.ClientSession | None = None
        self._to_drop = self._to_repeat = 0
        self._held: list[Letter] | None = None

    def drop(self, times: int = 1) -> None:
        """Lose the next letters: delivery is not guaranteed."""
        self._to_drop += times

    def duplicate(self, times: int = 1) -> None:
        """Deliver the next letters twice although they are answered."""
        self._to_repeat += times

    def hold(self) -> None:
        """Keep letters back until `release`."""
        self._held = self._held or []

    def release(self, *, backwards: bool = False) -> None:
        """Send what was held, newest first when `backwards`."""
        held, self._held = self._held or [], None
        for letter in reversed(held) if backwards else held:
            self._send(letter)

    def post(self, letter: Letter) -> Letter:
        """Put a letter on its way; returns at once."""
        if self._to_drop:
            self._to_drop -= 1
            self._close(letter, 0, None, "dropped")
        elif self._held is not None:
            self._held.append(letter)
        else:
            self._send(letter)
        return letter

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    def _send(self, letter: Letter) -> None:
        if self._to_repeat:
            self._to_repeat -= 1
            letter.repeat += 1
        if self.urls[letter.receiver] is None:
            self._close(letter, 0, None, "nowhere")
            return
        self.tasks.begin()
        self.tasks.start(self._carry(letter), name=f"callback {letter.what}")

    def _close(self, letter: Letter, attempt: int, status: int | None, how: str) -> None:
        self._note(letter.receiver, letter.what, letter.plain, attempt, status, how)
        if not letter.first.done():
            letter.first.set_result(None)

    async def _carry(self, letter: Letter) -> None:
        """Deliver until answered `repeat` times or failed `deliveries` times; the caller has begun the work."""
        answered = failed = 0
        under_way = True
        try:
            while answered < letter.repeat and failed < self.config.deliveries:
                if not under_way:
                    self.tasks.begin()
                    under_way = True
                started_at = self.clock.now()
                if await self._attempt(letter, answered + failed + 1):
                    answered += 1
                    continue
                failed += 1
                if failed == self.config.deliveries:
                    if letter.give_up is not None and not answered:
                        letter.give_up()
                    return
                self.tasks.end()
                under_way = False
                pause = timedelta(seconds=self.config.retry_after_s) - (self.clock.now() - started_at)
                await self.clock.sleep(pause)
        finally:
            if under_way:
                self.tasks.end()

    async def _attempt(self, letter: Letter, attempt: int) -> bool:
        """Deliver once, with a fresh nonce and ciphertext, and say whether the platform is content."""
        url = self.urls[letter.receiver]
        sealed = seal.seal(self.config, letter, int(self.clock.now().timestamp()), self.ids)
        status: int | None = None
        reply: object = None
        try:
            async with (
                asyncio.timeout(self.config.callback_timeout_s),
                self.session().post(
                    str(url), params=sealed.query, data=sealed.body.encode(), headers={"Content-Type": "text/xml"}
                ) as answer,
            ):
                status, body = answer.status, await answer.read()
            how = "answered" if status == 200 else "http"
            if status == 200 and letter.read is not None:
                reply = letter.read(body.decode("utf-8", "replace"))
        except TimeoutError:
            how = "timeout"
        except aiohttp.ClientError:
            how = "unreachable"
        except BadReply:
            how = "fault"
        self._note(letter.receiver, letter.what, letter.plain, attempt, status, how)
        if not letter.first.done():
            letter.first.set_result(reply)
        return how in ("answered", "fault")

    async def verify(self, receiver: ReceiverName) -> str:
        """The GET that checks a callback URL; answers "ok" or what was wrong. The bot has one second."""
        echo = self.ids.digits(19)
        query = seal.verification(self.config, receiver, echo, int(self.clock.now().timestamp()), self.ids)
        try:
            async with (
                asyncio.timeout(1.0),
                self.session().get(str(self.urls[receiver]), params=query) as answer,
            ):
                body = await answer.read()
        except (TimeoutError, aiohttp.ClientError) as error:
            return f"no answer: {type(error).__name__}"
        if answer.status != 200:
            return f"HTTP status {answer.status}"
        return "ok" if body == echo.encode() else "another text than the echo string"
