"""What contacts and staff do with one another: scan, accept, part.

Source: developer.work.weixin.qq.com/document/path/92130
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from . import callbacks, ids
from .corp import Contact, ContactWay, Relation, RelationState, Staff, WelcomeCode
from .platform import Platform
from .ways import make_way


@dataclass(frozen=True, slots=True)
class Scan:
    """Somebody scanned a live code; `welcome_code` is empty when the platform sent none."""

    at: datetime
    external_userid: str
    userid: str
    state: str
    welcome_code: str


@dataclass(frozen=True, slots=True)
class Parted:
    at: datetime
    external_userid: str
    userid: str
    by: Literal["contact", "staff"]


class People(Platform):
    """Contacts and the staff who have them."""

    def add_contact(
        self, key: str, name: str | None = None, *, kind: int = 1, gender: int = 0, joined_accounts: bool = True
    ) -> Contact:
        """Somebody outside the corp; `joined_accounts` gives a unionid that the official account sees too."""
        external_userid = ids.external_userid(key)
        union = ids.unionid(key) if joined_accounts else None
        contact = Contact(key, external_userid, name or key, kind, gender, union)
        self.corp.contacts[external_userid] = contact
        return contact

    async def contact_way(self, state: str, staff: str | list[str], *, skip_verify: bool = True) -> ContactWay:
        """Make a live code in the console."""
        userids = [staff] if isinstance(staff, str) else staff
        members = [self.staff_of(userid).userid for userid in userids]
        return make_way(self, state, members, kind=1 if len(members) == 1 else 2, skip_verify=skip_verify)

    async def scan(
        self, way: ContactWay | str, by: str | Contact, *, half: bool = False, deliveries: int = 1,
        code: bool = True,
    ) -> Scan:  # fmt: skip
        """Add the staff of a live code. `half`: the staff has not accepted yet. `code=False`: no welcome code comes."""
        found = self._way(way)
        contact = by if isinstance(by, Contact) else self.corp.find_contact(by) or self.add_contact(by)
        staff = self.corp.staff[found.staff[self.ids.number() % len(found.staff)]]
        again = self.corp.find_relation(staff.userid, contact.external_userid)
        friends = again is not None and again.relation == "friend"
        self._relate(staff, contact, "half" if half else "friend", found.state)
        change = "add_half_external_contact" if half else "add_external_contact"
        welcome_code = self._welcome_code(staff, contact) if code and contact.kind == 1 and not friends else ""
        callbacks.external_contact(
            self, change, staff.userid, contact.external_userid,
            repeat=deliveries, State=found.state, WelcomeCode=welcome_code,
        )  # fmt: skip
        return Scan(self.now(), contact.external_userid, staff.userid, found.state, welcome_code)

    async def accept(self, staff: str | Staff, contact: str | Contact) -> Scan:
        """The staff member confirms a half-added contact: the second event has no welcome code."""
        who, whom = self.staff_of(staff), self.contact_of(contact)
        relation = self._relate(who, whom, "friend", None)
        callbacks.external_contact(self, "add_external_contact", who.userid, whom.external_userid, State=relation.state)
        return Scan(self.now(), whom.external_userid, who.userid, relation.state, "")

    async def unfollow(self, contact: str | Contact, staff: str | Staff) -> Parted:
        """The contact deletes the staff member: del_follow_user; a one-way relation stays."""
        who, whom = self.staff_of(staff), self.contact_of(contact)
        self._relate(who, whom, "left", None)
        callbacks.external_contact(self, "del_follow_user", who.userid, whom.external_userid)
        return Parted(self.now(), whom.external_userid, who.userid, "contact")

    async def remove_contact(self, staff: str | Staff, contact: str | Contact, *, transferred: bool = False) -> Parted:
        """The staff member deletes the contact: del_external_contact."""
        who, whom = self.staff_of(staff), self.contact_of(contact)
        self._relate(who, whom, "removed", None)
        source = "DELETE_BY_TRANSFER" if transferred else ""
        callbacks.external_contact(self, "del_external_contact", who.userid, whom.external_userid, Source=source)
        return Parted(self.now(), whom.external_userid, who.userid, "staff")

    async def edit_contact(
        self, staff: str | Staff, contact: str | Contact, *, remark: str | None = None, tags: list[str] | None = None
    ) -> None:
        """The staff member changes remark or tags in the client: edit_external_contact."""
        who, whom = self.staff_of(staff), self.contact_of(contact)
        relation = self.corp.relation(who.userid, whom.external_userid)
        relation.remark = relation.remark if remark is None else remark
        relation.tags = relation.tags if tags is None else tags
        self.bell.ring()
        callbacks.external_contact(self, "edit_external_contact", who.userid, whom.external_userid)

    async def befriend(self, staff: str | Staff, contact: str | Contact, state: str = "") -> Relation:
        """Make a relation that has been there all along: no callback."""
        return self._relate(self.staff_of(staff), self.contact_of(contact), "friend", state)

    def tags_of(self, contact: str | Contact, staff: str | Staff | None = None) -> list[str]:
        """`group/name` of the tags on a contact, by one staff member or by anybody."""
        whom = self.contact_of(contact).external_userid
        userid = None if staff is None else self.staff_of(staff).userid
        found = {
            tag_id: None
            for relation in self.corp.relations_with(whom)
            if userid in (None, relation.userid)
            for tag_id in relation.tags
        }
        tags = [self.corp.tags[tag_id] for tag_id in found if tag_id in self.corp.tags]
        return [f"{self.corp.tag_groups[tag.group_id].name}/{tag.name}" for tag in tags]

    def _way(self, way: ContactWay | str) -> ContactWay:
        if isinstance(way, ContactWay):
            return way
        ways = self.corp.contact_ways
        found = ways.get(way) or next((one for one in ways.values() if one.state == way), None)
        if found is None:
            raise KeyError(f"there is no live code {way}")
        return found

    def _relate(self, staff: Staff, contact: Contact, relation: RelationState, state: str | None) -> Relation:
        pair = (staff.userid.lower(), contact.external_userid)
        found = self.corp.relations.get(pair)
        fresh = found is None or (found.relation == "removed" and relation in ("half", "friend"))
        if found is None or fresh:
            found = Relation(staff.userid, contact.external_userid, self.now())
            self.corp.relations[pair] = found
        found.relation = relation
        found.state = found.state if state is None else state
        self.bell.ring()
        return found

    def _welcome_code(self, staff: Staff, contact: Contact) -> str:
        code = self.ids.text(43, "CALLBACK")
        self.corp.welcome_codes[code] = WelcomeCode(code, staff.userid, contact.external_userid, self.now())
        return code
