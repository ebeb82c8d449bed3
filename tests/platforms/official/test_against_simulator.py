"""Door and client against the local platform, which was written from the documents alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import get_args

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.clock import ManualClock
from bot.errors import PlatformError
from bot.model.events import Event, MessageReceived, OfficialEvent
from bot.platforms.http import Http
from bot.platforms.official import callback
from bot.platforms.official.client import Official
from bot.platforms.simulator import Simulator, SimulatorConfig, openid, unionid
from bot.platforms.simulator.config import OfficialMode
from bot.settings import OfficialSettings

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


class Account:
    """A bot of a few lines around our door, and the platform it talks to."""

    def __init__(self, config: SimulatorConfig) -> None:
        self.config, self.clock = config, ManualClock(NOW)
        self.simulator = Simulator(self.clock, config)
        self.events: list[Event] = []
        self.keys: list[str] = []
        self.says = ""
        self.settings = OfficialSettings.model_validate(
            {
                "app_id": config.official_app_id,
                "secret": config.official_secret,
                "token": config.official_token,
                "aes_key": config.official_aes_key,
                "mode": config.official_mode,
            }
        )

    async def take(self, request: web.Request) -> web.Response:
        now = self.clock.now()
        event, key, fields = callback.read(self.settings, request.query, await request.read(), now)
        self.events.append(event)
        self.keys.append(key)
        return web.Response(text=callback.reply_body(self.settings, fields, self.says, now, "n1"))


@asynccontextmanager
async def opened(config: SimulatorConfig) -> AsyncIterator[tuple[Account, Official]]:
    account = Account(config)
    doors = web.Application()
    doors.router.add_post("/official", account.take)
    async with (
        TestServer(doors) as door,
        TestServer(account.simulator.app) as platform,
        aiohttp.ClientSession() as session,
    ):
        address = str(door.make_url("/official"))
        account.simulator.connect(wecom=address, official=address)
        there = account.settings.model_copy(update={"api_base": str(platform.make_url("/official"))})
        yield account, Official(Http(session), there, account.clock)
        await account.simulator.close()


@pytest.mark.parametrize("mode", get_args(OfficialMode))
async def test_mei_follows_asks_and_is_answered(mode: OfficialMode) -> None:
    async with opened(SimulatorConfig(official_mode=mode)) as (account, _official):
        await account.simulator.follow("mei", "spring")
        account.says = "九点到九点 😀 ]]>"
        reply = await account.simulator.write("mei", "营业时间")
        assert reply is not None
        assert (reply.kind, reply.text) == ("text", "九点到九点 😀 ]]>")
        followed, asked = account.events
        assert isinstance(followed, OfficialEvent)
        assert (followed.name, followed.event_key, followed.open_id) == ("subscribe", "spring", openid("mei"))
        assert isinstance(asked, MessageReceived)
        assert (asked.text, asked.open_id) == ("营业时间", openid("mei"))
        assert len(set(account.keys)) == 2


async def test_the_profile_of_a_follower_holds_the_unionid() -> None:
    async with opened(SimulatorConfig()) as (account, official):
        await account.simulator.follow("mei", "spring")
        answer = await official.call("user/info", {"openid": openid("mei"), "lang": "zh_CN"})
        assert (answer["subscribe"], answer["unionid"], answer["qr_scene_str"]) == (1, unionid("mei"), "spring")


async def test_an_account_without_the_right_is_refused() -> None:
    config = SimulatorConfig(official_kind="subscription", official_verified=False)
    async with opened(config) as (account, official):
        await account.simulator.follow("mei")
        with pytest.raises(PlatformError) as refused:
            await official.call("user/info", {"openid": openid("mei")})
        assert refused.value.errcode == 48001
        assert len(account.simulator.calls("official/stable_token")) == 1
