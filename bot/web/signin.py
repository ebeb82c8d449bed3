"""Who may see the console: one password, a signed cookie, few tries a minute. Nobody, until a password is set."""

import hashlib
import hmac
import ipaddress
import secrets
from collections import deque
from datetime import timedelta
from enum import StrEnum

from aiohttp import web

from bot.clock import Clock
from bot.settings import PREFIX, Settings

SESSION_COOKIE = "xiaoer_session"
VISITOR_COOKIE = "xiaoer_visitor"
SESSION = timedelta(hours=12)
MOST_TRIES = 5
TRIES_WITHIN = timedelta(minutes=1)
MOST_ADDRESSES = 10_000
"""Addresses whose tries are remembered, so that guessing from many does not fill the memory."""


class Admission(StrEnum):
    """What becomes of a visitor: let in, asked for the password, or turned away."""

    IN = "in"
    ASK = "ask"
    SHUT = "shut"


SHUT = f"the console is shut until {PREFIX}CONSOLE__PASSWORD is set"


class SignIn:
    """Cookies are signed with a key made from the password and the data key: a new password ends every session.

    Without a data key the salt is random, and a restart ends them too.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        password, data_key = settings.console.password, settings.data_key
        self._clock = clock
        self._password = password.get_secret_value() if password else ""
        self._is_open = settings.console.open and is_loopback(settings.host)
        salt = data_key.get_secret_value() if data_key else secrets.token_hex(32)
        self._key = hmac.digest(salt.encode(), b"console:" + self._password.encode(), "sha256")
        self._is_secure = settings.public_url.startswith("https://")
        self._tries: dict[str, deque[float]] = {}
        self._ended: dict[str, float] = {}

    def admission(self, request: web.Request) -> Admission:
        if self._password:
            return Admission.IN if self._session(request) else Admission.ASK
        # a page elsewhere can point a name of its own at this machine, but cannot change what the browser says it asks
        return Admission.IN if self._is_open and is_loopback(_hostname(request.host)) else Admission.SHUT

    @property
    def asks(self) -> bool:
        """Whether there is a password, and so something to sign out of."""
        return bool(self._password)

    # ── the password ───────────────────────────────────────────────────────────────────────────────────────────────

    def may_try(self, address: str) -> bool:
        """Count a try; False when this address has had its tries for now."""
        now = self._clock.now().timestamp()
        if address not in self._tries and len(self._tries) >= MOST_ADDRESSES:
            self._tries.clear()
        tries = self._tries.setdefault(address, deque(maxlen=MOST_TRIES))
        if len(tries) == MOST_TRIES and now - tries[0] < TRIES_WITHIN.total_seconds():
            return False
        tries.append(now)
        return True

    def is_right(self, password: str) -> bool:
        given, ours = (self._digest(one) for one in (password, self._password))
        return bool(self._password) and hmac.compare_digest(given, ours)

    def _digest(self, password: str) -> bytes:
        """Of one length for all, so that comparing does not tell ours."""
        return hmac.digest(self._key, password.encode(errors="surrogatepass"), "sha256")

    # ── the session ────────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, response: web.StreamResponse) -> None:
        expires = int((self._clock.now() + SESSION).timestamp())
        session = f"{expires}.{secrets.token_urlsafe(16)}"
        signed = f"{session}.{self._mac('session', session)}"
        self._set(response, SESSION_COOKIE, signed, SESSION)

    def end(self, request: web.Request, response: web.StreamResponse) -> None:
        """End a session for good, even for somebody who kept a copy of its cookie."""
        if session := self._session(request):
            now = self._clock.now().timestamp()
            self._ended = {one: expires for one, expires in self._ended.items() if expires > now}
            self._ended[session] = float(session.split(".")[0])
        response.del_cookie(SESSION_COOKIE, path="/console/")

    def _session(self, request: web.Request) -> str:
        """The session that a request's cookie proves; empty when none."""
        session, _, mac = request.cookies.get(SESSION_COOKIE, "").rpartition(".")
        if not session or not _same(mac, self._mac("session", session)) or session in self._ended:
            return ""
        return session if int(session.split(".")[0]) > self._clock.now().timestamp() else ""

    # ── forms ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def visitor(self, request: web.Request) -> str:
        """By what forms know whose they are: from the cookie, or a new one."""
        return request.cookies.get(VISITOR_COOKIE, "")[:64] or secrets.token_urlsafe(16)

    def remember(self, request: web.Request, response: web.StreamResponse, visitor: str) -> None:
        if request.cookies.get(VISITOR_COOKIE) != visitor:
            self._set(response, VISITOR_COOKIE, visitor, SESSION)

    def form_token(self, visitor: str) -> str:
        return self._mac("form", visitor)

    def is_own_form(self, request: web.Request, token: str) -> bool:
        """Whether a form came from a page that we gave this visitor."""
        visitor = request.cookies.get(VISITOR_COOKIE, "")
        return bool(visitor) and _same(token, self.form_token(visitor))

    def _mac(self, purpose: str, value: str) -> str:
        return hmac.new(self._key, f"{purpose}:{value}".encode(errors="replace"), hashlib.sha256).hexdigest()

    def _set(self, response: web.StreamResponse, name: str, value: str, lasts: timedelta) -> None:
        response.set_cookie(
            name,
            value,
            path="/console/",
            max_age=int(lasts.total_seconds()),
            httponly=True,
            samesite="Lax",
            secure=self._is_secure,
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address of ours."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _hostname(host: str) -> str:
    """Of `[::1]:8080` and `localhost:8080`, what stands before the port."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _same(given: str, ours: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), ours.encode())
