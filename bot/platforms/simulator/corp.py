"""The state of the corp: plain records and how to find one by any name people use for it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .errors import Refused
from .ids import external_userid

RelationState = Literal["half", "friend", "left", "removed"]
GroupKind = Literal["customer", "internal"]


@dataclass(slots=True)
class Department:
    id: int
    name: str
    parent_id: int
    leaders: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Staff:
    userid: str
    name: str
    departments: list[int]
    leads: set[int] = field(default_factory=set)
    position: str = ""
    direct_leader: str = ""
    can_follow: bool = True


@dataclass(slots=True)
class Contact:
    """A person outside the corp; `key` is what the tests and the page call them."""

    key: str
    external_userid: str
    name: str
    kind: int = 1
    gender: int = 0
    unionid: str | None = None
    archive_consent: bool = True


@dataclass(slots=True)
class Relation:
    """One staff member and one contact; `left` means the contact deleted the staff, `removed` the reverse."""

    userid: str
    external_userid: str
    created_at: datetime
    relation: RelationState = "friend"
    state: str = ""
    add_way: int = 1
    remark: str = ""
    description: str = ""
    remark_company: str = ""
    mobiles: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Tag:
    id: str
    name: str
    group_id: str
    created_at: datetime
    order: int = 0


@dataclass(slots=True)
class TagGroup:
    id: str
    name: str
    created_at: datetime
    order: int = 0


@dataclass(slots=True)
class Member:
    """Somebody in a group: staff by userid, a contact by external_userid."""

    id: str
    is_staff: bool
    joined_at: datetime
    scene: int = 1
    invitor: str = ""
    state: str = ""


@dataclass(slots=True)
class Line:
    """One message that everybody in a group sees."""

    at: datetime
    sender: str
    kind: str
    content: dict[str, object]
    msgid: str = ""


@dataclass(slots=True)
class Group:
    chat_id: str
    name: str
    owner: str
    kind: GroupKind
    created_at: datetime
    version: str
    admins: list[str] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    notice: str = ""
    dismissed: bool = False
    made_by_app: bool = False

    def find(self, member_id: str) -> Member | None:
        return next((member for member in self.members if member.id == member_id), None)


@dataclass(slots=True)
class ContactWay:
    """A live code: whoever scans it is added by one of its staff."""

    config_id: str
    state: str
    staff: list[str]
    created_at: datetime
    skip_verify: bool = True
    remark: str = ""
    kind: int = 1
    scene: int = 2

    @property
    def qr_code(self) -> str:
        return f"https://wework.qpic.cn/wwpic/{self.config_id}/0"


@dataclass(slots=True)
class JoinWay:
    config_id: str
    chat_ids: list[str]
    state: str
    content: dict[str, object]


@dataclass(slots=True)
class WelcomeCode:
    code: str
    userid: str
    external_userid: str
    issued_at: datetime
    used: bool = False


@dataclass(slots=True)
class Webhook:
    key: str
    chat_id: str
    removed: bool = False


@dataclass(slots=True)
class Media:
    media_id: str
    kind: str
    filename: str
    content: bytes
    created_at: datetime
    webhook_key: str | None = None


@dataclass(slots=True)
class Shown:
    """One thing on somebody's phone: which chat it is in, who sent it, and what it says."""

    at: datetime
    to: str
    chat: str
    sender: str
    kind: str
    content: dict[str, object]
    id: str
    number: int
    msgid: str = ""


@dataclass(slots=True)
class Corp:
    """Everything the corp holds; dicts keep the order in which things were made."""

    departments: dict[int, Department] = field(default_factory=dict)
    staff: dict[str, Staff] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    relations: dict[tuple[str, str], Relation] = field(default_factory=dict)
    tag_groups: dict[str, TagGroup] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    contact_ways: dict[str, ContactWay] = field(default_factory=dict)
    join_ways: dict[str, JoinWay] = field(default_factory=dict)
    welcome_codes: dict[str, WelcomeCode] = field(default_factory=dict)
    welcome_templates: dict[str, dict[str, object]] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    phones: dict[str, list[Shown]] = field(default_factory=dict)

    def find_staff(self, name: str) -> Staff | None:
        """userids are compared without case (document/path/90196)."""
        return self.staff.get(name.lower())

    def find_contact(self, name: str) -> Contact | None:
        if found := self.contacts.get(name) or self.contacts.get(external_userid(name)):
            return found
        for contact in self.contacts.values():
            if name in (contact.key, contact.name):
                return contact
        return None

    def find_group(self, name: str) -> Group | None:
        return self.groups.get(name) or next((group for group in self.groups.values() if group.name == name), None)

    def find_relation(self, userid: str, contact_id: str) -> Relation | None:
        return self.relations.get((userid.lower(), contact_id))

    def relation(self, userid: str, contact_id: str) -> Relation:
        """The pair, as long as this staff member still has the contact; a half-added one has not (84061)."""
        found = self.find_relation(userid, contact_id)
        if found is None or found.relation in ("half", "removed"):
            raise Refused(84061)
        return found

    def relations_with(self, contact_id: str) -> list[Relation]:
        """What every staff member has to do with one contact."""
        pairs = (self.relations.get((userid, contact_id)) for userid in self.staff)
        return [relation for relation in pairs if relation is not None]

    def relations_of(self, userid: str) -> list[Relation]:
        """Whom a staff member has, people who deleted the staff member included."""
        return [
            relation
            for (staff, _), relation in self.relations.items()
            if staff == userid.lower() and relation.relation in ("friend", "left")
        ]

    def known_staff(self, name: object) -> Staff:
        found = self.find_staff(str(name)) if name else None
        if found is None:
            raise Refused(60111)
        return found

    def subtree(self, root: int) -> list[Department]:
        """A department and all below it, parents first."""
        if root not in self.departments:
            raise Refused(60123)
        found = [self.departments[root]]
        for department in found:
            found.extend(child for child in self.departments.values() if child.parent_id == department.id)
        return found
