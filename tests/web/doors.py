"""Callbacks as WeCom sends them: sealed by wechatpy, which knows nothing of our envelope."""

import hashlib
import hmac
import re
from dataclasses import dataclass

import orjson
from aiohttp import ClientResponse
from wechatpy.enterprise.crypto import WeChatCrypto

from bot.clock import ManualClock

from .conftest import Client

CORP = "ww00000000000000aa"
TOKEN = "DoorToken01"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
SECRET = "door-app-secret"
WECOM = {"corp_id": CORP, "agent_id": 1000002, "secret": SECRET, "token": TOKEN, "aes_key": AES_KEY}
TRACK, ARCHIVE = "track-door-secret", "archive-door-secret"
NEVER_TOLD = (TOKEN, AES_KEY, SECRET, TRACK, ARCHIVE, "Traceback", 'File "')


def added(contact: str = "wmMEI", seconds: int = 1_700_000_000, **more: str) -> str:
    """The text inside an envelope that tells of a contact who was added."""
    fields = {
        "ToUserName": CORP,
        "FromUserName": "sys",
        "CreateTime": str(seconds),
        "MsgType": "event",
        "Event": "change_external_contact",
        "ChangeType": "add_external_contact",
        "UserID": "zhou",
        "ExternalUserID": contact,
        "State": "spring",
        "WelcomeCode": f"CODE-{contact}",
        **more,
    }
    return f"<xml>{''.join(f'<{name}><![CDATA[{value}]]></{name}>' for name, value in fields.items())}</xml>"


@dataclass
class Sealed:
    """A body and the query that signs it."""

    body: bytes
    query: dict[str, str]


def seal(inside: str, *, token: str = TOKEN, aes_key: str = AES_KEY, corp: str = CORP) -> Sealed:
    nonce, timestamp = "n0nce", "1700000000"
    body = WeChatCrypto(token, aes_key, corp).encrypt_message(inside, nonce, timestamp)
    [signature] = re.findall(r"<MsgSignature><!\[CDATA\[(\w+)\]\]>", body)
    return Sealed(body.encode(), {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce})


async def send(client: Client, sealed: Sealed) -> ClientResponse:
    return await client.post("/callback/wecom", params=sealed.query, data=sealed.body)


async def post_lines(
    client: Client, path: str, secret: str, lines: list[object] | bytes, clock: ManualClock, **headers: str
) -> ClientResponse:
    """Post signed lines; each an object, or bytes as they stand."""
    written = lines if isinstance(lines, bytes) else b"\n".join(map(as_line, lines))
    timestamp = headers.pop("timestamp", str(int(clock.now().timestamp())))
    mac = hmac.new(secret.encode(), timestamp.encode() + b"." + written, hashlib.sha256).hexdigest()
    signed = {"X-Xiaoer-Timestamp": timestamp, "X-Xiaoer-Signature": f"sha256={mac}", **headers}
    return await client.post(path, data=written, headers=signed)


def as_line(line: object) -> bytes:
    return line if isinstance(line, bytes) else orjson.dumps(line)


async def refused(answer: ClientResponse, status: int, words: str = "") -> None:
    """The answer is one line with this status, and holds nothing that must not be told."""
    text = await answer.text()
    assert answer.status == status, text
    assert words in text
    assert len(text.splitlines()) <= 1
    assert not any(secret in text for secret in NEVER_TOLD)
