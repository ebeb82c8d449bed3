"""Access tokens: one per secret while it is valid, and a hook to kill it early.

Source: developer.work.weixin.qq.com/document/path/91039
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .errors import Refused
from .ids import IdSource

LIFE = timedelta(seconds=7200)


@dataclass(slots=True)
class Token:
    text: str
    scope: str
    expires_at: datetime
    killed: bool = False


class Tokens:
    """Issues and checks tokens of one platform; a scope is what the secret opens."""

    def __init__(self, ids: IdSource) -> None:
        self._ids = ids
        self._issued: dict[str, Token] = {}
        self._current: dict[str, Token] = {}

    def issue(self, scope: str, now: datetime, *, renew: bool = False) -> Token:
        """The valid token of a scope; a new one when there is none or `renew` asks for it."""
        current = self._current.get(scope)
        if current is not None and not renew and not current.killed and current.expires_at > now:
            return current
        token = Token(self._ids.text(170), scope, now + LIFE)
        self._issued[token.text] = self._current[scope] = token
        return token

    def check(self, text: str | None, now: datetime) -> str:
        """The scope of a token that is missing (41001), unknown or killed (40014), or expired (42001)."""
        if not text:
            raise Refused(41001)
        token = self._issued.get(text)
        if token is None or token.killed:
            raise Refused(40014)
        if token.expires_at <= now:
            raise Refused(42001)
        return token.scope

    def current(self, scope: str) -> Token | None:
        return self._current.get(scope)

    def invalidate(self, scope: str | None = None) -> None:
        """Kill the tokens of one scope, or all of them, before their time."""
        for token in self._issued.values():
            if scope is None or token.scope == scope:
                token.killed = True
