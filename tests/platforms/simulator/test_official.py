"""The official account: modes, passive replies, credits, kinds of account."""

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from wechatpy import parse_message
from wechatpy.replies import create_reply

from bot.platforms.simulator import SimulatorConfig, openid, unionid
from bot.platforms.simulator.config import OfficialMode
from bot.platforms.simulator.replies import SERVICE_FAULT

from .conftest import MakeStage
from .stage import Stage, official_crypto


def text_reply(stage: Stage, text: str, *, encrypted: bool = True, swap: bool = True) -> None:
    """Let the bot answer with wechatpy's own reply."""
    config = stage.simulator.config

    def answer(event: dict[str, Any]) -> web.Response:
        to, sender = event["FromUserName"], event["ToUserName"]
        reply = create_reply(text)
        reply.target, reply.source = (to, sender) if swap else (sender, to)
        plain = reply.render()
        return web.Response(text=official_crypto(config).encrypt_message(plain, "n", "1") if encrypted else plain)

    stage.bot.answer = answer


@pytest.mark.parametrize("mode", ["safe", "compat", "plain"])
async def test_a_text_is_answered_within_the_response(make_stage: MakeStage, mode: OfficialMode) -> None:
    stage = await make_stage(SimulatorConfig(official_mode=mode))
    await stage.simulator.follow("mei")
    text_reply(stage, "九点到九点", encrypted=mode == "safe")
    reply = await stage.simulator.write("mei", "营业时间")
    assert reply is not None
    assert (reply.kind, reply.text) == ("text", "九点到九点")
    message = stage.bot.events[-1]
    assert (message["MsgType"], message["Content"], message["FromUserName"]) == ("text", "营业时间", openid("mei"))
    assert stage.bot.queries[-1]["openid"] == openid("mei")
    assert ("encrypt_type" in stage.bot.queries[-1]) == (mode != "plain")
    assert ("<Content>" in stage.bot.bodies[-1]) == (mode != "safe")
    assert [one.content["content"] for one in stage.simulator.inbox_of("mei")] == ["营业时间", "九点到九点"]


async def test_wechatpy_reads_our_events(make_stage: MakeStage) -> None:
    stage = await make_stage(SimulatorConfig(official_mode="plain"))
    await stage.simulator.follow("mei", "spring_poster")
    await stage.simulator.follow("mei", "spring_poster")
    await stage.simulator.click("mei", "offers")
    await stage.simulator.view("mei", "https://shop.example/")
    await stage.simulator.unfollow_official("mei")
    events = [parse_message(body) for body in stage.bot.bodies]
    assert [event.event for event in events] == ["subscribe_scan", "scan", "click", "view", "unsubscribe"]
    assert [event["EventKey"] for event in stage.bot.events[:3]] == ["qrscene_spring_poster", "spring_poster", "offers"]
    assert stage.bot.events[0]["Ticket"]


@pytest.mark.parametrize("body", ["", "success"])
async def test_no_reply_is_no_fault(stage: Stage, body: str) -> None:
    stage.bot.answer = lambda event: web.Response(text=body)
    await stage.simulator.follow("mei")
    assert await stage.simulator.write("mei", "hi") is None
    assert [one.kind for one in stage.simulator.inbox_of("mei")] == ["text"]


@pytest.mark.parametrize(
    "body", ["{}", "<xml>", "<xml><MsgType>text</MsgType></xml>", "<xml><Encrypt>AAAA</Encrypt></xml>", "Error 500"]
)
async def test_a_malformed_reply_shows_the_service_fault(stage: Stage, body: str) -> None:
    await stage.simulator.follow("mei")
    stage.bot.answer = lambda event: web.Response(text=body)
    assert await stage.simulator.write("mei", "hi") is None
    assert stage.simulator.inbox_of("mei")[-1].content == {"content": SERVICE_FAULT}
    assert stage.simulator.callbacks("text")[-1].outcome == "fault"


async def test_unswapped_names_and_a_plain_reply_in_safe_mode_are_faults(stage: Stage) -> None:
    await stage.simulator.follow("mei")
    text_reply(stage, "x", swap=False)
    await stage.simulator.write("mei", "hi")
    text_reply(stage, "x", encrypted=False)
    await stage.simulator.write("mei", "hi")
    assert [one.kind for one in stage.simulator.inbox_of("mei")] == ["text", "fault", "text", "fault"]


async def test_a_bot_that_fails_three_times_shows_the_service_fault(stage: Stage) -> None:
    await stage.simulator.follow("mei")
    stage.bot.answer = lambda event: web.Response(status=500)
    assert await stage.simulator.write("mei", "hi") is None
    for _ in range(2):
        await stage.simulator.settle()
        assert [one.kind for one in stage.simulator.inbox_of("mei")] == ["text"]
        stage.clock.advance(timedelta(seconds=5))
    await stage.simulator.settle()
    assert [one.kind for one in stage.simulator.inbox_of("mei")] == ["text", "fault"]


async def test_credits_run_out_and_windows_close(stage: Stage) -> None:
    send = {"touser": openid("mei"), "msgtype": "text", "text": {"content": "hi"}}
    assert (await stage.official("message/custom/send", send))["errcode"] == 40003
    await stage.simulator.follow("mei")
    codes = [(await stage.official("message/custom/send", send))["errcode"] for _ in range(4)]
    assert codes == [0, 0, 0, 45047]
    stage.clock.advance(timedelta(minutes=1))
    late = await stage.official("message/custom/send", send)
    assert late["errcode"] == 45015
    assert " rid: " in late["errmsg"]
    await stage.simulator.write("mei", "hi")
    codes = [(await stage.official("message/custom/send", send))["errcode"] for _ in range(6)]
    assert codes == [0] * 5 + [45047]
    await stage.simulator.unfollow_official("mei")
    assert (await stage.official("message/custom/send", send))["errcode"] == 45015


async def test_an_unverified_subscription_account_may_only_answer(make_stage: MakeStage) -> None:
    stage = await make_stage(SimulatorConfig(official_kind="subscription", official_verified=False))
    await stage.simulator.follow("mei")
    send = {"touser": openid("mei"), "msgtype": "text", "text": {"content": "hi"}}
    assert (await stage.official("message/custom/send", send))["errcode"] == 48001
    assert (await stage.official("user/info", openid=openid("mei")))["errcode"] == 48001
    assert (await stage.official("tags/get"))["errcode"] == 48001
    assert (await stage.official("menu/create", {"button": []}))["errcode"] == 48001
    assert "ip_list" in await stage.official("getcallbackip")


async def test_a_verified_subscription_account_has_no_scenes_and_no_templates(make_stage: MakeStage) -> None:
    stage = await make_stage(SimulatorConfig(official_kind="subscription"))
    assert (await stage.official("qrcode/create", {}))["errcode"] == 48001
    assert (await stage.official("message/template/send", {}))["errcode"] == 48001
    assert (await stage.official("tags/get"))["tags"] == []


async def test_a_scene_code_made_by_api_comes_back_in_the_event(stage: Stage) -> None:
    body = {"expire_seconds": 60, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "door"}}}
    made = await stage.official("qrcode/create", body)
    followed = await stage.simulator.follow("mei", made["ticket"])
    assert stage.bot.events[0]["EventKey"] == "qrscene_door"
    user = await stage.official("user/info", openid=followed.openid)
    assert (user["unionid"], user["qr_scene_str"], "errcode" in user) == (unionid("mei"), "door", False)
    await stage.simulator.unfollow_official("mei")
    assert (await stage.official("user/info", openid=followed.openid)) == {"subscribe": 0, "openid": followed.openid}


async def test_tags(stage: Stage) -> None:
    await stage.simulator.follow("mei")
    tag = (await stage.official("tags/create", {"tag": {"name": "新客"}}))["tag"]
    assert (await stage.official("tags/create", {"tag": {"name": "新客"}}))["errcode"] == 45157
    assert (await stage.official("tags/create", {"tag": {"name": "x" * 31}}))["errcode"] == 45158
    body = {"openid_list": [openid("mei")], "tagid": tag["id"]}
    assert (await stage.official("tags/members/batchtagging", body))["errcode"] == 0
    assert (await stage.official("tags/members/batchtagging", {**body, "tagid": 7}))["errcode"] == 45159
    many = {**body, "openid_list": [openid("mei")] * 51}
    assert (await stage.official("tags/members/batchtagging", many))["errcode"] == 40032
    assert (await stage.official("tags/get"))["tags"] == [{**tag, "count": 1}]
    assert (await stage.official("tags/getidlist", {"openid": openid("mei")}))["tagid_list"] == [tag["id"]]


async def test_the_list_of_followers_ends_with_an_empty_page(stage: Stage) -> None:
    await stage.simulator.follow("mei")
    page = await stage.official("user/get")
    assert (page["count"], page["next_openid"]) == (1, openid("mei"))
    assert "data" not in await stage.official("user/get", next_openid=page["next_openid"])


async def test_menus(stage: Stage) -> None:
    assert (await stage.official("menu/get"))["menu"]["button"]
    assert (await stage.official("menu/delete"))["errcode"] == 0
    assert (await stage.official("menu/get"))["errcode"] == 46003
    assert (await stage.official("menu/create", {"button": []}))["errcode"] == 40016
    button = {"type": "click", "name": "福利", "key": "offers"}
    assert (await stage.official("menu/create", {"button": [button]}))["errcode"] == 0
    assert (await stage.official("menu/create", {"button": [{**button, "name": "长" * 6}]}))["errcode"] == 40018


async def test_a_template_message_is_accepted_and_its_end_announced(stage: Stage) -> None:
    await stage.simulator.follow("mei")
    data = {"thing1": {"value": "咖啡豆"}, "character_string2": {"value": "A1"}, "time3": {"value": "2026-03-02"}}
    body = {"touser": openid("mei"), "template_id": "order_update", "data": data, "client_msg_id": "1"}
    sent = await stage.official("message/template/send", body)
    assert sent["errcode"] == 0
    await stage.simulator.settle()
    assert stage.bot.events[-1]["MsgID"] == str(sent["msgid"])
    assert stage.bot.events[-1]["Status"] == "success"
    assert (await stage.official("message/template/send", body))["errcode"] == 45065
    long = {**body, "client_msg_id": "2", "data": {**data, "thing1": {"value": "长" * 21}}}
    assert (await stage.official("message/template/send", long))["errcode"] == 47003
    assert (await stage.official("message/template/send", {**body, "template_id": "x"}))["errcode"] == 40037


async def test_the_two_kinds_of_token(stage: Stage) -> None:
    config = stage.simulator.config
    asked = {"grant_type": "client_credential", "appid": config.official_app_id, "secret": config.official_secret}
    stable = [await stage.raw("POST", "/official/cgi-bin/stable_token", asked, {}) for _ in range(2)]
    plain = [await stage.raw("GET", "/official/cgi-bin/token", None, asked) for _ in range(2)]
    assert stable[0]["access_token"] == stable[1]["access_token"]
    assert plain[0]["access_token"] != plain[1]["access_token"]
    forced = await stage.raw("POST", "/official/cgi-bin/stable_token", {**asked, "force_refresh": True}, {})
    stage.tokens["official"] = stable[0]["access_token"]
    assert (await stage.official("getcallbackip"))["errcode"] == 40014
    stage.tokens["official"] = forced["access_token"]
    assert "ip_list" in await stage.official("getcallbackip")
    assert (await stage.official("callback/check", {"action": "all"}))["dns"]
    wrong = {**asked, "secret": "x"}
    assert (await stage.raw("GET", "/official/cgi-bin/token", None, wrong))["errcode"] == 40001
