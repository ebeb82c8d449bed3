"""At night what has been kept for long enough leaves: archived by month first, and what people wrote for good."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, delete, select

from bot.model.tables import AuditRow, HygieneCase, InboxRow, Message, OutboxRow, Run, StepRun, Suppression, TimerRow
from bot.storage import archive
from handlers import housekeeping
from tests.world import World

SECRET = "我的电话是 13812345678"
FOUND = {"name": "message.text", "passed": True, "wanted": {"contains": "买"}, "found": SECRET}


def fill(session: Session, at: datetime, name: str) -> None:
    """A little of everything from one moment, long over."""
    event = {"at": at.isoformat(), "text": SECRET, "message_id": name, "channel": "archive", "kind": "message.received"}
    run = Run(sop="contact/x", digest="d", subject="contact:1", dedupe_key=name, state="done", started_at=at,
              ended_at=at, event_kind="message.received", event=event,
              variables={"began_with": "message.received", "when": [FOUND]})  # fmt: skip
    session.add(run)
    session.flush()
    session.add_all(
        [
            InboxRow(source="archive", kind="message.received", dedupe_key=name, state="done", payload=event,
                     trace_id=name, event_at=at, received_at=at, ready_at=at, finished_at=at),
            TimerRow(name="t", dedupe_key=name, state="fired", due_at=at, fired_at=at),
            OutboxRow(platform="wecom", endpoint="message/send", dedupe_key=name, state="sent", planned_at=at,
                      ready_at=at, finished_at=at,
                      body={"touser": "zhou", "text": {"content": SECRET}, "main_title": {"desc": SECRET}}),
            StepRun(run_id=run.id or 0, position="0", name="note", outcome="done", at=at),
            Suppression(sop="s", subject="contact:1", rule="when", at=at, detail={"verdicts": [FOUND]}),
            AuditRow(at=at, actor="lin", action="command.x"),
            Message(message_id=name, channel="archive", text=SECRET, sent_at=at),
            HygieneCase(chat_id="g", contact_id=1, message_id=name, quote=SECRET, spans=[[0, 2]], opened_at=at),
        ]
    )  # fmt: skip


def left(world: World, table: Any, **wanted: object) -> int:
    rows = world.read(select(table))
    return sum(all(getattr(row, name) == value for name, value in wanted.items()) for row in rows)


async def a_night(world: World) -> None:
    await world.advance(timedelta(days=1))


def folder(world: World) -> Path:
    return world.bot.settings.keep.folder


async def test_each_kind_of_row_stays_for_as_long_as_its_setting_says(world: World) -> None:
    now = world.clock.now()
    ages = {"young": 20, "month": 40, "quarter": 100, "half": 200, "old": 800}

    def filled(session: Session) -> None:
        for name, days in ages.items():
            fill(session, now - timedelta(days=days), name)

    world.bot.store.database.run_here(filled)
    await a_night(world)
    assert {name for name in ages if left(world, InboxRow, dedupe_key=name)} == {"young"}
    assert {name for name in ages if left(world, TimerRow, dedupe_key=name)} == {"young"}
    assert {name for name in ages if left(world, OutboxRow, dedupe_key=name)} == {"young", "month"}
    assert {name for name in ages if left(world, Message, message_id=name)} == {"young", "month", "quarter"}
    quoted = {name for name in ages if left(world, HygieneCase, message_id=name, quote=SECRET)}
    assert quoted == {"young", "month", "quarter"}
    assert {run.dedupe_key for run in world.read(select(Run)) if run.event.get("text")} >= {"young", "month", "quarter"}
    assert not {"half", "old"} & {run.dedupe_key for run in world.read(select(Run)) if SECRET in str(run)}
    assert (left(world, StepRun, name="note"), left(world, Suppression, sop="s")) == (2, 2)
    assert left(world, AuditRow, action="command.x") == 4


async def test_what_leaves_is_archived_by_its_month_without_what_people_wrote(world: World) -> None:
    at = world.clock.now() - timedelta(days=100)
    world.bot.store.database.run_here(lambda session: fill(session, at, "old"))
    await a_night(world)
    [row] = [row for row in archive.read(folder(world), "inbox") if row["dedupe_key"] == "old"]
    assert row["payload"]["message_id"] == "old"
    assert list((folder(world) / f"{at:%Y-%m}").glob("outbox-*.jsonl.gz"))
    assert [row["endpoint"] for row in archive.read(folder(world), "outbox")] == ["message/send"]
    tables = ("inbox", "outbox", "audit", "timers", "suppression")
    everything = str([list(archive.read(folder(world), table)) for table in tables])
    assert "message.text" in everything
    assert "13812345678" not in everything


async def test_open_rows_stay_however_old(world: World) -> None:
    at = world.clock.now() - timedelta(days=900)

    def filled(session: Session) -> None:
        run = Run(sop="contact/x", digest="d", subject="contact:1", dedupe_key="open", state="waiting", started_at=at)
        session.add(run)
        session.flush()
        session.add(StepRun(run_id=run.id or 0, position="0", name="kept", outcome="done", at=at))
        session.add(TimerRow(name="far", dedupe_key="far", due_at=world.clock.now() + timedelta(days=900)))

    world.bot.store.database.run_here(filled)
    await a_night(world)
    assert left(world, StepRun, name="kept") == left(world, TimerRow, dedupe_key="far") == 1


async def test_much_goes_in_small_batches_and_every_night_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    at = world.clock.now() - timedelta(days=100)

    def filled(session: Session) -> None:
        for table in (InboxRow, OutboxRow, AuditRow):
            session.exec(delete(table))  # what comes first by id is the oldest
        for number in range(10):
            fill(session, at, f"old{number}")

    world.bot.store.database.run_here(filled)
    with monkeypatch.context() as small:
        small.setattr(housekeeping, "MOST", 3)
        await a_night(world)
    assert not [row for row in world.read(select(OutboxRow)) if (row.dedupe_key or "").startswith("old")]
    assert len(list(archive.read(folder(world), "outbox"))) == 10
    assert len(list(folder(world).glob("*/outbox-*"))) == 4
    world.bot.store.database.run_here(lambda session: fill(session, at, "later"))
    await a_night(world)
    assert left(world, OutboxRow, dedupe_key="later") == 0


async def test_a_disk_that_is_full_deletes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    at = world.clock.now() - timedelta(days=100)
    world.bot.store.database.run_here(lambda session: fill(session, at, "old"))

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(archive, "_put", full)
        await a_night(world)
    assert left(world, OutboxRow, dedupe_key="old") == 1
    await a_night(world)
    assert left(world, OutboxRow, dedupe_key="old") == 0
