"""Who a contact is and who follows them."""

from datetime import date, datetime
from typing import Any, Literal

from sqlmodel import Session

from bot.community import behaviour
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
        _note_found(work, known, event)
        return contact, "new"
    if event.at < known.changed_at:
        return contact, "late"
    _note_found(work, known, event)
    return contact, _follow_again(known, event, half)


def _note_found(work: Work, known: FollowUser, event: Greetable) -> None:
    """A reading showed the relation, and its callback may still come."""
    if event.found:
        known.found_at, known.seen_at = event.at, work.now


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
    """Take over what `externalcontact/get` tells; of a relation that we do not know the next reading will tell.

    Source: developer.work.weixin.qq.com/document/path/92114
    """
    contact = describe(work, answer.get("external_contact") or {})
    for relation in answer.get("follow_user") or [] if contact else []:
        assert contact is not None
        if rows.follow(work.session, id_of(contact), UserId(str(relation.get("userid", "")))) is not None:
            note_relation(work, contact, relation)
    return contact


def describe(work: Work, told: dict[str, Any]) -> ExternalContact | None:
    """Take over what WeCom shows of the person; None when it does not say of whom."""
    external_user_id = told.get("external_userid")
    if not external_user_id:
        return None
    contact = ensure(work, ExternalUserId(str(external_user_id)))
    contact.name = _text(told.get("name")) or contact.name
    contact.contact_type, contact.gender = told.get("type"), told.get("gender")
    contact.company, contact.position = _text(told.get("corp_name")), _text(told.get("position"))
    contact.union_id = _text(told.get("unionid")) or contact.union_id
    contact.profiled_at = work.now
    return contact


def note_relation(
    work: Work, contact: ExternalContact, relation: dict[str, Any], seen_at: datetime | None = None
) -> None:
    """Take over what a staff member noted of a contact; a relation that was there all along is known from now on."""
    user_id = UserId(str(relation.get("userid", "")))
    added_at = datetime.fromtimestamp(int(relation.get("createtime") or 0), work.now.tzinfo)
    rows.add_follow(work.session, id_of(contact), user_id, "active", added_at)
    known = rows.follow(work.session, id_of(contact), user_id)
    assert known is not None
    known.remark, known.add_way = _text(relation.get("remark")), relation.get("add_way")
    known.state = _text(relation.get("state")) or known.state
    known.seen_at = seen_at or known.seen_at


def set_field(work: Work, contact_id: ContactId, name: str, value: str | int | float | bool | None) -> None:
    """Set a field of the profile, or one of the corp's own."""
    contact = get(work.session, contact_id)
    if name == "birthday":
        contact.birthday = date.fromisoformat(str(value)) if value else None
    elif name == "marketing_consent":
        set_consent(work, contact, None if value is None else bool(value))
    elif name in ("city", "province", "email", "company", "position", "member_level"):
        setattr(contact, name, None if value is None else str(value))
    else:
        contact.fields = {**contact.fields, name: value}


def set_consent(work: Work, contact: ExternalContact, agrees: bool | None) -> None:
    """Whether the contact wants to be written to; None when they have not said."""
    if agrees is False and contact.marketing_consent is not False:
        key = f"unsubscribed:{contact.id}:{work.now.isoformat()}"
        behaviour.record(work, id_of(contact), "unsubscribed", at=work.now, key=key)
    contact.marketing_consent = agrees


def _text(value: object) -> str | None:
    return str(value).strip() or None if value else None
