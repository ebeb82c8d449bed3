"""The conversation archive's store: records by seq, kept for five days, sealed when they are read.

`encrypt_random_key` is RSA PKCS#1 v1.5 of a random key text under the public key that the operator registered.
The real inner cipher is closed, so this one is the simulator's own: `encrypt_chat_msg` is base64 of a 12-byte
nonce followed by AES-256-GCM (no associated data) under SHA-256 of the random key text.

Source of the rest: developer.work.weixin.qq.com/document/path/91774
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from .errors import Refused
from .ids import IdSource

KEPT = timedelta(days=5)
NOTIFY_EVERY = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Record:
    seq: int
    at: datetime
    message: dict[str, object]
    key_version: int


class Vault:
    """All messages of archived conversations, in one growing sequence."""

    def __init__(self, public_key_pem: str | None) -> None:
        self.records: list[Record] = []
        self.notified_at: datetime | None = None
        self.notify_planned = False
        self._keys: list[RSAPublicKey] = []
        if public_key_pem:
            self.register(public_key_pem)

    def register(self, public_key_pem: str) -> int:
        """Take a new public key; each upload raises `publickey_ver`, old records keep theirs."""
        key = load_pem_public_key(public_key_pem.encode())
        if not isinstance(key, RSAPublicKey):
            raise TypeError("the archive needs an RSA public key")
        self._keys.append(key)
        return len(self._keys)

    @property
    def ready(self) -> bool:
        return bool(self._keys)

    def add(self, at: datetime, message: dict[str, object]) -> Record:
        record = Record(len(self.records) + 1, at, message, len(self._keys))
        self.records.append(record)
        return record

    def read(self, seq: int, limit: int, now: datetime, ids: IdSource) -> list[dict[str, object]]:
        """Up to `limit` records after `seq`, none older than five days."""
        if not self._keys:
            raise Refused(301053)
        kept = (record for record in self.records[max(0, seq) :] if record.at > now - KEPT)
        return [self._seal(record, ids) for record, _ in zip(kept, range(limit), strict=False)]

    def _seal(self, record: Record, ids: IdSource) -> dict[str, object]:
        version = max(1, record.key_version)
        random_key, nonce = ids.text(64), ids.some_bytes(12)
        cipher = AESGCM(hashlib.sha256(random_key.encode()).digest())
        return {
            "seq": record.seq,
            "msgid": record.message["msgid"],
            "publickey_ver": version,
            "encrypt_random_key": base64.b64encode(
                self._keys[version - 1].encrypt(random_key.encode(), PKCS1v15())
            ).decode(),
            "encrypt_chat_msg": base64.b64encode(
                nonce + cipher.encrypt(nonce, orjson.dumps(record.message), None)
            ).decode(),
        }
