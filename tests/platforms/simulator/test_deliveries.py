"""Callbacks: sealed, repeated, lost, held, and the URL check."""

import asyncio
from datetime import timedelta

from aiohttp import web

from bot.platforms.simulator import SimulatorConfig

from .conftest import MakeStage
from .stage import Stage


async def test_a_scan_reaches_the_bot_in_an_envelope_that_wechatpy_opens(stage: Stage) -> None:
    scan = await stage.simulator.scan("spring", by="mei")
    await stage.simulator.settle()
    [event] = stage.bot.events
    assert event["ChangeType"] == "add_external_contact"
    assert event["ExternalUserID"] == scan.external_userid
    assert event["State"] == "spring"
    assert event["WelcomeCode"] == scan.welcome_code
    assert event["CreateTime"] == str(int(scan.at.timestamp()))


async def test_both_urls_are_verified(stage: Stage) -> None:
    assert await stage.simulator.verify("wecom") == "ok"
    assert await stage.simulator.verify("official") == "ok"


async def test_a_url_that_gives_a_longer_text_is_not_verified(stage: Stage) -> None:
    stage.simulator.connect(wecom=str(stage.client.make_url("/control/state")), official=None)
    assert await stage.simulator.verify("wecom") == "another text than the echo string"


async def test_a_refused_callback_comes_again_after_five_seconds_with_a_fresh_nonce(stage: Stage) -> None:
    stage.bot.answer = lambda event: web.Response(status=500)
    await stage.simulator.scan("spring", by="mei")
    await stage.simulator.settle()
    assert len(stage.bot.events) == 1
    for wanted in (2, 3, 3):
        stage.clock.advance(timedelta(seconds=5))
        await stage.simulator.settle()
        assert len(stage.bot.events) == wanted
    assert len({query["nonce"] for query in stage.bot.queries}) == 3
    assert len(set(stage.bot.bodies)) == 3
    assert stage.bot.events[0] == stage.bot.events[2]
    assert [one.outcome for one in stage.simulator.callbacks()] == ["http"] * 3


async def test_an_answer_ends_the_retries(stage: Stage) -> None:
    stage.bot.answer = lambda event: web.Response(status=503 if len(stage.bot.events) == 1 else 200)
    await stage.simulator.scan("spring", by="mei")
    await stage.simulator.settle()
    stage.clock.advance(timedelta(minutes=1))
    await stage.simulator.settle()
    assert len(stage.bot.events) == 2


async def test_a_bot_that_takes_too_long_is_cut_off(make_stage: MakeStage) -> None:
    stage = await make_stage(SimulatorConfig(callback_timeout_s=0.05, deliveries=1))
    never = asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        await asyncio.wait_for(never.wait(), 0.2)
        return web.Response()

    app = web.Application()
    app.router.add_post("/", slow)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stage.simulator.connect(wecom=f"http://127.0.0.1:{runner.addresses[0][1]}/", official=None)
    await stage.simulator.scan("spring", by="mei")
    await stage.simulator.settle()
    never.set()
    await runner.cleanup()
    assert [one.outcome for one in stage.simulator.callbacks()] == ["timeout"]


async def test_one_callback_can_be_delivered_four_times_although_it_is_answered(stage: Stage) -> None:
    await stage.simulator.scan("spring", by="mei", deliveries=4)
    await stage.simulator.settle()
    assert len(stage.bot.events) == 4
    assert len({event["WelcomeCode"] for event in stage.bot.events}) == 1


async def test_callbacks_can_be_lost_doubled_and_turned_around(stage: Stage) -> None:
    courier = stage.simulator.courier
    courier.drop()
    await stage.simulator.unfollow("hao", "zhou")
    await stage.simulator.settle()
    assert stage.bot.events == []
    courier.duplicate()
    await stage.simulator.tell("lin", "one")
    await stage.simulator.settle()
    assert [event["Content"] for event in stage.bot.events] == ["one", "one"]
    courier.hold()
    await stage.simulator.tell("lin", "two")
    await stage.simulator.settle()
    assert len(stage.bot.events) == 2
    courier.release(backwards=True)
    await stage.simulator.settle()
    assert stage.bot.events[-1]["Content"] == "two"


async def test_closing_leaves_nothing_behind(stage: Stage) -> None:
    stage.bot.answer = lambda event: web.Response(status=500)
    await stage.simulator.scan("spring", by="mei")
    await stage.simulator.settle()
    await stage.simulator.close()
    await stage.simulator.close()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("callback")]


async def test_only_app_messages_carry_the_agent(stage: Stage) -> None:
    await stage.simulator.scan("spring", by="mei")
    await stage.simulator.settle()
    await stage.simulator.tell("zhou", "/help")
    await stage.simulator.settle()
    assert "AgentID" not in stage.bot.bodies[0]
    assert "<AgentID>" in stage.bot.bodies[1]
    assert stage.bot.events[1]["AgentID"] == "1000002"
