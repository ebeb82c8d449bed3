"""People outside the corp: who they are, who follows them, what they did, what we call them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Index, Numeric, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.model.columns import json_field, maybe_time_field, time_field


class ExternalContact(SQLModel, table=True):
    """One person. `merged_into` points at the same person's older row once a unionid has joined the two."""

    __tablename__ = "external_contact"

    id: int | None = Field(default=None, primary_key=True)
    external_user_id: str | None = Field(default=None, unique=True)
    union_id: str | None = Field(default=None, index=True)
    name: str | None = None
    contact_type: int | None = None
    gender: int | None = None
    company: str | None = None
    position: str | None = None
    birthday: date | None = None
    email: str | None = None
    province: str | None = None
    city: str | None = None
    phone_sealed: str | None = None
    phone_hash: str | None = Field(default=None, index=True)
    lifecycle_stage: str = "prospect"
    lead_score: int = 0
    activity_score: int = 0
    spread_score: int = 0
    rfm: str | None = None
    rfm_segment: str | None = None
    member_level: str | None = None
    points: int = 0
    marketing_consent: bool | None = None
    fields: dict[str, Any] = json_field()
    first_seen_at: datetime = time_field(index=True)
    profiled_at: datetime | None = maybe_time_field()
    merged_into: int | None = Field(default=None, foreign_key="external_contact.id")


class FollowUser(SQLModel, table=True):
    """A staff member's relation to a contact. `status`: half | active | lost | removed.

    `changed_at` is the time of the newest event applied: an older one changes nothing. `seen_at` is the last reading of
    the corp that showed the relation; `found_at` is when one began that no callback told of.
    """

    __tablename__ = "follow_user"
    __table_args__ = (UniqueConstraint("contact_id", "user_id"),)

    id: int | None = Field(default=None, primary_key=True)
    contact_id: int = Field(foreign_key="external_contact.id", index=True)
    user_id: str = Field(index=True)
    status: str = "active"
    state: str = ""
    add_way: int | None = None
    remark: str | None = None
    added_at: datetime = time_field(index=True)
    ended_at: datetime | None = maybe_time_field()
    greeted_at: datetime | None = maybe_time_field()
    changed_at: datetime = time_field()
    seen_at: datetime | None = maybe_time_field()
    found_at: datetime | None = maybe_time_field()


class Follower(SQLModel, table=True):
    """A contact as a follower of one official account."""

    __tablename__ = "follower"
    __table_args__ = (UniqueConstraint("app_id", "open_id"),)

    id: int | None = Field(default=None, primary_key=True)
    app_id: str
    open_id: str
    contact_id: int = Field(foreign_key="external_contact.id", index=True)
    scene: str = ""
    followed_at: datetime | None = maybe_time_field()
    unfollowed_at: datetime | None = maybe_time_field()
    wrote_at: datetime | None = maybe_time_field()
    changed_at: datetime = time_field()


class ContactTag(SQLModel, table=True):
    """A tag on a contact, who put it there and why. `name` is `group/tag`; `removed_at` ends it."""

    __tablename__ = "contact_tag"
    __table_args__ = (UniqueConstraint("contact_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    contact_id: int = Field(foreign_key="external_contact.id", index=True)
    name: str = Field(index=True)
    source: str
    rule: str = ""
    evidence: str = ""
    confidence: float = 1.0
    added_at: datetime = time_field()
    expires_at: datetime | None = maybe_time_field(index=True)
    removed_at: datetime | None = maybe_time_field()


class Behaviour(SQLModel, table=True):
    """One thing a contact did, for filters that count and reports that add up."""

    __tablename__ = "behaviour"
    __table_args__ = (
        Index("ix_behaviour_contact", "contact_id", "name", "at"),
        Index("ix_behaviour_name", "name", "at"),
        Index("ix_behaviour_at", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    contact_id: int = Field(foreign_key="external_contact.id")
    name: str
    at: datetime = time_field()
    chat_id: str | None = Field(default=None, index=True)
    user_id: str | None = None
    amount: Decimal | None = Field(default=None, sa_type=Numeric(14, 2))
    properties: dict[str, Any] = json_field()
    dedupe_key: str | None = Field(default=None, unique=True)


class ScoreEntry(SQLModel, table=True):
    """Points that a rule added to a contact's lead score, and the words that earned them."""

    __tablename__ = "score_entry"

    id: int | None = Field(default=None, primary_key=True)
    contact_id: int = Field(foreign_key="external_contact.id", index=True)
    points: int
    rule: str
    evidence: str = ""
    at: datetime = time_field()
    dedupe_key: str = Field(unique=True)
