"""The envelope of callbacks and passive replies, written from the document and from nothing else.

Source: developer.work.weixin.qq.com/document/path/90968
"""

import base64
import binascii
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK_BYTES = 32


class BadEnvelope(Exception):
    """A reply that cannot be opened; the text says at which step."""


def sign(*parts: str) -> str:
    """SHA-1 over the parts, sorted and joined: of three for a plain callback, of four with the ciphertext."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def aes_key(encoding_aes_key: str) -> bytes:
    """The 32 bytes that 43 letters stand for; spare low bits of the last letter are allowed, as in the sample key."""
    return base64.b64decode(encoding_aes_key + "=")


def encrypt(encoding_aes_key: str, message: str, receive_id: str, random16: bytes) -> str:
    """AES-256-CBC of random(16) + length + message + receiver, padded to 32, as base64."""
    text = message.encode()
    plain = random16 + struct.pack(">I", len(text)) + text + receive_id.encode()
    pad = _BLOCK_BYTES - len(plain) % _BLOCK_BYTES
    cipher = _cipher(encoding_aes_key).encryptor()
    return base64.b64encode(cipher.update(plain + bytes([pad]) * pad) + cipher.finalize()).decode()


def decrypt(encoding_aes_key: str, encrypted: str, receive_id: str) -> str:
    """The message inside, after its padding, length and receiver were found right."""
    try:
        sealed = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadEnvelope("not base64") from error
    if not sealed or len(sealed) % 16:
        raise BadEnvelope("not whole AES blocks")
    cipher = _cipher(encoding_aes_key).decryptor()
    plain = cipher.update(sealed) + cipher.finalize()
    pad = plain[-1]
    if not 1 <= pad <= _BLOCK_BYTES or len(plain) < 20 + pad or plain[-pad:] != bytes([pad]) * pad:
        raise BadEnvelope("wrong padding")
    body = plain[16:-pad]
    (length,) = struct.unpack(">I", body[:4])
    if length > len(body) - 4:
        raise BadEnvelope("wrong length")
    if body[4 + length :] != receive_id.encode():
        raise BadEnvelope("another receiver")
    try:
        return body[4 : 4 + length].decode()
    except UnicodeDecodeError as error:
        raise BadEnvelope("not UTF-8") from error


def same(given: str, wanted: str) -> bool:
    """Compare two signatures in constant time."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def _cipher(encoding_aes_key: str) -> Cipher[modes.CBC]:
    key = aes_key(encoding_aes_key)
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
