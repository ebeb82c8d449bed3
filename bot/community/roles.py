"""Who may do what. Nobody may do anything until a setting or the directory says so."""

from enum import StrEnum

from sqlmodel import Session

from bot.model.ids import ContactId, UserId
from bot.model.tables import Staff
from bot.settings import Settings
from bot.storage.queries import contacts, posts
from bot.storage.queries import staff as rows

ACTIVE = 1
"""`status` of a staff member who works here. Source: developer.work.weixin.qq.com/document/path/90196"""


class Role(StrEnum):
    """What somebody may act as; `owner` owns a customer group and may act in that one."""

    STAFF = "staff"
    OWNER = "owner"
    LEADER = "leader"
    MANAGER = "manager"
    ADMIN = "admin"


_EVERYTHING = frozenset(Role)


def roles_of(session: Session, settings: Settings, user_id: UserId) -> frozenset[Role]:
    """Every role that `user_id` may act in; none for somebody unknown, disabled or gone."""
    staff = rows.by_ids(session, [user_id]).get(user_id.lower())
    if staff is not None and staff.status != ACTIVE:
        return frozenset()
    if _is_among(user_id, settings.roles.admin):
        return _EVERYTHING
    if _is_among(user_id, settings.roles.manager):
        return _EVERYTHING - {Role.ADMIN}
    return frozenset() if staff is None else _by_directory(session, staff)


def _by_directory(session: Session, staff: Staff) -> frozenset[Role]:
    roles = {Role.STAFF}
    leaders = [leader for department in rows.departments(session).values() for leader in department.leaders]
    if staff.leads or _is_among(UserId(staff.user_id), leaders):
        roles.add(Role.LEADER)
    if posts.owned_groups(session, UserId(staff.user_id)):
        roles.add(Role.OWNER)
    return frozenset(roles)


def _is_among(user_id: UserId, listed: list[str]) -> bool:
    """WeCom compares user ids without regard to case."""
    return user_id.casefold() in {one.casefold() for one in listed}


def may_see_contact(session: Session, roles: frozenset[Role], user_id: UserId, contact_id: ContactId) -> bool:
    """Staff see whom they follow; managers see everybody."""
    if Role.MANAGER in roles:
        return True
    return any(one.user_id.casefold() == user_id.casefold() for one in contacts.follows(session, contact_id))
