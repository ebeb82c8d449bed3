"""Every table, one theme a module; importing this package makes them all known to the migrations."""

from bot.model.tables.community import (
    Alert,
    CustomerGroup,
    GroupMember,
    HygieneCase,
    Lead,
    MassSend,
    Message,
    Post,
    StaffTask,
)
from bot.model.tables.contacts import Behaviour, ContactTag, ExternalContact, Follower, FollowUser, ScoreEntry
from bot.model.tables.directory import CorpTag, Department, Staff
from bot.model.tables.ledgers import InboxRow, OutboxRow, TimerRow
from bot.model.tables.records import AuditRow, Cursor, MediaRow
from bot.model.tables.sop import Run, SopState, SopVersion, StepRun, Suppression

__all__ = [
    "Alert",
    "AuditRow",
    "Behaviour",
    "ContactTag",
    "CorpTag",
    "Cursor",
    "CustomerGroup",
    "Department",
    "ExternalContact",
    "FollowUser",
    "Follower",
    "GroupMember",
    "HygieneCase",
    "InboxRow",
    "Lead",
    "MassSend",
    "MediaRow",
    "Message",
    "OutboxRow",
    "Post",
    "Run",
    "ScoreEntry",
    "SopState",
    "SopVersion",
    "Staff",
    "StaffTask",
    "StepRun",
    "Suppression",
    "TimerRow",
]
