"""Who a contact is and who follows them."""

from datetime import date, datetime
from typing import Any, Literal

from sqlmodel import Session

from bot.errors import NotFound
from bot.model.events import ContactHalfAdded, Greetable
from bot.model.ids import ContactId, ExternalUserId, OpenId, UnionId, UserId
from bot.model.tables import ExternalContact, FollowUser
from bot.storage.queries import contacts as rows
from bot.storage.work import Work


def find(
    session: Session,
    *,
    external_user_id: ExternalUserId | None = None,
    open_id: OpenId | None = None,
    union_id: UnionId | None = None,
) -> ExternalContact | None:
    """The contact behind whichever id is given; the row of the person when two have been joined."""
    found: ExternalContact | None = None
    if external_user_id:
        found = rows.by_external(session, external_user_id)
    elif open_id:
        found = rows.by_open(session, open_id)
    elif union_id:
        found = next(iter(rows.by_union(session, union_id)), None)
    return found if found is None else _person(session, found)


def get(session: Session, contact_id: ContactId) -> ExternalContact:
    """The contact; raises `NotFound`."""
    contact = rows.by_id(session, contact_id)
    if contact is None:
        raise NotFound("contact", contact_id)
    return _person(session, contact)


def _person(session: Session, contact: ExternalContact) -> ExternalContact:
    while contact.merged_into is not None:
        into = rows.by_id(session, ContactId(contact.merged_into))
        if into is None:
            break
        contact = into
    return contact


def ensure(work: Work, external_user_id: ExternalUserId) -> ExternalContact:
    """The contact with this id, known from now on if it was not."""
    rows.add(work.session, external_user_id, work.now)
    contact = find(work.session, external_user_id=external_user_id)
    assert contact is not None
    return contact


def id_of(contact: ExternalContact) -> ContactId:
    assert contact.id is not None
    return ContactId(contact.id)


Beginning = Literal["new", "confirmed", "repeated", "late"]


def follow(work: Work, event: Greetable) -> tuple[ExternalContact, Beginning]:
    """Write down that a staff member has a contact.

    Says whether the relation is `new`, was begun by half and is `confirmed` now, only `repeated`, or `late`: told after
    something newer, which then stands.
    """
    contact = ensure(work, event.external_user_id)
    half = isinstance(event, ContactHalfAdded)
    known = rows.follow(work.session, id_of(contact), event.user_id)
    if known is None:
        rows.add_follow(work.session, id_of(contact), event.user_id, "half" if half else "active", event.at)
        known = rows.follow(work.session, id_of(contact), event.user_id)
        assert known is not None
        known.state = event.state
        return contact, "new"
    if event.at < known.changed_at:
        return contact, "late"
    return contact, _follow_again(known, event, half)


def _follow_again(known: FollowUser, event: Greetable, half: bool) -> Beginning:
    before = known.status
    if before == "active" or (before == "half" and half):
        return "repeated"
    known.status, known.changed_at = ("half" if half else "active"), event.at
    known.state = event.state or known.state
    if before == "half":
        return "confirmed"
    known.added_at, known.ended_at, known.greeted_at = event.at, None, None
    return "new"


def state_of(session: Session, contact_id: ContactId, user_id: UserId) -> str:
    """The live code by which a contact came to a staff member; empty when by none."""
    known = rows.follow(session, contact_id, user_id)
    return known.state if known else ""


def unfollow(
    work: Work, external_user_id: ExternalUserId, user_id: UserId, at: datetime, status: Literal["lost", "removed"]
) -> ExternalContact | None:
    """End a relation; None when nothing newer than `at` is known to end."""
    contact = find(work.session, external_user_id=external_user_id)
    known = rows.follow(work.session, id_of(contact), user_id) if contact else None
    if known is None or at < known.changed_at or known.status in ("lost", "removed"):
        return None
    known.status, known.changed_at, known.ended_at = status, at, at
    return contact


def profile(work: Work, answer: dict[str, Any]) -> ExternalContact | None:
    """Take over what `externalcontact/get` tells.

    Source: developer.work.weixin.qq.com/document/path/92114
    """
    told = answer.get("external_contact") or {}
    external_user_id = told.get("external_userid")
    if not external_user_id:
        return None
    contact = ensure(work, ExternalUserId(str(external_user_id)))
    contact.name = _text(told.get("name")) or contact.name
    contact.contact_type, contact.gender = told.get("type"), told.get("gender")
    contact.company, contact.position = _text(told.get("corp_name")), _text(told.get("position"))
    contact.union_id = _text(told.get("unionid")) or contact.union_id
    contact.profiled_at = work.now
    for relation in answer.get("follow_user") or []:
        _relation(work, contact, relation)
    return contact


def _relation(work: Work, contact: ExternalContact, relation: dict[str, Any]) -> None:
    user_id = UserId(str(relation.get("userid", "")))
    added_at = datetime.fromtimestamp(int(relation.get("createtime") or 0), work.now.tzinfo)
    rows.add_follow(work.session, id_of(contact), user_id, "active", added_at)
    known = rows.follow(work.session, id_of(contact), user_id)
    assert known is not None
    known.remark, known.add_way = _text(relation.get("remark")), relation.get("add_way")
    known.state = _text(relation.get("state")) or known.state


def set_field(work: Work, contact_id: ContactId, name: str, value: str | int | float | bool | None) -> None:
    """Set a field of the profile, or one of the corp's own."""
    contact = get(work.session, contact_id)
    if name == "birthday":
        contact.birthday = date.fromisoformat(str(value)) if value else None
    elif name in ("city", "province", "email", "company", "position"):
        setattr(contact, name, None if value is None else str(value))
    else:
        contact.fields = {**contact.fields, name: value}


def _text(value: object) -> str | None:
    return str(value) if value else None
