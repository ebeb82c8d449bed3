"""The bot's processes and its servers fall at random moments under load, and callbacks come one to four times: nothing
is lost, nothing doubled."""

import asyncio
import hashlib
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from bot.model.tables import (
    Behaviour,
    ContactTag,
    CorpReading,
    ExternalContact,
    InboxRow,
    OutboxRow,
    ScoreEntry,
    StaffTask,
)
from bot.platforms.simulator import Simulator
from bot.storage.database import Database
from tests.runtime.fleet import a_fleet
from tests.servers import RedisServer

WELCOME, MARK = "externalcontact/send_welcome_msg", "externalcontact/mark_tag"
WAYS = {
    "sqlite": ["all"],
    "postgresql": ["web", "web", "worker", "worker", "scheduler"],  # two at one port
    "redis": ["web", "worker", "worker", "scheduler"],
}
WAVES, CONTACTS_BETWEEN = 2, 15
UNDER_LOAD_S = (0.1, 0.8)
AT_REST_WITHIN_S = 200.0
"""A call whose sender was killed is taken up after two minutes."""
POINTS = 30
"""What `多少钱` scores in the shipped rules."""


def settings_of(request: pytest.FixtureRequest, way: str) -> dict[str, str]:
    if way == "sqlite":
        return {}
    given = {"XIAOER_DATABASE_URL": str(request.getfixturevalue("postgres_url"))}
    if way == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        given["XIAOER_REDIS_URL"] = server.url
    return given


def accidents(request: pytest.FixtureRequest, way: str) -> Sequence[Sequence[Callable[[], None]]]:
    """What befalls the servers, wave by wave."""
    if way == "sqlite":
        return [[]] * WAVES
    restart: Callable[[], None] = request.getfixturevalue("postgres_server").restart
    if way == "postgresql":
        return [[restart]] * WAVES
    redis: RedisServer = request.getfixturevalue("redis")
    return [[redis.flush], [redis.restart, restart]]


@pytest.mark.parametrize("way", WAYS)
async def test_what_was_acknowledged_survives(request: pytest.FixtureRequest, tmp_path: Path, way: str) -> None:
    draw = random.Random(way)
    async with a_fleet(tmp_path, settings_of(request, way)) as (fleet, simulator):
        with closing(Database(fleet.url)) as database:
            await fleet.start(WAYS[way])
            await first_reading(database)
            for number, several in enumerate(accidents(request, way)):
                load = asyncio.create_task(scan_and_ask(simulator, draw, number))
                await asyncio.sleep(draw.uniform(*UNDER_LOAD_S))
                missing = await fleet.kill_one(draw)
                for accident in several:
                    await asyncio.to_thread(accident)
                await fleet.start([missing])
                await load
            await at_rest(database, simulator)
            check(database, simulator)
            ended = await fleet.stop_all()
            assert set(ended) <= {0, -signal.SIGTERM}  # who is just starting has nothing in hand


async def first_reading(database: Database) -> None:
    """Wait until the bot knows the corp's tags: before that a tag is only its own."""
    end = time.monotonic() + AT_REST_WITHIN_S
    while not await database.read(lambda session: session.exec(select(CorpReading.finished_at)).first()):
        assert time.monotonic() < end, "the corp has not been read"
        await asyncio.sleep(0.1)


async def scan_and_ask(simulator: Simulator, draw: random.Random, wave: int) -> None:
    """Contacts scan a live code, and each asks what it costs."""
    for number in range(CONTACTS_BETWEEN):
        contact = simulator.add_contact(f"c{wave}-{number}")
        await simulator.scan("spring", contact, deliveries=draw.randint(1, 4))
        await simulator.say(contact, "多少钱", to="zhou")
        await asyncio.sleep(draw.uniform(0, 0.05))


async def at_rest(database: Database, simulator: Simulator) -> None:
    """Wait until every callback has been taken and everything that is due is done."""
    end = time.monotonic() + AT_REST_WITHIN_S
    while True:
        await simulator.settle()
        with Session(database.engine) as session:
            waiting = session.exec(select(func.count()).where(InboxRow.state == "new")).one()
            is_due = col(OutboxRow.ready_at) <= datetime.now(UTC)  # the rest waits for room under a limit
            planned = select(func.count()).where(OutboxRow.state == "planned", is_due)
            under_way = select(func.count()).where(OutboxRow.endpoint == MARK, OutboxRow.state == "sending")
            scored = session.exec(select(func.count(func.distinct(ScoreEntry.contact_id)))).one()
            left = waiting + session.exec(planned).one() + session.exec(under_way).one()
        if not left and scored == WAVES * CONTACTS_BETWEEN:
            return
        assert time.monotonic() < end, f"{left} rows are left, {scored} contacts have scored"
        await asyncio.sleep(0.3)


def check(database: Database, simulator: Simulator) -> None:
    with Session(database.engine) as session:
        states = dict(session.exec(select(InboxRow.dedupe_key, InboxRow.state)).all())
        acknowledged = {key_of(one.plain) for one in simulator.callbacks() if one.status == 200}
        assert len(acknowledged) >= WAVES * CONTACTS_BETWEEN
        assert {key: states.get(key) for key in acknowledged if states.get(key) != "done"} == {}

        accepted = Counter(call.body["welcome_code"] for call in simulator.calls(WELCOME) if call.errcode == 0)
        assert set(accepted.values()) <= {1}
        assert greeted_or_told(session, {str(code) for code in accepted}) == {1}
        greeted = Counter(shown.to for phone in simulator.corp.phones.values() for shown in phone if is_greeting(shown))
        assert set(greeted.values()) <= {1}

        assert times(session, Behaviour.contact_id, col(Behaviour.name) == "contact_added") == {1}
        assert times(session, ContactTag.contact_id, col(ContactTag.name) == "渠道/春季") == {1}
        assert times(session, OutboxRow.subject, col(OutboxRow.endpoint) == MARK) == {1}
        assert times(session, ScoreEntry.contact_id, col(ScoreEntry.points) == POINTS) == {1}
        entries = select(ScoreEntry.contact_id, func.sum(ScoreEntry.points)).group_by(col(ScoreEntry.contact_id))
        scores = select(ExternalContact.id, ExternalContact.lead_score).where(ExternalContact.lead_score != 0)
        assert dict(session.exec(scores).all()) == dict(session.exec(entries).all())
    for number in range(CONTACTS_BETWEEN):
        assert "渠道/春季" in simulator.tags_of(f"c0-{number}")


def times(session: Session, column: Any, which: Any) -> set[int]:
    """How often each subject occurs: {1} means that all do, and none twice."""
    return set(Counter(session.exec(select(column).where(which)).all()).values())


def greeted_or_told(session: Session, accepted: Collection[str]) -> set[int]:
    """How many welcomes each contact got, or staff were asked to say; one whose sender died is on its way still."""
    told = set(session.exec(select(StaffTask.contact_id)).all())
    decided = Counter[str]()
    for row in session.exec(select(OutboxRow).where(OutboxRow.endpoint == WELCOME)):
        is_settled = row.body["welcome_code"] in accepted or row.note["welcome"]["contact_id"] in told
        decided[row.subject] += is_settled or row.state == "sending"
    assert len(decided) == WAVES * CONTACTS_BETWEEN
    return set(decided.values())


def is_greeting(shown: Any) -> bool:
    return bool(shown.chat.startswith("staff:") and shown.sender == "zhou" and shown.kind == "text")


def key_of(plain: str) -> str:
    """The key by which the door knows a callback, made here from what the platform sent."""
    created = re.search(r"<CreateTime>(\d+)", plain)
    assert created is not None
    return f"wecom:{int(created[1]):010}:{hashlib.blake2b(plain.encode(), digest_size=16).hexdigest()}"
