"""The past, to be walked again: what came to be since a moment is taken out of a copy, and brought back in its turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, SQLModel, col, delete, func, select, update

from bot.model.tables import (
    Behaviour,
    ContactTag,
    Cursor,
    CustomerGroup,
    ExternalContact,
    Follower,
    FollowUser,
    GroupMember,
    MassCount,
    Message,
    Run,
    ScoreEntry,
    SegmentMember,
    StaffTask,
    StepRun,
    Suppression,
    Touch,
)
from bot.storage.queries import cursors
from bot.storage.statements import changed, in_state, insert_new, table_of

Pair = tuple[str, str]
"""A contact's external user id, and a staff member."""
A_MOMENT, LONG_AGO = timedelta(seconds=1), datetime(1970, 1, 1, tzinfo=UTC)
HISTORY: Sequence[tuple[type[SQLModel], str, str]] = (
    (Behaviour, "at", ""),
    (Message, "sent_at", ""),
    (ScoreEntry, "at", ""),
    (ContactTag, "added_at", "removed_at"),
    (FollowUser, "added_at", "ended_at"),
    (GroupMember, "joined_at", "left_at"),
    (StaffTask, "opened_at", "done_at"),
    (SegmentMember, "entered_at", ""),
)
"""What is dated: the table, when a row came to be, and when it ended."""
BEFORE: Mapping[type[SQLModel], Mapping[str, Any]] = {FollowUser: {"status": "active"}, StaffTask: {"state": "open"}}
"""What a row says before its end."""


@dataclass(frozen=True)
class Undone:
    """What was taken out of the past, and when it comes back: a whole row, or some values of the one with `id`."""

    at: datetime
    model: type[SQLModel]
    values: Mapping[str, Any]
    id: int | None = None


def rewind(session: Session, since: datetime, looks: Mapping[str, datetime]) -> list[Undone]:
    """Take out what came to be since a moment, and undo what ended since; returns how to bring it all back.

    `looks` are the last dates of SOPs before that moment.
    """
    undone = _take_out_touches(session, since)
    _forget_runs(session, since)
    _forget_changes(session, since)
    _look_again(session, looks)
    for model, made, ended in HISTORY:
        if ended:
            undone += _blanked(session, model, ended, {ended: None, **BEFORE.get(model, {})}, since)
        table = table_of(model)
        rows = session.connection().execute(table.select().where(table.c[made] >= since)).mappings()
        undone += [Undone(row[made], model, dict(row)) for row in list(rows)]
        session.connection().execute(table.delete().where(table.c[made] >= since))
    for one in undone:
        if one.model is ScoreEntry:
            _score(session, one, -1)
    return sorted(undone, key=lambda one: (one.at, one.id is not None))


def _blanked(
    session: Session, model: type[SQLModel], column: str, before: Mapping[str, Any], since: datetime
) -> list[Undone]:
    """Give rows what they said before `column` was set; returns how they get their values back."""
    table = table_of(model)
    rows = list(session.connection().execute(table.select().where(table.c[column] >= since)).mappings())
    for row in rows:
        session.connection().execute(table.update().where(table.c.id == row["id"]).values(**before))
    return [Undone(row[column], model, {name: row[name] for name in before}, row["id"]) for row in rows]


def bring_back(session: Session, one: Undone) -> None:
    """Do again what `rewind` undid."""
    if one.id is None:
        insert_new(session.connection(), one.model, [one.values])
        if one.model is ScoreEntry:
            _score(session, one, 1)
        elif one.model is Touch:
            _count_mass(session, one.values, 1)
        return
    table = table_of(one.model)
    session.connection().execute(table.update().where(table.c.id == one.id).values(**one.values))


def _score(session: Session, one: Undone, sign: int) -> None:
    contact = table_of(ExternalContact)
    more = contact.c.lead_score + sign * one.values["points"]
    of = contact.c.id == one.values["contact_id"]
    session.connection().execute(contact.update().where(of).values(lead_score=more))


def _take_out_touches(session: Session, since: datetime) -> list[Undone]:
    """Messages that were planned since; those of runs that began since are planned again, the others come back."""
    begun = set(session.exec(select(Run.id).where(col(Run.started_at) >= since)))
    touches = [dict(row) for row in session.connection().execute(_TOUCHES, {"since": since}).mappings()]
    changed(session, delete(Touch).where(col(Touch.at) >= since))
    for touch in touches:
        _count_mass(session, touch, -1)
    theirs = (touch for touch in touches if _run_of(str(touch["dedupe_key"])) not in begun)
    return [Undone(touch["at"], Touch, touch) for touch in theirs]


_TOUCHES = table_of(Touch).select().where(col(Touch.at) >= bindparam("since"))


def _run_of(key: str) -> int | None:
    """The run that planned a message, if it was one."""
    kind, _colon, rest = key.partition(":")
    number = rest.partition(":")[0]
    return int(number) if kind == "run" and number.isdecimal() else None


def _count_mass(session: Session, touch: Mapping[str, Any], more: int) -> None:
    """A mass send counts in the window that was open at the time."""
    if touch["channel"] != "mass":
        return
    mine = (col(MassCount.subject) == f"contact:{touch['contact_id']}", col(MassCount.until) > touch["at"])
    until = select(func.min(MassCount.until)).where(*mine).scalar_subquery()
    here = update(MassCount).where(mine[0], col(MassCount.until) == until)
    changed(session, here.values(count=MassCount.count + more))


def _forget_changes(session: Session, since: datetime) -> None:
    """Forget when groups changed: that is what tells news from what came late."""
    for group in session.exec(select(CustomerGroup)):
        group.changes = {change: at for change, at in group.changes.items() if at < since.isoformat()}


def _look_again(session: Session, looks: Mapping[str, datetime]) -> None:
    """SOPs that wait for a line to be crossed have looked no further than at their last date."""
    changed(session, delete(Cursor).where(col(Cursor.name).startswith(cursors.FIGURE)))
    for sop, at in looks.items():
        cursors.move(session, f"{cursors.FIGURE}{sop}", int(at.timestamp()))


def take_out_relations(session: Session, since: datetime, began: Mapping[Pair, bool]) -> dict[Pair, Mapping[str, Any]]:
    """What became of relations whose events are known is undone. Those that began are gone, and returned.

    `began` says of each whether its first event since then was its beginning, or its end.
    """
    gone: dict[Pair, Mapping[str, Any]] = {}
    theirs = select(FollowUser, ExternalContact).join(
        ExternalContact, col(ExternalContact.id) == col(FollowUser.contact_id)
    )
    for follow, contact in session.exec(theirs.where(col(FollowUser.changed_at) >= since)):
        pair = (contact.external_user_id or "", follow.user_id)
        if pair not in began:
            continue
        if follow.added_at >= since and began[pair]:
            gone[pair] = follow.model_dump()
            session.delete(follow)
            continue
        follow.added_at = min(follow.added_at, max(contact.first_seen_at, since - A_MOMENT))
        follow.status, follow.ended_at, follow.changed_at = "active", None, follow.added_at
        follow.found_at = follow.greeted_at = None
    session.flush()
    return gone


def take_back_followers(session: Session, since: datetime, began: Mapping[str, bool]) -> None:
    """Followers whose events are known stand as they did; see `take_out_relations`."""
    for follower in session.exec(select(Follower).where(col(Follower.open_id).in_(began))):
        before = since - A_MOMENT
        follower.followed_at = None if began[follower.open_id] else min(follower.followed_at or before, before)
        follower.unfollowed_at, follower.changed_at = None, LONG_AGO
        follower.wrote_at = follower.wrote_at if follower.wrote_at and follower.wrote_at < since else None


def begin_relation(session: Session, values: Mapping[str, Any]) -> None:
    """Bring back a relation that is about to begin."""
    long_ago = {"status": "removed", "changed_at": LONG_AGO, "greeted_at": None, "found_at": None}
    insert_new(session.connection(), FollowUser, [{**values, **long_ago}])


def _forget_runs(session: Session, since: datetime) -> None:
    """Forget what SOPs did: a replay does that again. Runs that were under way stand still."""
    begun = select(Run.id).where(col(Run.started_at) >= since)
    changed(session, delete(StepRun).where(col(StepRun.run_id).in_(begun)))
    changed(session, delete(Run).where(col(Run.started_at) >= since))
    changed(session, delete(Suppression).where(col(Suppression.at) >= since))
    changed(session, update(Run).where(in_state(Run.state, "waiting")).values(state="exited"))
