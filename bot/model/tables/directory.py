"""The corp's own side: departments, staff, corp tags."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.model.columns import json_field, maybe_time_field, time_field


class Department(SQLModel, table=True):
    """`leaders` are user ids; the root has id 1 and parent 0."""

    __tablename__ = "department"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str
    parent_id: int = 0
    leaders: list[str] = json_field(list)


class Staff(SQLModel, table=True):
    """A staff member. `status`: 1 active, 2 disabled, 4 not activated, 5 left."""

    __tablename__ = "staff"

    user_id: str = Field(primary_key=True)
    name: str = ""
    departments: list[int] = json_field(list)
    main_department: int | None = Field(default=None, index=True)
    leads: list[int] = json_field(list)
    direct_leaders: list[str] = json_field(list)
    position: str = ""
    status: int = 1
    language: str | None = None
    muted_until: datetime | None = maybe_time_field()
    synced_at: datetime | None = maybe_time_field()


class CorpTag(SQLModel, table=True):
    """A corp tag as WeCom knows it; `name` is `group/tag`."""

    __tablename__ = "corp_tag"

    tag_id: str = Field(primary_key=True)
    group_id: str = Field(index=True)
    name: str = Field(index=True)


class CorpReading(SQLModel, table=True):
    """One reading of the whole corp, page by page; `name` is its moment, and stands in the notes of its calls.

    `since` is when the reading before began: what happened after it and was not told of is found now.
    """

    __tablename__ = "corp_reading"

    name: str = Field(primary_key=True)
    started_at: datetime = time_field(index=True)
    since: datetime | None = maybe_time_field()
    asked: int = 0
    answered: int = 0
    failed: int = 0
    found: int = 0
    finished_at: datetime | None = maybe_time_field()
