"""SOPs in the database: versions, runs and what happened at each step."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.model.columns import json_field, maybe_time_field, time_field
from bot.model.tables.ledgers import open_rows


class SopVersion(SQLModel, table=True):
    """One text of one SOP, known by its content hash; runs stay on the version they began with."""

    __tablename__ = "sop_version"
    __table_args__ = (UniqueConstraint("sop", "digest"),)

    id: int | None = Field(default=None, primary_key=True)
    sop: str = Field(index=True)
    digest: str
    source: str
    published_at: datetime = time_field()


class SopState(SQLModel, table=True):
    """Which version of an SOP is in force, and whether it is paused."""

    __tablename__ = "sop_state"

    sop: str = Field(primary_key=True)
    digest: str
    paused: bool = False
    broken: str = ""


class Run(SQLModel, table=True):
    """A subject on its way through one version of an SOP.

    `position` is the path of the next step, such as `[3, "then", 0]`. `variables` is what steps left for later ones.
    States: running → waiting → … → done | exited | failed; `waiting_for` names what it waits for, if an event.
    """

    __tablename__ = "run"
    __table_args__ = (
        Index("ix_run_subject", "subject", "sop"),
        open_rows("ix_run_waiting", ("subject", "waiting_for"), "waiting"),
    )

    id: int | None = Field(default=None, primary_key=True)
    sop: str = Field(index=True)
    digest: str
    subject: str
    dedupe_key: str = Field(unique=True)
    state: str = "running"
    position: list[Any] = json_field(list)
    waiting_for: str = ""
    waits: int = 0
    wake_at: datetime | None = maybe_time_field()
    variant: dict[str, str] = json_field()
    event_kind: str = ""
    event: dict[str, Any] = json_field()
    variables: dict[str, Any] = json_field()
    user_id: str | None = None
    reason: str = ""
    goal_at: datetime | None = maybe_time_field()
    started_at: datetime = time_field(index=True)
    ended_at: datetime | None = maybe_time_field()
    trace_id: str = ""


class StepRun(SQLModel, table=True):
    """One step that a run took, with the verdict that led there and what came of it."""

    __tablename__ = "step_run"

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", index=True)
    position: str
    name: str
    outcome: str
    detail: dict[str, Any] = json_field()
    at: datetime = time_field()
    trace_id: str = Field(default="", index=True)


class Suppression(SQLModel, table=True):
    """Something that was not done, and the rule that stood in its way."""

    __tablename__ = "suppression"

    id: int | None = Field(default=None, primary_key=True)
    sop: str = Field(index=True)
    subject: str = Field(index=True)
    rule: str
    detail: dict[str, Any] = json_field()
    at: datetime = time_field()
    trace_id: str = Field(default="", index=True)


class SegmentMember(SQLModel, table=True):
    """A subject that was in a segment when it was last looked at; `subject` is its key, such as `contact:7`."""

    __tablename__ = "segment_member"
    __table_args__ = (UniqueConstraint("segment", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    segment: str
    subject: str = Field(index=True)
    entered_at: datetime = time_field()


class SegmentState(SQLModel, table=True):
    """Which text of a segment its members were counted by, and when everybody was last looked at.

    `passed_at` is until when facts that grew too old have been minded, `edge_at` when the next one will.
    """

    __tablename__ = "segment_state"

    segment: str = Field(primary_key=True)
    digest: str
    counted_at: datetime = time_field()
    passed_at: datetime | None = maybe_time_field()
    edge_at: datetime | None = maybe_time_field()


class Touch(SQLModel, table=True):
    """One message to a contact that we planned: what caps, the same content and touch history are judged by."""

    __tablename__ = "touch"
    __table_args__ = (Index("ix_touch_contact", "contact_id", "at"), Index("ix_touch_at", "at"))

    id: int | None = Field(default=None, primary_key=True)
    contact_id: int = Field(foreign_key="external_contact.id")
    channel: str
    content: str
    sop: str = Field(index=True)
    at: datetime = time_field()
    dedupe_key: str = Field(unique=True)


class Experiment(SQLModel, table=True):
    """A split that looks for its winner; `detail` is what was last found, with the interval."""

    __tablename__ = "experiment"
    __table_args__ = (UniqueConstraint("sop", "digest", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    sop: str
    digest: str
    position: str
    began_at: datetime = time_field()
    winner: str = ""
    decided_at: datetime | None = maybe_time_field()
    detail: dict[str, Any] = json_field()


class Rollout(SQLModel, table=True):
    """How far an SOP that is let out by stages has come; `stopped_at` is when its stop-loss ended that."""

    __tablename__ = "rollout"
    __table_args__ = (UniqueConstraint("sop", "digest"),)

    id: int | None = Field(default=None, primary_key=True)
    sop: str
    digest: str
    stage: int = 0
    moved_at: datetime = time_field()
    stopped_at: datetime | None = maybe_time_field()
    detail: dict[str, Any] = json_field()
