"""A backup of a bot at work, put back elsewhere: the bot goes on from there."""

import gzip
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlmodel import Session, select

from bot.app import opened
from bot.errors import BadInput
from bot.model.calls import Call
from bot.model.tables import ExternalContact, OutboxRow, StaffTask, TimerRow
from bot.storage import backup as copies
from bot.storage.database import Database
from bot.storage.ledger.timers import Timer
from bot.storage.work import Work
from tests.servers import PostgresServer
from tests.world import World

GREETING = {"touser": "zhou", "msgtype": "text", "text": {"content": "你好"}}


async def in_the_middle_of_something(world: World) -> None:
    """A call that leaves in ten minutes, a timer in an hour, contacts of whom one was merged into a later one."""

    def planned(work: Work) -> None:
        work.plan(Call("message/send", GREETING, key="pending", after=work.now + timedelta(minutes=10)))
        work.set_timer(Timer("nobody.listens", "pending", work.now + timedelta(hours=1)))
        later = ExternalContact(id=9002, name="Hao", first_seen_at=work.now)
        work.session.add(later)
        work.session.flush()
        work.session.add(ExternalContact(id=9001, name="Hao", first_seen_at=work.now, merged_into=9002))

    await world.bot.store.work(planned)


async def goes_on(world: World, url: str) -> None:
    settings = world.bot.settings.model_copy(update={"database_url": url})
    async with opened(settings, world.clock) as again:
        world.clock.advance(timedelta(hours=2))
        before = len(world.wecom.calls("message/send"))
        await again.drain()
        assert len(world.wecom.calls("message/send")) == before + 1

        def look(session: Session) -> tuple[object, ...]:
            call = session.exec(select(OutboxRow).where(OutboxRow.dedupe_key == "pending")).one()
            timer = session.exec(select(TimerRow).where(TimerRow.dedupe_key == "pending")).one()
            return call.state, timer.state, session.get_one(ExternalContact, 9001).merged_into

        assert await again.store.read(look) == ("sent", "fired", 9002)
        task = StaffTask(user_id="zhou", text="new rows find free ids", opened_at=world.clock.now())
        await again.store.work(lambda work: work.session.add(task))


def lines(file: Path) -> list[str]:
    """What a portable backup holds; PostgreSQL keeps the fields of JSON in an order of its own."""
    read = map(orjson.loads, gzip.decompress(file.read_bytes()).splitlines())
    return sorted(orjson.dumps(line, option=orjson.OPT_SORT_KEYS).decode() for line in read)


async def test_sqlite_is_copied_while_it_works_and_goes_on_elsewhere(world: World, tmp_path: Path) -> None:
    await in_the_middle_of_something(world)
    file = tmp_path / "backup.db"
    writing = world.bot.store.database.engine.connect()
    with writing.begin():  # somebody is in the middle of writing
        writing.exec_driver_sql("DELETE FROM timers")
        copies.backup(world.bot.settings.database_url, file)
        writing.rollback()
    writing.close()
    url = f"sqlite:///{tmp_path}/elsewhere/var/xiaoer.db"
    copies.restore(url, file)
    await goes_on(world, url)
    assert file.stat().st_mode & 0o077 == 0


async def test_a_portable_backup_moves_a_community_to_postgresql_and_back(
    world: World, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    await in_the_middle_of_something(world)
    file, back = tmp_path / "backup.jsonl.gz", tmp_path / "back.jsonl.gz"
    copies.backup(world.bot.settings.database_url, file)
    with postgres_server.empty_database() as url:
        copies.restore(url, file)
        copies.backup(url, back)
        await goes_on(world, url)
    assert lines(back) == lines(file)
    home = f"sqlite:///{tmp_path}/home.db"
    copies.restore(home, back)
    await goes_on(world, home)


async def test_nothing_is_put_over_anything(world: World, tmp_path: Path) -> None:
    url = world.bot.settings.database_url
    for name in ("a.db", "a.jsonl.gz"):
        copies.backup(url, tmp_path / name)
        with pytest.raises(BadInput, match="already"):
            copies.backup(url, tmp_path / name)
        with pytest.raises(BadInput, match=r"already|not empty"):
            copies.restore(url, tmp_path / name)


def test_what_is_no_backup_is_refused_and_leaves_an_empty_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/xiaoer.db"
    whole = gzip.compress(b'["inbox", {"id": 1}]\n')
    for content in (b"", b"PK\x03\x04", whole[:-6], gzip.compress(b"no json\n"), gzip.compress(b'["nowhere", {}]\n')):
        file = tmp_path / "bad"
        file.write_bytes(content)
        with pytest.raises(BadInput):
            copies.restore(url, file)
    with pytest.raises(BadInput, match="cannot be read"):
        copies.restore(url, tmp_path / "missing")
    if (tmp_path / "xiaoer.db").exists():
        database = Database(url)
        assert database.run_here(lambda session: session.exec(select(OutboxRow)).all()) == []
        database.close()
