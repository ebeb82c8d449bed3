"""The AI bot's callback door, over real HTTP, with envelopes that another hand has sealed."""

import json
import re
from typing import Any

import pytest
from aiohttp import ClientResponse

from bot.storage.work import Store

from .conftest import Client, OpenDoors, kept
from .doors import AES_KEY, TOKEN, Sealed, refused, seal

URL = "https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=CODE1"


TEXT = {"msgtype": "text", "text": {"content": "看"}}


@pytest.fixture
async def door(open_doors: OpenDoors) -> Client:
    return await open_doors(aibot={"token": TOKEN, "aes_key": AES_KEY})


def message(**changed: Any) -> dict[str, Any]:
    said = {"msgid": "m1", "aibotid": "aib1", "chattype": "single", "from": {"userid": "zhou"}, "response_url": URL}
    return {**said, "msgtype": "text", "text": {"content": "库存"}, **changed}


def sealed(inside: object, **how: str) -> Sealed:
    xml = seal(json.dumps(inside), corp="", **how)
    [cipher_text] = re.findall(rb"<Encrypt><!\[CDATA\[(.+?)\]\]>", xml.body)
    return Sealed(json.dumps({"encrypt": cipher_text.decode()}).encode(), xml.query)


async def send(client: Client, letter: Sealed) -> ClientResponse:
    return await client.post("/callback/aibot", params=letter.query, data=letter.body)


async def test_a_message_is_kept_once(door: Client, store: Store) -> None:
    for _delivery in range(3):
        answer = await send(door, sealed(message()))
        assert (answer.status, await answer.text()) == (200, "")
    [row] = kept(store)
    assert (row.source, row.kind, row.subject) == ("aibot", "message.received", "staff:zhou")
    assert row.payload["text"] == "库存"
    assert row.payload["content"] == {"response_code": "CODE1"}


@pytest.mark.parametrize(
    ("changed", "text", "chat"),
    [
        ({"chattype": "group", "chatid": "wrIN", "text": {"content": "@小二 库存"}}, "库存", "wrIN"),
        ({"msgtype": "voice", "voice": {"content": "说的话"}}, "说的话", None),
        ({"msgtype": "image", "image": {"url": "https://x"}}, "", None),
        (
            {"msgtype": "mixed", "mixed": {"msg_item": [TEXT, {"msgtype": "image"}]}},
            "看",
            None,
        ),
    ],
)  # fmt: skip
async def test_what_can_be_said(
    door: Client, store: Store, changed: dict[str, Any], text: str, chat: str | None
) -> None:
    await send(door, sealed(message(**changed)))
    [row] = kept(store)
    assert (row.payload["text"], row.payload["chat_id"]) == (text, chat)


async def test_what_nobody_knows_is_kept_as_unknown(door: Client, store: Store) -> None:
    await send(door, sealed(message(msgtype="event", event={"eventtype": "enter_chat"})))
    assert [row.kind for row in kept(store)] == ["unknown"]


async def test_another_hand_is_refused(door: Client, store: Store) -> None:
    await refused(await send(door, sealed(message(), token="another")), 403)
    assert kept(store) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"encrypt": 1}', b"\xff"])
async def test_garbage_is_refused(door: Client, store: Store, body: bytes) -> None:
    await refused(await send(door, Sealed(body, sealed(message()).query)), 400)
    assert kept(store) == []
