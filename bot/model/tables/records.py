"""Small records beside the ledgers: the audit trail, reading positions, uploaded media."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from bot.model.columns import json_field, time_field


class AuditRow(SQLModel, table=True):
    """Who did what, to what, when."""

    __tablename__ = "audit"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = time_field(index=True)
    actor: str = Field(index=True)
    action: str
    target: str = ""
    detail: dict[str, Any] = json_field()
    trace_id: str = ""


class Cursor(SQLModel, table=True):
    """How far something has been read, such as the archive's seq."""

    __tablename__ = "cursor"

    name: str = Field(primary_key=True)
    value: str


class MediaRow(SQLModel, table=True):
    """A file that a platform holds for us until `expires_at`."""

    __tablename__ = "media"

    digest: str = Field(primary_key=True)
    media_id: str
    expires_at: datetime = time_field()
