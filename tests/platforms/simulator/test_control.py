"""Faults, the record of calls, the control API and the page."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest

from bot.platforms.simulator import CUSTOMER_GROUP
from tests.servers import PATIENCE_S

from .stage import Stage


async def test_calls_are_recorded_with_body_and_answer(stage: Stage) -> None:
    await stage.wecom("user/get", userid="zhou")
    [call] = stage.simulator.calls("user/get")
    assert (call.at, call.query["userid"], call.errcode) == (stage.clock.now(), "zhou", 0)
    assert (await stage.wecom("no/such/thing"))["errcode"] == 40066
    async with stage.client.get("/wecom/cgi-bin/message/send", params={"access_token": "x"}) as answer:
        assert (answer.status, (await answer.json())["errcode"]) == (200, 40003)


async def test_faults_before_acting(stage: Stage) -> None:
    body = {"touser": "zhou", "msgtype": "text", "agentid": 1000002, "text": {"content": "x"}}
    await stage.token()
    faults = stage.simulator.faults
    faults.fail("message/send", -1, times=2)
    codes = [(await stage.wecom("message/send", body))["errcode"] for _ in range(2)]
    assert codes == [-1, -1]
    faults.cut("message/send")
    with pytest.raises(aiohttp.ClientError):
        await stage.wecom("message/send", body)
    faults.http("message/send", 502)
    with pytest.raises(aiohttp.ContentTypeError):
        await stage.wecom("message/send", body)
    assert stage.simulator.inbox_of("zhou") == []
    assert (await stage.wecom("message/send", body))["errcode"] == 0


async def test_faults_after_acting(stage: Stage) -> None:
    body = {"touser": "zhou", "msgtype": "text", "agentid": 1000002, "text": {"content": "x"}}
    await stage.token()
    stage.simulator.faults.after("message/send")
    with pytest.raises(aiohttp.ClientError):
        await stage.wecom("message/send", body)
    stage.simulator.faults.garbage("message/send")
    with pytest.raises((ValueError, aiohttp.ContentTypeError)):
        await stage.wecom("message/send", body)
    assert len(stage.simulator.inbox_of("zhou")) == 2
    assert [call.answer for call in stage.simulator.calls("message/send")] == [None, None]


async def someone_waits(stage: Stage) -> None:
    while stage.clock.next_wake() is None:  # noqa: ASYNC110 - the clock announces nothing
        await asyncio.sleep(0.01)


async def test_a_hanging_call_ends_with_the_clock_or_with_the_platform(stage: Stage) -> None:
    await stage.token()
    stage.simulator.faults.hang("user/get", 30, times=2)
    asked = asyncio.ensure_future(stage.wecom("user/get", userid="zhou"))
    await someone_waits(stage)
    stage.clock.advance(timedelta(seconds=30))
    assert (await asked)["errcode"] == 0
    asked = asyncio.ensure_future(stage.wecom("user/get", userid="zhou"))
    await someone_waits(stage)
    await stage.simulator.close()
    await asked


async def test_an_api_shuts_for_a_minute_after_too_many_calls(stage: Stage) -> None:
    await stage.token()
    stage.simulator.limits.calls.limit = 3
    codes = [(await stage.wecom("user/get", userid="zhou"))["errcode"] for _ in range(4)]
    assert codes == [0, 0, 0, 45009]
    stage.clock.advance(timedelta(seconds=61))
    assert (await stage.wecom("user/get", userid="zhou"))["errcode"] == 0


async def test_the_page_and_what_it_asks_for(stage: Stage) -> None:
    async with stage.client.get("/") as answer:
        page = await answer.text()
    for name in ("page/app.js", "page/style.css"):
        assert name in page
        async with stage.client.get(f"/{name}") as answer:
            assert answer.status == 200
    async with stage.client.get("/control/state") as answer:
        state = await answer.json()
    assert [contact["key"] for contact in state["contacts"]] == ["mei", "hao"]
    assert state["groups"][0]["name"] == CUSTOMER_GROUP


async def test_people_act_through_the_control_api(stage: Stage) -> None:
    status, scan = await stage.post("/control/scan", {"way": "spring", "by": "mei"})
    assert (status, scan["userid"]) == (200, "zhou")
    assert (await stage.post("/control/join", {"group": CUSTOMER_GROUP, "contact": "mei"}))[0] == 200
    assert (await stage.post("/control/say", {"who": "mei", "text": "早", "group": CUSTOMER_GROUP}))[0] == 200
    assert (await stage.post("/control/tell", {"staff": "lin", "text": "/help"}))[0] == 200
    assert (await stage.post("/control/follow", {"person": "mei"}))[0] == 200
    assert (await stage.post("/control/write", {"person": "mei", "text": "hi"}))[1]["reply"] is None
    assert (await stage.post("/control/contact"))[1]["key"] == "guest1"
    assert (await stage.post("/control/fault", {"endpoint": "user/get", "kind": "fail", "errcode": -1}))[0] == 200
    await stage.simulator.settle()
    assert (await stage.wecom("user/get", userid="zhou"))["errcode"] == -1
    assert len(stage.bot.events) == 6


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [
        ("press", {"staff": "zhou", "key": "x"}, 400),
        ("scan", {"way": "nothing", "by": "mei"}, 400),
        ("say", {"who": "mei"}, 400),
        ("confirm", {"staff": "zhou"}, 400),
        ("dance", {}, 404),
        ("story/none", {}, 404),
    ],
)
async def test_mistakes_are_one_line(stage: Stage, action: str, body: dict[str, str], status: int) -> None:
    answered, answer = await stage.post(f"/control/{action}", body)
    assert answered == status
    assert "\n" not in answer["error"]


async def test_changes_are_announced(stage: Stage) -> None:
    async with stage.client.get("/control/events") as answer:
        first = await answer.content.readline()
        await answer.content.readline()
        await stage.simulator.tell("lin", "/help")
        second = await answer.content.readline()
    assert int(second.removeprefix(b"data: ")) > int(first.removeprefix(b"data: "))


@pytest.mark.parametrize("name", ["welcome", "hygiene", "tagging", "loss", "group_post", "official", "commands"])
async def test_every_story_plays_to_its_end_even_when_the_bot_is_silent(stage: Stage, name: str) -> None:
    status, _ = await stage.post(f"/control/story/{name}", {"pace_s": 0})
    assert status == 200
    simulator = stage.simulator
    async with asyncio.timeout(PATIENCE_S):
        while not simulator.narration or simulator.narration[-1]["en"] != "The end.":
            await asyncio.sleep(0.01)
            stage.clock.advance(timedelta(seconds=1))
    await simulator.settle()
    assert len(simulator.narration) > 2
    assert simulator.callbacks()
