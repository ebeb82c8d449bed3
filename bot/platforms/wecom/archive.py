"""The conversation archive: records as events, and pulling them where somebody offers them over HTTP.

The vendor's library is a closed shared object with its own inner cipher. What stands behind `getchatdata` here is an
HTTP stand-in of it, as the local platform offers; teams that run the vendor's puller send its JSON to `POST /archive`.
Source: developer.work.weixin.qq.com/document/path/91774
"""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.errors import BadCallback, BadInput, PlatformError
from bot.model.events import Event, MessageReceived, MessageRevoked
from bot.model.ids import ChatId, ExternalUserId, UserId
from bot.platforms.answers import Meaning
from bot.platforms.http import Http
from bot.platforms.wecom import errors

EXTERNAL = ("wm", "wo")
ROBOT = "wb"
LONGEST_ID = 256
"""More than any id that is documented, and little enough for an index."""
NONCE_BYTES = 12


def read(record: dict[str, Any]) -> Event | None:
    """The event in one decrypted record; None for what is no message of a person, such as `switch`.

    Raises `BadCallback` for a record that lacks what every record has.
    """
    message_id, action = record.get("msgid"), record.get("action")
    if not isinstance(message_id, str) or not 1 <= len(message_id) <= LONGEST_ID:
        raise BadCallback("the record holds no msgid")
    if action == "switch":
        return None
    at = _moment(record.get("msgtime"))
    kind = str(record.get("msgtype") or "")
    content = record.get(kind) or record.get("info") or record.get("doc") or {}
    if not isinstance(content, dict):
        raise BadCallback(f"the record's {kind} is no object")
    if kind == "revoke" or action == "recall":
        return MessageRevoked(at=at, message_id=str(content.get("pre_msgid", message_id)))
    sender = record.get("from")
    if not isinstance(sender, str) or not 1 <= len(sender) <= LONGEST_ID:
        raise BadCallback("the record does not say from whom it is")
    if len(str(record.get("roomid") or "")) > LONGEST_ID:
        raise BadCallback("the record's roomid is too long")
    return None if sender.startswith(ROBOT) else _message(record, at, message_id, sender, kind, content)


def _message(
    record: dict[str, Any], at: datetime, message_id: str, sender: str, kind: str, content: dict[str, Any]
) -> MessageReceived:
    is_external = sender.startswith(EXTERNAL)
    room = str(record.get("roomid") or "")
    told = record.get("tolist")
    others = [str(one) for one in told] if isinstance(told, list) else []
    alone = bool(others) and not room
    return MessageReceived(
        at=at,
        channel="archive",
        message_id=message_id,
        text=_words(kind, content),
        message_kind=kind,
        external_user_id=ExternalUserId(sender) if is_external else None,
        user_id=None if is_external else UserId(sender),
        chat_id=ChatId(room) if room else None,
        to=UserId(others[0]) if alone and is_external else None,
        to_contact=ExternalUserId(others[0]) if alone and not is_external and others[0].startswith(EXTERNAL) else None,
        content={name: value for name, value in content.items() if name not in ("content", "sdkfileid")},
    )


def _words(kind: str, content: dict[str, Any]) -> str:
    if kind in ("text", "markdown"):
        return str(content.get("content", ""))
    if kind == "link":
        return " ".join(str(content.get(name) or "") for name in ("title", "description", "link_url")).strip()
    return ""


def _moment(milliseconds: object) -> datetime:
    if not isinstance(milliseconds, int) or not 0 < milliseconds < 10**14:
        raise BadCallback("the record's msgtime is not a time in milliseconds")
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class Archive:
    """Pulls records by seq and opens them."""

    def __init__(self, http: Http, base: str, secret: str, private_key_pem: bytes) -> None:
        self._http, self._url, self._secret = http, f"{base.rstrip('/')}/getchatdata", secret
        key = load_pem_private_key(private_key_pem, password=None)
        if not isinstance(key, RSAPrivateKey):
            raise BadInput("the archive's private key must be an RSA key")
        self._key = key

    async def call(self, endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
        """`{seq, limit}` in; `{seq, full, records}` out: the last seq, whether more may wait, the decrypted records."""
        seq, limit = int(body["seq"]), int(body["limit"])
        asked = {"secret": self._secret, "seq": seq, "limit": limit}
        answer = await self._http.post(endpoint, self._url, {}, asked)
        if answer.get("errcode"):
            raise PlatformError(endpoint, int(answer["errcode"]), str(answer.get("errmsg", ""))[:200])
        sealed = answer.get("chatdata") or []
        last = max((int(one["seq"]) for one in sealed), default=seq)
        return {"seq": last, "full": len(sealed) >= limit, "records": [self._open(one) for one in sealed]}

    async def upload(self, media: str, filename: str, content: bytes) -> str:
        raise BadInput("the archive takes no files")

    def meaning(self, endpoint: str, errcode: int) -> Meaning:
        return errors.meaning(endpoint, errcode)

    def is_repeatable(self, endpoint: str) -> bool:
        return True

    def _open(self, sealed: dict[str, Any]) -> dict[str, Any]:
        random_key = self._key.decrypt(base64.b64decode(sealed["encrypt_random_key"]), PKCS1v15())
        packed = base64.b64decode(sealed["encrypt_chat_msg"])
        cipher = AESGCM(hashlib.sha256(random_key).digest())
        record = orjson.loads(cipher.decrypt(packed[:NONCE_BYTES], packed[NONCE_BYTES:], None))
        return dict(record)
