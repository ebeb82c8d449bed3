"""Ids that look like the platform's own: the prefix says what a thing is, the rest is opaque."""

import base64
import hashlib
import random
import string

_LETTERS = string.ascii_letters + string.digits


def opaque(kind: str, name: str, length: int) -> str:
    """The same `length` letters and digits for the same kind and name, on every machine."""
    digest = hashlib.sha512(f"{kind}:{name}".encode()).digest()
    return base64.b64encode(digest).decode().translate({43: "A", 47: "b", 61: None})[:length]


def external_userid(name: str) -> str:
    """The external_userid of the contact whom the tests call `name`, as this corp sees it."""
    return "wm" + opaque("contact", name, 30)


def unionid(name: str) -> str:
    """The unionid that WeCom and the official account share for one person."""
    return "o6_" + opaque("union", name, 25)


def openid(name: str) -> str:
    """The openid of a person at the one official account."""
    return "o" + opaque("open", name, 27)


def chat_id(name: str) -> str:
    return "wr" + opaque("group", name, 30)


def tag_id(group: str, name: str) -> str:
    return "et" + opaque("tag", f"{group}/{name}", 30)


def tag_group_id(name: str) -> str:
    return "et" + opaque("tag group", name, 30)


class IdSource:
    """Fresh ids in an order that a seed repeats."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._last_number = 7_000_000_000_000_000_000 + self._random.randrange(10**15)

    def text(self, length: int, prefix: str = "") -> str:
        return prefix + "".join(self._random.choices(_LETTERS, k=length))

    def hex(self, length: int) -> str:
        return f"{self._random.getrandbits(length * 4):0{length}x}"

    def digits(self, length: int) -> str:
        return "".join(self._random.choices(string.digits, k=length))

    def number(self) -> int:
        """A 64-bit id that no floating-point number can hold, and larger than all before."""
        self._last_number += self._random.randrange(1, 1000)
        return self._last_number

    def some_bytes(self, length: int) -> bytes:
        return self._random.randbytes(length)
