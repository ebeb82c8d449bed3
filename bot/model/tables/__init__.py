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
from bot.model.tables.directory import CorpReading, CorpTag, Department, Staff
from bot.model.tables.ledgers import InboxRow, OutboxRow, TimerRow
from bot.model.tables.records import AuditRow, Cursor, MediaRow
from bot.model.tables.shared import CounterRow, LeaseRow, MassCount, TokenRow
from bot.model.tables.sop import (
    Experiment,
    Rollout,
    Run,
    SegmentMember,
    SegmentState,
    SopState,
    SopVersion,
    StepRun,
    Suppression,
    Touch,
)

__all__ = [
    "Alert",
    "AuditRow",
    "Behaviour",
    "ContactTag",
    "CorpReading",
    "CorpTag",
    "CounterRow",
    "Cursor",
    "CustomerGroup",
    "Department",
    "Experiment",
    "ExternalContact",
    "FollowUser",
    "Follower",
    "GroupMember",
    "HygieneCase",
    "InboxRow",
    "Lead",
    "LeaseRow",
    "MassCount",
    "MassSend",
    "MediaRow",
    "Message",
    "OutboxRow",
    "Post",
    "Rollout",
    "Run",
    "ScoreEntry",
    "SegmentMember",
    "SegmentState",
    "SopState",
    "SopVersion",
    "Staff",
    "StaffTask",
    "StepRun",
    "Suppression",
    "TimerRow",
    "TokenRow",
    "Touch",
]
