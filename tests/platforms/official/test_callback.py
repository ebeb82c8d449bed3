"""The door of the official account: who may come in, and in what envelope the reply leaves."""

from xml.etree import ElementTree

import pytest
from wechatpy.crypto import PrpCrypto

from bot.errors import BadCallback, BadSignature, SettingsError
from bot.model.events import MessageReceived, OfficialEvent
from bot.model.ids import OpenId
from bot.platforms.envelope import sign
from bot.platforms.official import callback
from tests.platforms.official import vectors
from tests.platforms.official.vectors import NONCE, NOW, TIMESTAMP, TOKEN, account, plain_query, sealed


def test_the_published_signature_of_the_address_test_is_accepted() -> None:
    query = {"signature": vectors.GET_SIGNATURE, "timestamp": TIMESTAMP, "nonce": NONCE, "echostr": "5837"}
    assert callback.verify(account(), query) == "5837"


def test_the_address_test_with_another_signature_is_refused() -> None:
    with pytest.raises(BadSignature):
        callback.verify(account(), plain_query() | {"signature": "0" * 40, "echostr": "5837"})


@pytest.mark.parametrize("missing", ["signature", "timestamp", "nonce"])
def test_an_address_test_without_one_of_its_fields_is_refused(missing: str) -> None:
    query = plain_query()
    del query[missing]
    with pytest.raises(BadCallback):
        callback.verify(account(), query)


def test_the_published_envelope_is_opened() -> None:
    door = callback.envelope(account())
    assert door.open(vectors.SUCCESS_SIGNATURE, TIMESTAMP, NONCE, vectors.SEALED_SUCCESS) == b"success"


def test_the_published_message_sealed_with_the_published_random_bytes_has_the_published_signature() -> None:
    class Fixed(PrpCrypto):  # type: ignore[misc]
        def get_random_string(self) -> str:
            return "0123456789abcdef"

    key = vectors.crypto().key
    envelope = Fixed(key).encrypt(vectors.INCOMING, vectors.APP_ID).decode()
    assert sign(TOKEN, TIMESTAMP, NONCE, envelope) == vectors.INCOMING_SIGNATURE
    body = f"<xml><Encrypt>{envelope}</Encrypt></xml>".encode()
    query = {"msg_signature": vectors.INCOMING_SIGNATURE, "timestamp": TIMESTAMP, "nonce": NONCE}
    event, key_of_it, fields = callback.read(account(), query, body, NOW)
    assert isinstance(event, MessageReceived)
    assert (event.text, event.open_id, event.at) == ("你好", "oSIM1", NOW)
    assert (key_of_it, fields["ToUserName"]) == ("official:gh_sim:1", "gh_sim")


def test_a_repeated_delivery_in_another_envelope_has_the_same_key() -> None:
    first = callback.read(account(), *sealed(vectors.INCOMING), NOW)
    second = callback.read(account(), *sealed(vectors.INCOMING), NOW)
    assert first.dedupe_key == second.dedupe_key


def test_an_envelope_for_another_account_is_refused() -> None:
    with pytest.raises(BadSignature):
        callback.read(account(), *sealed(vectors.INCOMING, app_id="wx00000000000000bb"), NOW)


def test_an_envelope_with_another_signature_is_refused() -> None:
    query, body = sealed(vectors.INCOMING)
    with pytest.raises(BadSignature):
        callback.read(account(), query | {"msg_signature": "0" * 40}, body, NOW)


def test_a_plain_body_is_refused_in_safe_mode_though_its_signature_is_right() -> None:
    with pytest.raises(BadCallback):
        callback.read(account("safe"), plain_query(), vectors.INCOMING.encode(), NOW)


@pytest.mark.parametrize("mode", ["plain", "compat"])
def test_a_plain_body_is_read_in_plain_and_compatible_mode(mode: str) -> None:
    event = callback.read(account(mode), plain_query(), vectors.INCOMING.encode(), NOW).event
    assert isinstance(event, MessageReceived)
    assert event.text == "你好"


@pytest.mark.parametrize("mode", ["plain", "compat"])
def test_a_plain_body_with_another_signature_is_refused(mode: str) -> None:
    with pytest.raises(BadSignature):
        callback.read(account(mode), plain_query() | {"signature": "x"}, vectors.INCOMING.encode(), NOW)


def test_in_compatible_mode_the_sealed_fields_count_not_the_plain_ones_beside_them() -> None:
    query, body = sealed(vectors.INCOMING)
    forged = body.replace(b"<Encrypt>", b"<MsgType>text</MsgType><Content>forged</Content><Encrypt>")
    event = callback.read(account("compat"), query, forged, NOW).event
    assert isinstance(event, MessageReceived)
    assert event.text == "你好"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"<xml><Encrypt>",
        b"<xml></xml>",
        b"<xml><Encrypt></Encrypt></xml>",
        b"<xml><Encrypt><a/></Encrypt></xml>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Encrypt>&a;</Encrypt></xml>',
        "<xml><Encrypt>你</Encrypt></xml>".encode("gbk"),
    ],
)
def test_garbage_is_refused(body: bytes) -> None:
    query = plain_query() | {"msg_signature": sign(TOKEN, TIMESTAMP, NONCE, "")}
    with pytest.raises(BadCallback):
        callback.read(account(), query, body, NOW)


@pytest.mark.parametrize("envelope", ["AAAA", "A" * 43, "!!!", "QUFB" * 16, vectors.SEALED_SUCCESS[:-24]])
def test_a_signed_envelope_that_holds_nothing_is_refused(envelope: str) -> None:
    query = plain_query() | {"msg_signature": sign(TOKEN, TIMESTAMP, NONCE, envelope)}
    with pytest.raises((BadCallback, BadSignature)):
        callback.read(account(), query, f"<xml><Encrypt>{envelope}</Encrypt></xml>".encode(), NOW)


def test_an_account_in_safe_mode_without_a_key_says_which_setting_is_missing() -> None:
    with pytest.raises(SettingsError, match="XIAOER_OFFICIAL__AES_KEY"):
        callback.read(account(aes_key=None), *sealed(vectors.INCOMING), NOW)


def test_a_reply_in_safe_mode_is_opened_by_wechatpy() -> None:
    fields = callback.read(account(), *sealed(vectors.INCOMING), NOW).fields
    reply = callback.reply_body(account(), fields, "收到 ]]> 😀", NOW, "n1")
    outside = ElementTree.fromstring(reply)
    signed = [outside.findtext(name) for name in ("MsgSignature", "TimeStamp", "Nonce")]
    told = ElementTree.fromstring(vectors.crypto().decrypt_message(reply, *signed))
    assert (told.findtext("ToUserName"), told.findtext("FromUserName")) == ("oSIM1", "gh_sim")
    assert told.findtext("Content") == "收到 ]]> 😀"


@pytest.mark.parametrize("mode", ["plain", "compat"])
def test_a_reply_outside_safe_mode_is_plain(mode: str) -> None:
    fields = callback.read(account(mode), plain_query(), vectors.INCOMING.encode(), NOW).fields
    reply = callback.reply_body(account(mode), fields, "收到", NOW, "n1")
    assert ElementTree.fromstring(reply).findtext("Content") == "收到"


@pytest.mark.parametrize("nothing", [None, ""])
def test_without_a_reply_the_answer_is_success_and_never_sealed(nothing: str | None) -> None:
    assert callback.reply_body(account(), {}, nothing, NOW, "n1") == "success"


def test_a_subscription_without_scene_is_read_from_its_envelope() -> None:
    message = vectors.callback(MsgType="event", Event="subscribe", EventKey="")
    event = callback.read(account(), *sealed(message), NOW).event
    assert event == OfficialEvent(at=NOW, open_id=OpenId("oSIM1"), name="subscribe", wire_name="subscribe")
