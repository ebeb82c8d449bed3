"""The encrypted envelope in which both platforms deliver callbacks.

AES-256-CBC, PKCS#7 padded to blocks of 32; plain = 16 random bytes ‖ length (4 bytes, big-endian) ‖ message ‖ receiver.
Source: developer.work.weixin.qq.com/document/path/90968
"""

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from bot.errors import BadCallback, BadSignature

BLOCK = 32
HEAD = 20
"""Random bytes and length before the message."""


def sign(*parts: str) -> str:
    """SHA-1 over the sorted parts, in lower-case hex."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


class Envelope:
    """Opens and seals envelopes with one receiver's token and key."""

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        self._token, self._receiver = token, receiver.encode()
        key = base64.b64decode(aes_key + "=")
        self._first = key[:16]
        self._cipher = Cipher(AES(key), CBC(self._first))
        self._blocks = Cipher(AES(key), ECB()).decryptor()  # noqa: S305 - see _decrypt_blocks

    def check(self, signature: str, *parts: str) -> None:
        """Raise `BadSignature` unless `signature` is ours over `parts`."""
        if not hmac.compare_digest(sign(self._token, *parts).encode(), signature.encode()):
            raise BadSignature("the signature does not match")

    def open(self, signature: str, timestamp: str, nonce: str, sealed: str) -> bytes:
        """The message inside; raises `BadSignature` or `BadCallback`."""
        self.check(signature, timestamp, nonce, sealed)
        return self.decrypt(sealed)

    def decrypt(self, sealed: str) -> bytes:
        try:
            cipher_text = binascii.a2b_base64(sealed)
        except (binascii.Error, ValueError) as error:
            raise BadCallback("the envelope is not base64") from error
        if not cipher_text or len(cipher_text) % 16:
            raise BadCallback("the envelope is cut short")
        return self._unpack(self._decrypt_blocks(cipher_text))

    def _decrypt_blocks(self, cipher_text: bytes) -> bytes:
        """CBC by hand over one cipher that is kept: each block, decrypted, XOR the block before it.

        Setting up a CBC cipher for each callback costs more than decrypting it. Not for two threads at once.
        """
        before = self._first + cipher_text[:-16]
        plain = int.from_bytes(self._blocks.update(cipher_text)) ^ int.from_bytes(before)
        return plain.to_bytes(len(cipher_text))

    def _unpack(self, padded: bytes) -> bytes:
        pad = padded[-1]
        end = len(padded) - pad
        length = int.from_bytes(padded[16:HEAD], "big")
        if not 1 <= pad <= BLOCK or HEAD + length > end:
            raise BadCallback("the envelope does not hold what its length says")
        if not hmac.compare_digest(padded[HEAD + length : end], self._receiver):
            raise BadSignature("the envelope is meant for another receiver")
        return padded[HEAD : HEAD + length]

    def seal(self, message: bytes, timestamp: str, nonce: str) -> tuple[str, str]:
        """An envelope around `message` and its signature."""
        plain = secrets.token_bytes(16) + len(message).to_bytes(4, "big") + message + self._receiver
        pad = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher.encryptor()
        cipher_text = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
        sealed = base64.b64encode(cipher_text).decode()
        return sealed, sign(self._token, timestamp, nonce, sealed)
