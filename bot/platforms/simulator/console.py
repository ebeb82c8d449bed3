"""What an administrator sets up by hand: staff, departments, groups, tags, webhooks."""

from collections.abc import Sequence

from . import callbacks, ids
from .corp import Department, Group, GroupKind, Member, Staff, Webhook
from .platform import Platform
from .tags import add_group as add_tag_group
from .tags import add_tag, delete_tag, find_group


class Console(Platform):
    """Setting up the corp; nothing here raises a callback unless it says so."""

    def add_department(
        self, department_id: int, name: str, parent_id: int = 1, leaders: Sequence[str] = ()
    ) -> Department:
        department = Department(department_id, name, parent_id, list(leaders))
        self.corp.departments[department_id] = department
        return department

    def add_staff(
        self, userid: str, name: str, department: int | list[int], leader: bool = False, *,
        position: str = "", direct_leader: str = "", can_follow: bool = True,
    ) -> Staff:  # fmt: skip
        """A member of one or more departments; `leader` makes them lead the first."""
        departments = [department] if isinstance(department, int) else department
        leads = {departments[0]} if leader else set()
        staff = Staff(userid, name, departments, leads, position, direct_leader, can_follow)
        self.corp.staff[userid.lower()] = staff
        if leader and userid not in self.corp.departments[departments[0]].leaders:
            self.corp.departments[departments[0]].leaders.append(userid)
        return staff

    def remove_staff(self, userid: str) -> None:
        """Somebody leaves the corp."""
        del self.corp.staff[userid.lower()]
        for department in self.corp.departments.values():
            department.leaders = [one for one in department.leaders if one != userid]

    def add_group(self, name: str, owner: str, members: Sequence[str], kind: GroupKind = "customer") -> Group:
        """A group with its owner; members are userids or contacts."""
        now = self.now()
        group = Group(ids.chat_id(name), name, owner, kind, now, self.ids.hex(32))
        for who in dict.fromkeys([owner, *members]):
            staff = self.corp.find_staff(who)
            member_id = staff.userid if staff else self.contact_of(who).external_userid
            group.members.append(Member(member_id, staff is not None, now, 1, "" if who == owner else owner))
        self.corp.groups[group.chat_id] = group
        return group

    def add_tag(self, group: str, name: str) -> str:
        """A corp tag, and its group when that is new; gives the tag_id."""
        found = find_group(self.corp, group) or add_tag_group(self.corp, group, self.now())
        return add_tag(self.corp, found, name, self.now()).id

    async def create_tag(self, group: str, name: str) -> str:
        """As `add_tag`, in the client: raises change_external_tag."""
        tag_id = self.add_tag(group, name)
        callbacks.external_tag(self, "create", tag_id, "tag")
        return tag_id

    async def rename_tag(self, tag_id: str, name: str) -> None:
        self.corp.tags[tag_id].name = name
        callbacks.external_tag(self, "update", tag_id, "tag")

    async def remove_tag(self, tag_id: str) -> None:
        delete_tag(self.corp, self.corp.tags[tag_id])
        callbacks.external_tag(self, "delete", tag_id, "tag")

    def add_webhook(self, group: str | Group, key: str = "") -> str:
        """A webhook of an internal group; gives its key."""
        found = self.group_of(group)
        if found.kind != "internal":
            raise ValueError(f"{found.name} has customers in it: no webhook there")
        webhook = Webhook(key or self.ids.text(36), found.chat_id)
        self.corp.webhooks[webhook.key] = webhook
        return webhook.key

    def remove_webhook(self, key: str) -> None:
        self.corp.webhooks[key].removed = True

    def register_archive_key(self, public_key_pem: str) -> int:
        """Upload the archive's public key (PEM); gives its `publickey_ver`."""
        return self.vault.register(public_key_pem)
