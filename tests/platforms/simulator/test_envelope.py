"""The envelope against the published vectors and against wechatpy."""

import pytest
from wechatpy.enterprise.exceptions import InvalidCorpIdException

from bot.platforms.simulator import SimulatorConfig, crypt, xml

from .stage import official_crypto, work_crypto

CORP_KEY, CORP = "simulatorKey0123456789ABCDEFGHIJKLMNOPQRSTU", "ww0123456789abcdef"
APP_KEY, APP = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx00000000000000aa"
RANDOM = b"0123456789abcdef"


def test_the_wecom_vector() -> None:
    sealed = crypt.encrypt(CORP_KEY, "<xml><A>你好</A></xml>", CORP, RANDOM)
    assert crypt.aes_key(CORP_KEY).hex() == "b229ae95ab68aca7b2d35db7e39ebbf3d00108310518720928b30d38f4114935"
    assert sealed == "9F6x3vvq2HAl5a4CyvjaXjhbNhKvX/LhJDJxloNzZivufghT2pntGo3tqNh2YxKKl4XeKQmVorbGxjWxzJNC0w=="
    assert crypt.sign("simTok3n", "1700000000", "nonce123", sealed) == "0c954c5d471dce36f5451bc3978d949c1cac9ccd"
    assert crypt.decrypt(CORP_KEY, sealed, CORP) == "<xml><A>你好</A></xml>"


def test_the_official_vectors() -> None:
    assert crypt.sign("simtoken01", "1700000000", "123456789") == "8c46f221b8db3f8c36f753f29e206cee000f9b3d"
    sealed = crypt.encrypt(APP_KEY, "success", APP, RANDOM)
    assert sealed == "Q3stYC6hdFzMh9T8HCvyDDog3QQ9Qq4JV+RT9hf51q/RwYy5qhAl8gKwRPyZM4iR16niXRorH98wviM8E4/wuw=="
    signature = crypt.sign("simtoken01", "1700000000", "123456789", sealed)
    assert signature == "a7703a81065298829afe7ff630a9857ca3e73381"


def test_the_incoming_message_vector_renders_and_signs_as_published() -> None:
    plain = xml.render(
        {
            "ToUserName": "gh_sim",
            "FromUserName": "oSIM1",
            "CreateTime": 1700000000,
            "MsgType": "text",
            "Content": "你好",
            "MsgId": 1,
        }
    )
    assert len(plain.encode()) == 223
    sealed = crypt.encrypt(APP_KEY, plain, APP, RANDOM)
    signature = crypt.sign("simtoken01", "1700000000", "123456789", sealed)
    assert signature == "5cec758a7d9513e9003cbb1a563f61acfa22a099"


@pytest.mark.parametrize("length", [0, 1, 15, 16, 31, 32, 33, 100, 4096])
def test_wechatpy_opens_what_we_seal_and_we_open_what_it_seals(length: int) -> None:
    config, text = SimulatorConfig(), "好" * length + "x"
    for crypto, key, receiver in (
        (work_crypto(config), config.aes_key, config.corp_id),
        (official_crypto(config), config.official_aes_key, config.official_app_id),
    ):
        theirs = crypto.encrypt_message(text, "nonce", "1700000000")
        root = xml.parse(theirs)
        assert crypt.decrypt(key, xml.text_of(root, "Encrypt"), receiver) == text
        token = config.token if receiver == config.corp_id else config.official_token
        ours = crypt.encrypt(key, text, receiver, RANDOM)
        signature = crypt.sign(token, "1700000000", "nonce", ours)
        body = xml.render({"ToUserName": receiver, "Encrypt": ours})
        assert crypto.decrypt_message(body, signature, "1700000000", "nonce") == text


def test_another_receiver_is_refused_on_both_sides() -> None:
    config = SimulatorConfig()
    sealed = crypt.encrypt(config.aes_key, "x", "ww_somebody_else", RANDOM)
    with pytest.raises(crypt.BadEnvelope, match="receiver"):
        crypt.decrypt(config.aes_key, sealed, config.corp_id)
    signature = crypt.sign(config.token, "1", "n", sealed)
    with pytest.raises(InvalidCorpIdException):
        work_crypto(config).decrypt_message(xml.render({"Encrypt": sealed}), signature, "1", "n")


@pytest.mark.parametrize("sealed", ["", "no base64!", "QUJD", "A" * 64])
def test_a_broken_ciphertext_is_a_bad_envelope(sealed: str) -> None:
    with pytest.raises(crypt.BadEnvelope):
        crypt.decrypt(CORP_KEY, sealed, CORP)


def test_a_text_that_would_end_its_cdata_stays_whole() -> None:
    assert xml.parse(xml.render({"Content": "a]]>b"})).findtext("Content") == "a]]>b"


def test_a_document_type_is_refused() -> None:
    with pytest.raises(xml.BadXml):
        xml.parse("<!DOCTYPE xml [<!ENTITY a 'b'>]><xml>&a;</xml>")
