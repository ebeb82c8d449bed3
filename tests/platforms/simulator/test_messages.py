"""App messages, cards, webhooks, app-made groups, media."""

import base64
import hashlib
import io
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.platforms.simulator import INTERNAL_GROUP, WEBHOOK_KEY

from .stage import Stage

CARD: dict[str, Any] = {
    "card_type": "button_interaction",
    "main_title": {"title": "线索提醒"},
    "task_id": "lead-1",
    "button_list": [{"text": "认领", "key": "claim"}, {"text": "忽略", "key": "ignore"}],
}


def message(kind: str = "text", content: dict[str, Any] | None = None, to: str = "zhou") -> dict[str, Any]:
    return {"touser": to, "msgtype": kind, "agentid": 1000002, kind: content or {"content": "hi"}}


async def test_a_partly_wrong_list_of_recipients_is_a_success(stage: Stage) -> None:
    answer = await stage.wecom("message/send", message(to="ZHOU|NoBody"))
    assert (answer["errcode"], answer["invaliduser"]) == (0, "nobody")
    assert (await stage.wecom("message/send", message(to="NoBody")))["errcode"] == 81013
    assert (await stage.wecom("message/send", message(to="")))["errcode"] == 82001
    by_party = {**message(to=""), "toparty": "2|99"}
    assert (await stage.wecom("message/send", by_party))["invalidparty"] == "99"
    assert len(stage.simulator.inbox_of("boss")) == 1


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({**message(), "agentid": 7}, 301002),
        (message("poem", {"x": 1}), 40008),
        (message("markdown", {"content": "x" * 2049}), 45002),
        (message("image", {"media_id": "none"}), 40007),
        (message("template_card", {**CARD, "task_id": "no blanks"}), 42014),
        (message("template_card", {**CARD, "card_type": "poem"}), 42021),
        (message("template_card", {**CARD, "main_title": {}}), 42022),
        (message("template_card", {**CARD, "button_list": []}), 42020),
        (message("template_card", {**CARD, "button_list": [{"text": "a", "key": "k"}] * 2}), 42018),
        (message("template_card", {"card_type": "text_notice", "main_title": {"title": "t"}}), 42023),
    ],
)
async def test_message_refusals(stage: Stage, body: dict[str, Any], errcode: int) -> None:
    assert (await stage.wecom("message/send", body))["errcode"] == errcode


async def test_a_long_text_is_cut_between_characters(stage: Stage) -> None:
    await stage.wecom("message/send", message(content={"content": "好" * 1000}))
    [shown] = stage.simulator.inbox_of("zhou")
    assert shown.content["content"] == "好" * 682


async def test_the_thirty_first_message_of_a_minute_vanishes_silently(stage: Stage) -> None:
    for _ in range(31):
        assert (await stage.wecom("message/send", message()))["errcode"] == 0
    assert len(stage.simulator.inbox_of("zhou")) == 30
    stage.clock.advance(timedelta(minutes=1))
    await stage.wecom("message/send", message())
    assert len(stage.simulator.inbox_of("zhou")) == 31


async def test_a_card_is_pressed_and_updated_once_per_code(stage: Stage) -> None:
    sent = await stage.wecom("message/send", message("template_card", CARD, to="zhou|lin"))
    assert sent["response_code"]
    press = await stage.simulator.press("zhou", "lead-1", "claim", selected={"q": ["a", "b"]})
    await stage.simulator.settle()
    [event] = stage.bot.events
    assert (event["Event"], event["EventKey"], event["TaskId"]) == ("template_card_event", "claim", "lead-1")
    assert (event["CardType"], event["AgentID"]) == ("button_interaction", "1000002")
    assert event["ResponseCode"] == press.response_code != sent["response_code"]
    assert event["SelectedItems"]["SelectedItem"]["OptionIds"]["OptionId"] == ["a", "b"]
    update = {"agentid": 1000002, "response_code": press.response_code, "userids": ["zhou", "boss"]}
    update["button"] = {"replace_name": "周已认领"}
    answer = await stage.wecom("message/update_template_card", update)
    assert (answer["errcode"], answer["invaliduser"]) == (0, ["boss"])
    assert (await stage.wecom("message/update_template_card", update))["errcode"] == 60140
    assert stage.simulator.cards_of("zhou")[0].content["replaced"] == "周已认领"
    assert "replaced" not in stage.simulator.cards_of("lin")[0].content
    with pytest.raises(ValueError, match="buttons are gone"):
        await stage.simulator.press("zhou", "lead-1", "claim")
    stage.clock.advance(timedelta(hours=73))
    await stage.token()
    update["response_code"] = sent["response_code"]
    assert (await stage.wecom("message/update_template_card", update))["errcode"] == 60140


async def test_a_task_id_is_used_once(stage: Stage) -> None:
    await stage.wecom("message/send", message("template_card", CARD))
    assert (await stage.wecom("message/send", message("template_card", CARD)))["errcode"] == 42014


async def test_recall_within_a_day(stage: Stage) -> None:
    sent = await stage.wecom("message/send", message())
    assert (await stage.wecom("message/recall", {"msgid": "x"}))["errcode"] == 40058
    assert (await stage.wecom("message/recall", {"msgid": sent["msgid"]}))["errcode"] == 0
    assert stage.simulator.inbox_of("zhou")[0].kind == "recalled"
    stage.clock.advance(timedelta(hours=25))
    await stage.token()
    assert (await stage.wecom("message/recall", {"msgid": sent["msgid"]}))["errcode"] == 42052


async def test_a_webhook_takes_twenty_messages_a_minute(stage: Stage) -> None:
    text = {"msgtype": "text", "text": {"content": "早"}}
    path, query = "/wecom/cgi-bin/webhook/send", {"key": WEBHOOK_KEY}
    codes = [(await stage.raw("POST", path, text, query))["errcode"] for _ in range(21)]
    assert codes == [0] * 20 + [45009]
    assert len(stage.simulator.messages_of(INTERNAL_GROUP)) == 20
    assert (await stage.raw("POST", path, text, {"key": "wrong"}))["errcode"] == 93000
    stage.clock.advance(timedelta(minutes=1))
    assert (await stage.raw("POST", path, {"msgtype": "text", "text": {}}, query))["errcode"] == 93017
    picture = b"\x89PNG picture"
    image = {"base64": base64.b64encode(picture).decode(), "md5": hashlib.md5(picture).hexdigest()}
    assert (await stage.raw("POST", path, {"msgtype": "image", "image": image}, query))["errcode"] == 0
    image["md5"] = "0"
    assert (await stage.raw("POST", path, {"msgtype": "image", "image": image}, query))["errcode"] == 40058


async def test_app_made_groups(stage: Stage) -> None:
    made = {"name": "值班", "owner": "lin", "userlist": ["lin", "zhou"], "chatid": "duty1"}
    assert (await stage.wecom("appchat/create", made))["chatid"] == "duty1"
    assert (await stage.wecom("appchat/create", made))["errcode"] == 86215
    await stage.wecom("appchat/update", {"chatid": "duty1", "del_user_list": ["zhou"], "add_user_list": ["boss"]})
    assert (await stage.wecom("appchat/get", chatid="duty1"))["chat_info"]["userlist"] == ["lin", "boss"]
    said = {"chatid": "duty1", "msgtype": "text", "text": {"content": "hi"}}
    assert (await stage.wecom("appchat/send", said))["errcode"] == 0
    other = stage.simulator.group_of(INTERNAL_GROUP).chat_id
    assert (await stage.wecom("appchat/send", {**said, "chatid": other}))["errcode"] == 86008
    assert (await stage.wecom("appchat/send", {**said, "chatid": "none"}))["errcode"] == 40050


async def upload(stage: Stage, path: str, content: bytes, **query: str) -> dict[str, Any]:
    form = aiohttp.FormData()
    form.add_field("media", io.BytesIO(content), filename="海报.png", content_type="image/png")
    async with stage.client.post(f"/wecom/cgi-bin/{path}", data=form, params=query) as answer:
        found: dict[str, Any] = await answer.json()
        return found


async def test_media_live_three_days_and_stay_in_their_family(stage: Stage) -> None:
    await stage.token()
    token = {"access_token": stage.tokens["wecom"]}
    picture = b"\x89PNG" + b"p" * 3_000_000
    media_id = (await upload(stage, "media/upload", picture, type="image", **token))["media_id"]
    async with stage.client.get("/wecom/cgi-bin/media/get", params={**token, "media_id": media_id}) as answer:
        assert await answer.read() == picture
    assert (await stage.wecom("message/send", message("image", {"media_id": media_id})))["errcode"] == 0
    assert (await upload(stage, "media/upload", b"tiny", type="image", **token))["errcode"] == 44001
    assert (await upload(stage, "media/uploadimg", picture, **token))["errcode"] == 45001
    assert "url" in await upload(stage, "media/uploadimg", picture[:1000], **token)
    hook = await upload(stage, "webhook/upload_media", b"a file", type="file", key=WEBHOOK_KEY)
    assert (await stage.wecom("message/send", message("file", {"media_id": hook["media_id"]})))["errcode"] == 40007
    stage.clock.advance(timedelta(days=3))
    await stage.token()
    assert (await stage.wecom("message/send", message("image", {"media_id": media_id})))["errcode"] == 40007


async def test_a_passive_reply_reaches_the_staff(stage: Stage) -> None:
    from aiohttp import web

    from .stage import work_crypto

    config = stage.simulator.config

    def answer(event: dict[str, Any]) -> web.Response:
        plain = (
            f"<xml><ToUserName>lin</ToUserName><FromUserName>{config.corp_id}</FromUserName>"
            "<CreateTime>1</CreateTime><MsgType>text</MsgType><Content>好的</Content></xml>"
        )
        return web.Response(text=work_crypto(config).encrypt_message(plain, "n", "1"))

    stage.bot.answer = answer
    reply = await stage.simulator.ask("lin", "/help")
    assert reply is not None
    assert reply.text == "好的"
    assert [one.content["content"] for one in stage.simulator.inbox_of("lin")] == ["/help", "好的"]
