"""Signed events from elsewhere: behaviour (`POST /track`) and archive messages (`POST /archive`).

One JSON object a line; a bad line refuses only itself. Signed with HMAC-SHA256 over `timestamp + "." + body`. What
`/track` may tell stands in `sops/rules/events.yaml`.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import orjson
from aiohttp import web
from pydantic import SecretStr

from bot.clock import Clock
from bot.community.rules import Rules
from bot.errors import BadCallback, BadInput, BadSignature
from bot.model.events import Event, Tracked
from bot.model.ids import ExternalUserId, OpenId
from bot.platforms.wecom import archive
from bot.settings import Settings
from bot.storage.ledger.inbox import Arrival, trace_of
from bot.storage.queries import inbox
from bot.storage.work import Store
from bot.web.intake import Intake

STALE = timedelta(minutes=5)
MOST_LINES = 1_000
LONGEST_ID = 128
LONGEST_TIMESTAMP = 11
DEEPEST = 32
YEARS = range(2000, 2100)

ReadLine = Callable[[dict[str, Any]], tuple[str, Event | None]]
"""One line to its key and event; None for a line that is well and leads to nothing."""


@dataclass
class Lines:
    """What became of the lines of a body, by number from 1."""

    accepted: list[int] = field(default_factory=list)
    duplicate: list[int] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)


class Knowledge(Protocol):
    """The rules in force; its data dictionary says what `/track` may tell."""

    @property
    def rules(self) -> Rules: ...


class SignedDoors:
    """`/track` and `/archive`."""

    def __init__(self, settings: Settings, intake: Intake, store: Store, knowledge: Knowledge) -> None:
        self._settings, self._intake, self._store, self._knowledge = settings, intake, store, knowledge

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/track", self.track), web.post("/archive", self.archive)]

    async def track(self, request: web.Request) -> web.Response:
        self._intake.admit(room=1)
        body = await _verified(request, self._settings.track.secret, "XIAOER_TRACK__SECRET", self._store.clock)
        return await self._keep("track", body, self._read_tracked)

    async def archive(self, request: web.Request) -> web.Response:
        self._intake.admit(room=1)
        body = await _verified(request, self._settings.archive.secret, "XIAOER_ARCHIVE__SECRET", self._store.clock)
        return await self._keep("archive", body, read_archived)

    def _read_tracked(self, line: dict[str, Any]) -> tuple[str, Event | None]:
        key, event = read_tracked(line)
        self._knowledge.rules.events.check(event.name, event.properties)
        return key, event

    async def _keep(self, source: str, body: bytes, read: ReadLine) -> web.Response:
        lines, arrivals = _read_lines(source, body, read)
        keys = [arrival.dedupe_key for _number, arrival in arrivals]
        known = await self._store.read(lambda session: inbox.known(session, keys))
        for number, arrival in arrivals:
            (lines.duplicate if arrival.dedupe_key in known else lines.accepted).append(number)
            known.add(arrival.dedupe_key)
        lines.accepted.sort()
        if arrivals:
            await self._intake.keep(*(arrival for _number, arrival in arrivals))
        return web.json_response(body=orjson.dumps(lines), content_type="application/json")


def _read_lines(source: str, body: bytes, read: ReadLine) -> tuple[Lines, list[tuple[int, Arrival]]]:
    lines, arrivals = Lines(), []
    written = [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    if len(written) > MOST_LINES:
        raise BadCallback(f"at most {MOST_LINES} lines in one request")
    for number, line in written:
        try:
            key, event = read(_object(line))
        except BadInput as error:
            lines.refused.append({"line": number, "reason": str(error)})
            continue
        if event is None:
            lines.accepted.append(number)
            continue
        dedupe_key = f"{source}:{key}"
        arrivals.append((number, Arrival(source, event, dedupe_key, trace_of(event, dedupe_key))))
    return lines, arrivals


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadCallback(f"is not JSON: {error.msg}") from error
    if not isinstance(value, dict):
        raise BadCallback("is not a JSON object")
    if b"\\u0000" in line:
        raise BadCallback("holds a NUL character, which no database keeps")
    if _depth(value) > DEEPEST:
        raise BadCallback(f"is more than {DEEPEST} levels deep")
    return value


def _depth(value: object) -> int:
    """How deep a value is nested, level by level: the reader takes deeper ones than a recursion could."""
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        depth, level = depth + 1, [one for several in inner for one in several]
    return depth


def read_archived(record: dict[str, Any]) -> tuple[str, Event | None]:
    return str(record.get("msgid")), archive.read(record)


def read_tracked(line: dict[str, Any]) -> tuple[str, Tracked]:
    """`{event_id, event, at, external_userid | openid | unionid, properties}`; `at` is ISO 8601 or unix seconds."""
    event_id, name = line.get("event_id"), line.get("event")
    if not isinstance(event_id, str) or not 1 <= len(event_id) <= LONGEST_ID:
        raise BadCallback(f"event_id must be 1 to {LONGEST_ID} characters")
    if not isinstance(name, str) or not 1 <= len(name) <= 64:
        raise BadCallback("event must name what happened, in 1 to 64 characters")
    who = {key: line.get(key) for key in ("external_userid", "openid", "unionid") if line.get(key)}
    if not who or not all(isinstance(value, str) and len(value) <= LONGEST_ID for value in who.values()):
        raise BadCallback("one of external_userid, openid and unionid must say who did it")
    properties = line.get("properties") or {}
    if not isinstance(properties, dict):
        raise BadCallback("properties must be an object")
    return event_id, Tracked(
        at=_moment(line.get("at")),
        name=name,
        event_id=event_id,
        external_user_id=ExternalUserId(str(who["external_userid"])) if "external_userid" in who else None,
        open_id=OpenId(str(who["openid"])) if "openid" in who else None,
        union_id=who.get("unionid"),
        properties=properties,
    )


def _moment(value: object) -> datetime:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        moment = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError) as error:
        raise BadCallback("at must be ISO 8601 with its zone, or unix seconds") from error
    if moment.tzinfo is None:
        raise BadCallback("at must name its zone, such as 2026-11-21T20:00:00+08:00")
    if moment.year not in YEARS:
        raise BadCallback(f"at must be between {YEARS.start} and {YEARS.stop}")
    return moment


async def _verified(request: web.Request, secret: SecretStr | None, setting: str, clock: Clock) -> bytes:
    """The body, once its signature and its time are known to be right."""
    if secret is None or not secret.get_secret_value():
        raise BadSignature(f"this door is shut until {setting} is set")
    timestamp = request.headers.get("X-Xiaoer-Timestamp", "")
    signature = request.headers.get("X-Xiaoer-Signature", "")
    body = await request.read()
    signed = timestamp.encode(errors="replace") + b"." + body
    expected = hmac.new(secret.get_secret_value().encode(), signed, hashlib.sha256)
    if not hmac.compare_digest(f"sha256={expected.hexdigest()}".encode(), signature.encode(errors="replace")):
        raise BadSignature("the signature does not match")
    seconds = int(timestamp) if timestamp.isdecimal() and len(timestamp) <= LONGEST_TIMESTAMP else 0
    if abs(clock.now().timestamp() - seconds) > STALE.total_seconds():
        raise BadSignature("the timestamp is more than five minutes off")
    return body
