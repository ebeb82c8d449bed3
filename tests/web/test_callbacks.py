"""WeCom's callback door, over real HTTP, with envelopes that another hand has sealed."""

import asyncio
import base64
import re
import zlib
from io import BytesIO

import pytest
from aiohttp import ClientResponse
from wechatpy.crypto import WeChatCrypto as OfficialCrypto

from bot.platforms.envelope import sign
from bot.storage.work import Store

from .conftest import Client, OpenDoors, kept
from .doors import AES_KEY, CORP, TOKEN, WECOM, Sealed, added, refused, seal, send

OFFICIAL = {"app_id": "wx00000000000000aa", "secret": "s3cret", "token": TOKEN, "aes_key": AES_KEY}
BOMB = '<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
THIEF = '<!DOCTYPE xml [<!ENTITY f SYSTEM "file:///etc/hostname">]>'


@pytest.fixture
async def door(open_doors: OpenDoors) -> Client:
    return await open_doors(wecom=WECOM)


async def test_a_callback_is_answered_once_it_is_kept(door: Client, store: Store) -> None:
    answer = await send(door, seal(added()))
    assert (answer.status, await answer.text()) == (200, "")
    [row] = kept(store)
    assert (row.source, row.kind, row.lane, row.state) == ("wecom", "contact.added", "instant", "new")
    assert row.subject == "external:wmMEI"
    assert row.payload["welcome_code"] == "CODE-wmMEI"
    assert row.deadline is not None
    assert (row.deadline - row.event_at).total_seconds() == 20


async def test_four_deliveries_are_one_row(door: Client, store: Store) -> None:
    answers = await asyncio.gather(*(send(door, seal(added())) for _delivery in range(4)))
    assert [answer.status for answer in answers] == [200] * 4
    assert len(kept(store)) == 1


async def test_two_contacts_in_one_second_are_two_rows(door: Client, store: Store) -> None:
    for contact in ("wmMEI", "wmHAO"):
        assert (await send(door, seal(added(contact)))).status == 200
    assert {row.subject for row in kept(store)} == {"external:wmMEI", "external:wmHAO"}
    assert len({row.trace_id for row in kept(store)}) == 2


async def test_a_burst_is_kept_whole(door: Client, store: Store) -> None:
    answers = await asyncio.gather(*(send(door, seal(added(f"wm{n:04}"))) for n in range(200)))
    assert {answer.status for answer in answers} == {200}
    assert len(kept(store)) == 200


async def test_an_unknown_event_is_kept_and_harmless(door: Client, store: Store) -> None:
    assert (await send(door, seal(added(Event="brand_new_event", ChangeType="no_one_knows")))).status == 200
    [row] = kept(store)
    assert row.kind == "unknown"
    assert row.payload["fields"]["Event"] == "brand_new_event"


@pytest.mark.parametrize(
    "inside", ["<xml></xml>", "<xml><MsgType>event</MsgType></xml>", "<xml><a/><a/><a>1</a></xml>"]
)
async def test_a_callback_that_says_little_is_kept_too(door: Client, store: Store, inside: str) -> None:
    assert (await send(door, seal(inside))).status == 200
    assert [row.kind for row in kept(store)] == ["unknown"]


async def test_emoji_and_markup_come_through(door: Client, store: Store) -> None:
    state = "春 & <b>🌸</b> \u200d\ufffd"
    assert (await send(door, seal(added(State=state)))).status == 200
    assert kept(store)[0].payload["state"] == state


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
async def test_a_changed_query_is_refused(door: Client, store: Store, name: str) -> None:
    sealed = seal(added())
    for value in ("0" * 40, "", "é", "%ff", "x" * 5000):
        answer = await send(door, Sealed(sealed.body, {**sealed.query, name: value}))
        await refused(answer, 400 if value == "" else 403)
    without = {key: value for key, value in sealed.query.items() if key != name}
    await refused(await send(door, Sealed(sealed.body, without)), 400, name)
    assert kept(store) == []


async def test_a_query_that_is_not_utf8_is_refused(door: Client, store: Store) -> None:
    sealed = seal(added())
    for raw in ("msg_signature=%ff%fe&timestamp=1&nonce=1", "msg_signature=%ED%A0%80&timestamp=%ED%A0%80&nonce=%00"):
        answer = await door.post(f"/callback/wecom?{raw}", data=sealed.body)
        assert answer.status in (400, 403)
    assert kept(store) == []


async def test_another_token_or_key_is_refused(door: Client, store: Store) -> None:
    await refused(await send(door, seal(added(), token="AnotherToken")), 403, "signature")
    answer = await send(door, seal(added(), aes_key="ZYXWVUTSRQPONMLKJIHGFEDCBA0123456789abcdefg"))
    assert answer.status in (400, 403)  # what comes out is noise: too short, or for nobody
    await refused(answer, answer.status)
    assert kept(store) == []


async def test_an_envelope_for_another_corp_is_refused(door: Client, store: Store) -> None:
    for corp in ("ww00000000000000bb", CORP + "x", CORP[:-1], ""):
        await refused(await send(door, seal(added(), corp=corp)), 403, "another receiver")
    assert kept(store) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"{}",
        b"<xml>",
        b"<xml></xml>",
        b"<xml><Encrypt></Encrypt></xml>",
        b"<xml><Encrypt><deep>x</deep></Encrypt></xml>",
        b"\xff\xfe<xml></xml>",
        b"\x00" * 100,
        "<xml><Encrypt>é</Encrypt></xml>".encode("utf-16"),
        b"<xml>" + b"<a>" * 50_000,
        b"<xml>" + b"<a>" * 100 + b"</a>" * 100 + b"</xml>",
        b"<xml>" + b"<Encrypt>" * 20_000,
    ],
)
async def test_garbage_is_refused(door: Client, store: Store, body: bytes) -> None:
    await refused(await send(door, Sealed(body, seal(added()).query)), 400)
    assert kept(store) == []


async def test_a_truncated_envelope_is_refused(door: Client, store: Store) -> None:
    sealed = seal(added())
    for length in (len(sealed.body) - 1, len(sealed.body) // 2, 20):
        await refused(await send(door, Sealed(sealed.body[:length], sealed.query)), 400)
    assert kept(store) == []


@pytest.mark.parametrize("content", [b"", b"x" * 15, b"x" * 16, b"\x00" * 32, b"\xff" * 64, b"x" * 48])
async def test_a_signed_envelope_that_holds_nonsense_is_refused(door: Client, store: Store, content: bytes) -> None:
    await refused(await send(door, signed(base64.b64encode(content).decode())), 400)
    assert kept(store) == []


@pytest.mark.parametrize("text", ["not base64 at all!", "é", "A", "====", "A" * 4001])
async def test_a_signed_envelope_that_is_not_base64_is_refused(door: Client, store: Store, text: str) -> None:
    await refused(await send(door, signed(text)), 400)
    assert kept(store) == []


def signed(encrypt: str) -> Sealed:
    """An envelope around anything, with a signature that is right."""
    query = {"msg_signature": sign(TOKEN, "1", "1", encrypt), "timestamp": "1", "nonce": "1"}
    return Sealed(f"<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>".encode(), query)


@pytest.mark.parametrize("declaration", [BOMB, THIEF, "<!DOCTYPE xml>", '<!DOCTYPE xml SYSTEM "http://127.0.0.1/x">'])
async def test_a_doctype_is_refused_outside_and_inside(door: Client, store: Store, declaration: str) -> None:
    sealed = seal(added())
    await refused(await send(door, Sealed(declaration.encode() + sealed.body, sealed.query)), 400)
    for inside in (declaration + added(), declaration + added().replace("spring", "&b;&f;"), declaration):
        await refused(await send(door, seal(inside)), 400)
    assert kept(store) == []


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "plain",
        "<xml>",
        added()[:-3],
        added() + "x",
        "<xml>&nbsp;</xml>",
        "<xml><a>\x00</a></xml>",
        "<xml><State><![CDATA[\x08]]></State></xml>",
    ],
)
async def test_garbage_inside_an_envelope_is_refused(door: Client, store: Store, inside: str) -> None:
    await refused(await send(door, seal(inside)), 400)
    assert kept(store) == []


@pytest.mark.parametrize("seconds", ["", "never", "-5", "9" * 30, "٣", "0", "99999999999"])
async def test_a_strange_time_is_no_reason_to_fail(door: Client, store: Store, seconds: str) -> None:
    assert (await send(door, seal(added(CreateTime=seconds)))).status == 200
    assert len(kept(store)) == 1


async def test_an_oversized_body_is_refused(door: Client, store: Store) -> None:
    sealed = seal(added())
    body = BytesIO(sealed.body + b" " * 1024 * 1024)
    await refused(await door.post("/callback/wecom", params=sealed.query, data=body), 413)
    assert kept(store) == []


async def test_a_body_that_unfolds_beyond_the_limit_is_refused(door: Client, store: Store) -> None:
    bomb = zlib.compress(b"<xml>" + b" " * 30 * 1024 * 1024)
    for body, status in ((bomb, 413), (b"no deflate at all", 400), (bomb[: len(bomb) // 2], 413)):
        answer = await door.post(
            "/callback/wecom", params=seal(added()).query, data=body, headers={"Content-Encoding": "deflate"}
        )
        await refused(answer, status)
    assert kept(store) == []


async def test_the_address_is_verified_by_its_decrypted_echo(door: Client) -> None:
    echo = seal("1616140317555161061")
    [encrypted] = re.findall(rb"<Encrypt><!\[CDATA\[(.+?)\]\]>", echo.body)
    query = {**echo.query, "echostr": encrypted.decode()}
    answer = await door.get("/callback/wecom", params=query)
    assert (answer.status, await answer.text()) == (200, "1616140317555161061")
    assert answer.content_type == "text/plain"
    await refused(await door.get("/callback/wecom", params={**query, "msg_signature": "0" * 40}), 403)
    await refused(await door.get("/callback/wecom", params={**query, "echostr": "AAAA"}), 403)
    await refused(await door.get("/callback/wecom"), 400)


@pytest.mark.parametrize("platform", ["wecom", "official"])
async def test_a_platform_that_is_not_configured_is_named(open_doors: OpenDoors, platform: str) -> None:
    client = await open_doors()
    for answer in (await client.get(f"/callback/{platform}"), await client.post(f"/callback/{platform}", data=b"x")):
        await refused(answer, 404, f"XIAOER_{platform.upper()}__")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_no_door(door: Client, method: str) -> None:
    await refused(await door.request(method, "/callback/wecom"), 405)


async def test_an_account_s_message_is_kept_and_answered_in_its_envelope(open_doors: OpenDoors, store: Store) -> None:
    client = await open_doors(official=OFFICIAL)
    crypto = OfficialCrypto(TOKEN, AES_KEY, OFFICIAL["app_id"])
    inside = (
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oMEI</FromUserName><CreateTime>1700000000</CreateTime>"
        "<MsgType>text</MsgType><Content>你好</Content><MsgId>42</MsgId></xml>"
    )

    async def deliver(text: str) -> ClientResponse:
        body = crypto.encrypt_message(text, "n0nce", "1700000000")
        [signature] = re.findall(r"<MsgSignature><!\[CDATA\[(\w+)\]\]>", body)
        query = {"msg_signature": signature, "timestamp": "1700000000", "nonce": "n0nce"}
        return await client.post("/callback/official", params=query, data=body.encode())

    for _delivery in range(3):
        answer = await deliver(inside)
        assert (answer.status, await answer.text()) == (200, "success")
    [row] = kept(store)
    assert (row.kind, row.payload["text"], row.payload["open_id"]) == ("message.received", "你好", "oMEI")
    await refused(await deliver(BOMB + inside), 400)
    await refused(await client.post("/callback/official", data=inside.encode()), 400)
