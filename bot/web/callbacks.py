"""The platforms' callbacks: verify, keep, answer. Everything else happens later, except a passive reply."""

import re
import secrets
from collections.abc import Mapping

from aiohttp import web

from bot.clock import Clock
from bot.community import followers
from bot.errors import SettingsError
from bot.model.events import Event
from bot.platforms.envelope import Envelope
from bot.platforms.official import callback as official
from bot.platforms.wecom import aibot
from bot.platforms.wecom import callback as wecom
from bot.runtime.dispatcher import Knowledge
from bot.settings import Settings
from bot.storage.ledger.inbox import Arrival, trace_of
from bot.web.intake import Intake

SIGNED = re.compile(
    r"msg_signature=(?P<msg_signature>[0-9a-f]{40})&timestamp=(?P<timestamp>\d+)&nonce=(?P<nonce>\w+)", re.ASCII
)


class Callbacks:
    """`/callback/wecom`, `/callback/official` and `/callback/aibot`."""

    def __init__(self, settings: Settings, intake: Intake, knowledge: Knowledge, clock: Clock) -> None:
        self._settings, self._intake, self._knowledge, self._clock = settings, intake, knowledge, clock
        self._wecom = wecom.envelope(settings.wecom) if settings.wecom else None
        self._aibot = aibot.envelope(settings.aibot) if settings.aibot else None

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/callback/wecom", self.verify_wecom),
            web.post("/callback/wecom", self.wecom),
            web.get("/callback/official", self.verify_official),
            web.post("/callback/official", self.official),
            web.get("/callback/aibot", self.verify_aibot),
            web.post("/callback/aibot", self.aibot),
        ]

    async def verify_wecom(self, request: web.Request) -> web.Response:
        return _echo(_given(self._wecom, "WECOM"), request)

    async def wecom(self, request: web.Request) -> web.Response:
        self._intake.admit()
        door, body = _given(self._wecom, "WECOM"), await request.read()
        await self._intake.keep_read(
            lambda: [_arrival("wecom", *wecom.read(door, _query(request), body, self._clock.now()))]
        )
        return web.Response()

    async def verify_official(self, request: web.Request) -> web.Response:
        if self._settings.official is None:
            raise _not_set("OFFICIAL")
        return web.Response(text=official.verify(self._settings.official, request.query))

    async def official(self, request: web.Request) -> web.Response:
        account = self._settings.official
        if account is None:
            raise _not_set("OFFICIAL")
        self._intake.admit()
        now = self._clock.now()
        received = official.read(account, request.query, await request.read(), now)
        await self._intake.keep(_arrival("official", received.event, received.dedupe_key))
        reply = followers.answer(self._knowledge.rules, received.event)
        answer = official.reply_body(account, received.fields, reply, now, secrets.token_hex(8))
        is_xml = answer.startswith("<")
        return web.Response(text=answer, content_type="application/xml" if is_xml else "text/plain")

    async def verify_aibot(self, request: web.Request) -> web.Response:
        return _echo(_given(self._aibot, "AIBOT"), request)

    async def aibot(self, request: web.Request) -> web.Response:
        self._intake.admit()
        door, body = _given(self._aibot, "AIBOT"), await request.read()
        await self._intake.keep_read(
            lambda: [_arrival("aibot", *aibot.read(door, _query(request), body, self._clock.now()))]
        )
        return web.Response()


def _query(request: web.Request) -> Mapping[str, str]:
    """What the query says. Written as WeCom writes it, where nothing is to be decoded, it costs a fraction."""
    usual = SIGNED.fullmatch(request.query_string)
    return usual.groupdict() if usual else request.query


def _arrival(source: str, event: Event, key: str) -> Arrival:
    return Arrival(source, event, key, trace_of(event, key))


def _given(door: Envelope | None, name: str) -> Envelope:
    if door is None:
        raise _not_set(name)
    return door


def _echo(door: Envelope, request: web.Request) -> web.Response:
    return web.Response(body=wecom.verify(door, request.query), content_type="text/plain")


def _not_set(name: str) -> SettingsError:
    return SettingsError(f"this bot has no XIAOER_{name}__… settings")
