"""The three ledgers: what reached us, what is due, what we will ask a platform to do.

Every row has a dedupe key, a subject, a lane and a trace id. `state` moves only forward, and every UPDATE names the
state it expects, so that two workers cannot both move a row. The indexes hold open rows only, and those that went
badly: what a claim costs does not grow with history.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from bot.model.columns import json_field, maybe_time_field, time_field


def open_rows(name: str, columns: tuple[str, ...], *states: str) -> Index:
    """An index over the rows in these states alone. A query uses it when it names the very same states as literals."""
    listed = ", ".join(f"'{state}'" for state in states)
    condition = text(f"state IN ({listed})" if len(states) > 1 else f"state = {listed}")
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


class InboxRow(SQLModel, table=True):
    """An event that reached us. States: new → done, or buried after its last attempt; a person may drop that, or
    make it new again.

    There is no claimed state: a worker holds the row's lock for its transaction, so a dead worker gives it back.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        open_rows("ix_inbox_ready", ("lane", "id"), "new"),
        open_rows("ix_inbox_order", ("subject", "lane", "id"), "new"),
        open_rows("ix_inbox_buried", ("id",), "buried"),
    )

    id: int | None = Field(default=None, primary_key=True)
    source: str
    kind: str
    dedupe_key: str = Field(unique=True)
    subject: str = ""
    lane: str = "normal"
    state: str = "new"
    payload: dict[str, Any] = json_field()
    trace_id: str = Field(index=True)
    attempts: int = 0
    error: str = ""
    event_at: datetime = time_field()
    received_at: datetime = time_field()
    ready_at: datetime = time_field()
    deadline: datetime | None = maybe_time_field()
    finished_at: datetime | None = maybe_time_field()


class TimerRow(SQLModel, table=True):
    """Something that is due at a moment. States: waiting → fired, or cancelled."""

    __tablename__ = "timers"
    __table_args__ = (
        open_rows("ix_timers_due", ("due_at",), "waiting"),
        open_rows("ix_timers_over", ("due_at",), "fired", "cancelled"),
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    dedupe_key: str = Field(unique=True)
    subject: str = Field(default="", index=True)
    lane: str = "normal"
    state: str = "waiting"
    due_at: datetime = time_field()
    payload: dict[str, Any] = json_field()
    trace_id: str = ""
    fired_at: datetime | None = maybe_time_field()


class OutboxRow(SQLModel, table=True):
    """A call to a platform. States: planned → sending → sent | failed | unknown | expired, or cancelled.

    A person may drop one that ended badly, or plan it again: `retries` counts that.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        open_rows("ix_outbox_ready", ("lane", "id"), "planned"),
        open_rows("ix_outbox_order", ("subject", "id"), "planned", "sending"),
        open_rows("ix_outbox_sending", ("claimed_until",), "sending"),
        open_rows("ix_outbox_bad", ("id",), "failed", "unknown", "expired"),
    )

    id: int | None = Field(default=None, primary_key=True)
    platform: str
    endpoint: str = Field(index=True)
    dedupe_key: str | None = Field(default=None, unique=True)
    subject: str = Field(default="", index=True)
    lane: str = "normal"
    state: str = "planned"
    body: dict[str, Any] = json_field()
    note: dict[str, Any] = json_field()
    follow: bool = False
    answer: dict[str, Any] = json_field()
    errcode: int | None = None
    reason: str = ""
    trace_id: str = Field(default="", index=True)
    attempts: int = 0
    retries: int = 0
    planned_at: datetime = time_field()
    ready_at: datetime = time_field()
    deadline: datetime | None = maybe_time_field()
    claimed_until: datetime | None = maybe_time_field()
    finished_at: datetime | None = maybe_time_field()
