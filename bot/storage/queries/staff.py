"""Staff, departments, and the staff on whom a contact or a group depends."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from bot.model.ids import ChatId, ContactId, DepartmentId, UserId
from bot.model.tables import CustomerGroup, Department, FollowUser, Staff
from bot.storage import objects


def by_ids(session: Session, user_ids: Iterable[str]) -> Mapping[str, Staff]:
    """The known staff among `user_ids`, by their id in lower case."""
    wanted = {user_id.lower() for user_id in user_ids}
    found = objects.every(session, Staff, _BY_IDS, wanted=list(wanted)) if wanted else []
    return {staff.user_id.lower(): staff for staff in found}


_BY_IDS = select(Staff).where(func.lower(Staff.user_id).in_(bindparam("wanted", expanding=True)))


def departments(session: Session) -> Mapping[int, Department]:
    return {department.id: department for department in objects.every(session, Department, _DEPARTMENTS)}


_DEPARTMENTS = select(Department)


def in_departments(session: Session, wanted: Iterable[DepartmentId]) -> Sequence[UserId]:
    """Active staff of these departments, in order of their id.

    Which departments somebody is in is a list in JSON: it is looked through here, for all of the active staff.
    """
    chosen = set(wanted)
    rows = session.exec(
        select(Staff.user_id, Staff.main_department, Staff.departments).where(Staff.status == 1).order_by(Staff.user_id)
    )
    return [UserId(user_id) for user_id, main, others in rows if chosen & {main, *others}]


def followers(session: Session, contact_id: ContactId) -> Sequence[FollowUser]:
    """Whoever added the contact and has not removed them since, the first first."""
    return objects.every(session, FollowUser, _FOLLOWERS, contact_id=contact_id)


_FOLLOWERS = (
    select(FollowUser)
    .where(FollowUser.contact_id == bindparam("contact_id"), FollowUser.status != "removed")
    .order_by(col(FollowUser.added_at), col(FollowUser.id))
)


def group_owner(session: Session, chat_id: ChatId) -> UserId | None:
    group = objects.find(session, CustomerGroup, chat_id)
    return UserId(group.owner) if group and group.owner else None
