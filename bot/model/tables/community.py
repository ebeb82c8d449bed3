"""Groups and the work in them: messages, hygiene cases, leads, alerts, tasks, posts."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.model.columns import json_field, maybe_time_field, time_field


class CustomerGroup(SQLModel, table=True):
    """A group. `kind`: `customer` (with contacts), `webhook` or `appchat` (internal, the bot may speak there).

    `changes` holds when each kind of change was last told or found. `synced_at` is when its details were read,
    `seen_at` the last reading of the corp that listed it.
    """

    __tablename__ = "customer_group"

    chat_id: str = Field(primary_key=True)
    name: str = ""
    kind: str = "customer"
    owner: str | None = Field(default=None, index=True)
    notice: str = ""
    layer: str | None = None
    tags: list[str] = json_field(list)
    admins: list[str] = json_field(list)
    version: str = ""
    changes: dict[str, str] = json_field()
    created_at: datetime | None = maybe_time_field()
    synced_at: datetime | None = maybe_time_field()
    seen_at: datetime | None = maybe_time_field()
    dismissed_at: datetime | None = maybe_time_field()


class GroupMember(SQLModel, table=True):
    """Somebody in a group; `member_id` is a user id or an external user id. `left_at` ends the stay."""

    __tablename__ = "group_member"
    __table_args__ = (UniqueConstraint("chat_id", "member_id"),)

    id: int | None = Field(default=None, primary_key=True)
    chat_id: str = Field(foreign_key="customer_group.chat_id", index=True)
    member_id: str = Field(index=True)
    contact_id: int | None = Field(default=None, foreign_key="external_contact.id", index=True)
    nickname: str = ""
    join_scene: int = 0
    state: str = ""
    inviter: str | None = None
    joined_at: datetime = time_field()
    left_at: datetime | None = maybe_time_field()
    quit_scene: int | None = None
    changed_at: datetime = time_field()


class Message(SQLModel, table=True):
    """What somebody wrote, kept for as long as the setting says."""

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_chat", "chat_id", "sent_at"),)

    id: int | None = Field(default=None, primary_key=True)
    message_id: str = Field(unique=True)
    channel: str
    chat_id: str | None = None
    contact_id: int | None = Field(default=None, index=True)
    user_id: str | None = Field(default=None, index=True)
    kind: str = "text"
    text: str = ""
    sent_at: datetime = time_field(index=True)


class HygieneCase(SQLModel, table=True):
    """A message that broke a rule, and what a human made of it.

    `spans` are `[start, end]` in the quoted text. States: open → warned | removal_asked | blocked | ignored, and
    removed once the member has gone; `shadow` when the rules only watch.
    """

    __tablename__ = "hygiene_case"

    id: int | None = Field(default=None, primary_key=True)
    chat_id: str = Field(index=True)
    contact_id: int = Field(index=True)
    message_id: str = Field(unique=True)
    rules: list[str] = json_field(list)
    spans: list[list[int]] = json_field(list)
    quote: str = ""
    state: str = "open"
    measure: str = ""
    decided_by: str | None = None
    opened_at: datetime = time_field(index=True)
    decided_at: datetime | None = maybe_time_field()


class Lead(SQLModel, table=True):
    """Something about a contact that staff should act on. States: new → claimed → done, or ignored."""

    __tablename__ = "lead"

    id: int | None = Field(default=None, primary_key=True)
    contact_id: int = Field(foreign_key="external_contact.id", index=True)
    kind: str
    reason: str = ""
    state: str = "new"
    score: int = 0
    owner: str | None = Field(default=None, index=True)
    recipients: list[str] = json_field(list)
    escalations: int = 0
    opened_at: datetime = time_field(index=True)
    claimed_at: datetime | None = maybe_time_field()
    closed_at: datetime | None = maybe_time_field()


class Alert(SQLModel, table=True):
    """One card that went to staff. `about` names what it is on, such as `lead` and its id.

    `response_code` is the last known way to change the card: it works once, for 72 hours.
    """

    __tablename__ = "alert"
    __table_args__ = (Index("ix_alert_about", "about", "about_id"),)

    task_id: str = Field(primary_key=True)
    about: str
    about_id: int
    recipients: list[str] = json_field(list)
    card: dict[str, Any] = json_field()
    response_code: str = ""
    sent_at: datetime = time_field()
    closed_at: datetime | None = maybe_time_field()


class StaffTask(SQLModel, table=True):
    """Something a staff member was asked to do. States: open → done."""

    __tablename__ = "staff_task"

    id: int | None = Field(default=None, primary_key=True)
    user_id: str = Field(index=True)
    contact_id: int | None = Field(default=None, index=True)
    chat_id: str | None = None
    text: str
    reason: str = ""
    state: str = "open"
    opened_at: datetime = time_field()
    due_at: datetime | None = maybe_time_field()
    done_at: datetime | None = maybe_time_field()


class Post(SQLModel, table=True):
    """A post for groups, by command or by SOP. States: draft → scheduled → prepared → done, or cancelled."""

    __tablename__ = "post"

    id: int | None = Field(default=None, primary_key=True)
    dedupe_key: str = Field(unique=True)
    author: str
    text: str
    attachments: list[dict[str, Any]] = json_field(list)
    chat_ids: list[str] = json_field(list)
    state: str = "draft"
    due_at: datetime | None = maybe_time_field()
    created_at: datetime = time_field()


class MassSend(SQLModel, table=True):
    """One mass-send task at WeCom that one staff member has to confirm.

    States: planned → waiting (for the tap) → sent, or failed | cancelled | escalated (still waiting, manager told).
    """

    __tablename__ = "mass_send"

    id: int | None = Field(default=None, primary_key=True)
    dedupe_key: str = Field(unique=True)
    post_id: int | None = Field(default=None, foreign_key="post.id", index=True)
    msg_id: str | None = Field(default=None, index=True)
    chat_type: str = "group"
    sender: str
    chat_ids: list[str] = json_field(list)
    text: str = ""
    state: str = "planned"
    reminders: int = 0
    results: dict[str, int] = json_field()
    created_at: datetime = time_field()
    sent_at: datetime | None = maybe_time_field()
