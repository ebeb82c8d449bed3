"""A callback's query and body, by receiver and mode.

WeCom seals always; the official account has three modes (developers.weixin.qq.com, message encryption).
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import crypt, xml
from .config import SimulatorConfig
from .ids import IdSource

if TYPE_CHECKING:
    from .deliver import Letter, ReceiverName


@dataclass(frozen=True, slots=True)
class Sealed:
    query: dict[str, str]
    body: str


def seal(config: SimulatorConfig, letter: "Letter", now_s: int, ids: IdSource) -> Sealed:
    timestamp, nonce = str(now_s), ids.digits(10)
    if letter.receiver == "wecom":
        return _seal_wecom(config, letter, timestamp, nonce, ids)
    if letter.receiver == "aibot":
        return _seal_aibot(config, letter, timestamp, nonce, ids)
    return _seal_official(config, letter, timestamp, nonce, ids)


def verification(
    config: SimulatorConfig, receiver: "ReceiverName", echo: str, now_s: int, ids: IdSource
) -> dict[str, str]:
    """The query of the GET: WeCom encrypts the echo string, the official account does not."""
    timestamp, nonce = str(now_s), ids.digits(10)
    common = {"timestamp": timestamp, "nonce": nonce}
    if receiver == "official":
        return {**common, "signature": crypt.sign(config.official_token, timestamp, nonce), "echostr": echo}
    key, token, receive_id = (
        (config.aibot_aes_key, config.aibot_token, "")
        if receiver == "aibot"
        else (config.aes_key, config.token, config.corp_id)
    )
    sealed = crypt.encrypt(key, echo, receive_id, ids.some_bytes(16))
    return {**common, "msg_signature": crypt.sign(token, timestamp, nonce, sealed), "echostr": sealed}


def _seal_wecom(config: SimulatorConfig, letter: "Letter", timestamp: str, nonce: str, ids: IdSource) -> Sealed:
    sealed = crypt.encrypt(config.aes_key, letter.plain, config.corp_id, ids.some_bytes(16))
    query = {
        "msg_signature": crypt.sign(config.token, timestamp, nonce, sealed),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    agent_id = None if letter.agent_id is None else str(letter.agent_id)
    return Sealed(query, xml.render({"ToUserName": config.corp_id, "AgentID": agent_id, "Encrypt": sealed}))


def _seal_aibot(config: SimulatorConfig, letter: "Letter", timestamp: str, nonce: str, ids: IdSource) -> Sealed:
    """JSON around JSON, for no receiver in particular.

    Source: developer.work.weixin.qq.com/document/path/101033
    """
    sealed = crypt.encrypt(config.aibot_aes_key, letter.plain, "", ids.some_bytes(16))
    signature = crypt.sign(config.aibot_token, timestamp, nonce, sealed)
    query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
    return Sealed(query, json.dumps({"encrypt": sealed}))


def _seal_official(config: SimulatorConfig, letter: "Letter", timestamp: str, nonce: str, ids: IdSource) -> Sealed:
    query = {
        "signature": crypt.sign(config.official_token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": letter.openid,
    }
    if config.official_mode == "plain":
        return Sealed(query, letter.plain)
    sealed = crypt.encrypt(config.official_aes_key, letter.plain, config.official_app_id, ids.some_bytes(16))
    query["encrypt_type"] = "aes"
    query["msg_signature"] = crypt.sign(config.official_token, timestamp, nonce, sealed)
    if config.official_mode == "safe":
        return Sealed(query, xml.render({"ToUserName": config.official_id, "Encrypt": sealed}))
    return Sealed(query, letter.plain.removesuffix("</xml>") + f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>")
