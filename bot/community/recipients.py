"""Who is told: the recipient rules of an alert, each person once, and never nobody.

event_staff            the staff the event is linked with: the one who was added or wrote; for a message in a group its
                       owner and whoever added the contact first
event_staff_managers   their direct leaders and the leaders of their departments, up to the top, the nearest first
all_followers          all staff who added the contact
first_follower         the first of them who has not removed the contact
group_owner · role:<name> · user:<id> · department:<id> (with the departments below)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot import log
from bot.community import policy
from bot.errors import BadInput
from bot.model.ids import ChatId, ContactId, DepartmentId, UserId
from bot.model.tables import Department, Staff
from bot.storage.queries import staff as rows

logger = log.get(__name__)

ACTIVE = 1
LAST_RESORT = ("role:manager", "role:admin")
RULES = ("event_staff", "event_staff_managers", "all_followers", "first_follower", "group_owner")
PREFIXES = ("role", "user", "department")


def is_rule(rule: str) -> bool:
    """Whether `rule` is written as a recipient rule."""
    prefix, colon, name = rule.partition(":")
    return rule in RULES or (prefix in PREFIXES and bool(colon and name) and (prefix != "department" or name.isdigit()))


@dataclass(frozen=True)
class _Occasion:
    """What an alert is about, for rules that depend on it."""

    session: Session
    contact_id: ContactId | None
    user_id: UserId | None
    chat_id: ChatId | None


def resolve(
    session: Session,
    to: Sequence[str],
    *,
    contact_id: ContactId | None = None,
    user_id: UserId | None = None,
    chat_id: ChatId | None = None,
    fallback: Sequence[str] = (),
    now: datetime | None = None,
) -> list[UserId]:
    """Whom the rules `to` name, without those who have left, are disabled or, at `now`, asked not to be disturbed.

    When nobody remains, `fallback` (rules too) is asked, then the managers, the admins, and at the very last those who
    asked not to be disturbed. Raises `BadInput` for what is not a rule.
    """
    occasion = _Occasion(session, contact_id, user_id, chat_id)
    muted: list[UserId] = []
    for rules in (to, fallback, *((rule,) for rule in LAST_RESORT)):
        named = _once(user for rule in rules for user in _named(occasion, rule))
        working = _working(session, named)
        if awake := _awake(session, working, now):
            return awake
        muted += working
    if not muted:
        logger.error("nobody can be told: no recipient, manager or admin works here", rules=list(to))
    return _once(muted)


def linked_staff(
    session: Session,
    *,
    contact_id: ContactId | None = None,
    user_id: UserId | None = None,
    chat_id: ChatId | None = None,
) -> list[UserId]:
    """The staff an event is linked with (`event_staff`), whether or not they work today."""
    linked = [user_id] if user_id else []
    if chat_id and (owner := rows.group_owner(session, chat_id)):
        linked.append(owner)
    if contact_id and (chat_id or not linked):
        linked += _followers(session, contact_id)[:1]
    return _once(linked)


def managers_of(session: Session, user_id: UserId) -> list[UserId]:
    """Every active manager of a staff member, the nearest first; nobody manages themselves."""
    staff = rows.by_ids(session, [user_id]).get(user_id.lower())
    if staff is None:
        return []
    departments = rows.departments(session)
    above = [UserId(leader) for leader in staff.direct_leaders]
    for department in _upwards(staff, departments):
        above += [UserId(leader) for leader in department.leaders]
    return [manager for manager in _working(session, _once(above)) if manager.lower() != user_id.lower()]


def _upwards(staff: Staff, departments: Mapping[int, Department]) -> Iterator[Department]:
    """The departments of a staff member and those above, level by level; a cycle ends where it closes."""
    level = list(dict.fromkeys([staff.main_department or 0, *staff.departments]))
    seen: set[int] = set()
    while level := [number for number in level if number in departments and number not in seen]:
        seen.update(level)
        yield from (departments[number] for number in level)
        level = list(dict.fromkeys(departments[number].parent_id for number in level))


def reachable(session: Session, users: Iterable[UserId], now: datetime) -> list[UserId]:
    """Those who work here and have not asked to be left alone."""
    return _awake(session, _working(session, _once(users)), now)


def language_of(session: Session, users: Sequence[UserId]) -> str:
    """The language that all of them chose, or else the corp's: one card goes to all."""
    known = rows.by_ids(session, users)
    default = policy.of(session).language
    chosen = {(known[user.lower()].language if user.lower() in known else None) or default for user in users}
    return chosen.pop() if len(chosen) == 1 else default


def name_of(session: Session, user_id: str) -> str:
    staff = rows.by_ids(session, [user_id]).get(user_id.lower())
    return (staff.name if staff else "") or user_id


def _named(occasion: _Occasion, rule: str) -> Sequence[UserId]:
    prefix, _colon, name = rule.partition(":")
    if not is_rule(rule):
        raise BadInput(f"{rule!r} is not a recipient: use {', '.join(RULES)}, role:…, user:… or department:…")
    if prefix == "user":
        return [UserId(name)]
    if prefix == "role":
        return _in_role(occasion.session, name)
    if prefix == "department":
        return rows.in_departments(occasion.session, _below(occasion.session, DepartmentId(int(name))))
    return _by_occasion(occasion, rule)


def _by_occasion(occasion: _Occasion, rule: str) -> Sequence[UserId]:
    session, contact_id, chat_id = occasion.session, occasion.contact_id, occasion.chat_id
    if rule == "group_owner":
        owner = rows.group_owner(session, chat_id) if chat_id else None
        return [owner] if owner else []
    if rule in ("all_followers", "first_follower"):
        followers = _followers(session, contact_id) if contact_id else []
        return followers if rule == "all_followers" else followers[:1]
    linked = linked_staff(session, contact_id=contact_id, user_id=occasion.user_id, chat_id=chat_id)
    if rule == "event_staff":
        return linked
    return [manager for staff in linked for manager in managers_of(session, staff)]


def _in_role(session: Session, name: str) -> list[UserId]:
    roles: Mapping[str, list[str]] = policy.of(session).roles.model_dump()
    return [UserId(user) for user in roles.get(name, [])]


def _followers(session: Session, contact_id: ContactId) -> list[UserId]:
    return [UserId(follow.user_id) for follow in rows.followers(session, contact_id)]


def _below(session: Session, top: DepartmentId) -> set[DepartmentId]:
    departments = rows.departments(session).values()
    found, level = {top}, {top}
    while level := {DepartmentId(one.id) for one in departments if one.parent_id in level} - found:
        found |= level
    return found


def _once(users: Iterable[UserId]) -> list[UserId]:
    """Each person once; WeCom compares user ids without regard to case."""
    met: dict[str, UserId] = {}
    for user in users:
        met.setdefault(user.lower(), user)
    return [user for user in met.values() if user]


def _working(session: Session, users: Sequence[UserId]) -> list[UserId]:
    """Without the disabled and the gone; whom the directory does not know is not known to be gone."""
    known = rows.by_ids(session, users)
    return [user for user in users if user.lower() not in known or known[user.lower()].status == ACTIVE]


def _awake(session: Session, users: Sequence[UserId], now: datetime | None) -> list[UserId]:
    known = rows.by_ids(session, users) if now else {}
    muted = {key for key, staff in known.items() if now and staff.muted_until and staff.muted_until > now}
    return [user for user in users if user.lower() not in muted]
