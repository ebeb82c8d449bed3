"""What people say, in groups and to each other, and what happens to the groups.

Source: developer.work.weixin.qq.com/document/path/92130, 91774
"""

from dataclasses import dataclass
from datetime import datetime

from . import callbacks
from .archive import keep_message
from .corp import Contact, Group, Line, Member, Staff
from .platform import Platform


@dataclass(frozen=True, slots=True)
class Said:
    at: datetime
    msgid: str
    sender: str
    chat: str


@dataclass(frozen=True, slots=True)
class MemberChange:
    at: datetime
    chat_id: str
    member: str
    version: str


class Talk(Platform):
    """Words and group life."""

    async def say(
        self, who: str | Contact | Staff, text: str, group: str | Group | None = None, *,
        to: str | Contact | Staff | None = None,
    ) -> Said:  # fmt: skip
        """Say something in a group, or to one person; it goes into the archive."""
        return await self.send(who, "text", {"content": text}, group, to=to)

    async def send(
        self, who: str | Contact | Staff, kind: str, content: dict[str, object], group: str | Group | None = None, *,
        to: str | Contact | Staff | None = None,
    ) -> Said:  # fmt: skip
        """As `say`, for any kind of message; `content` is the archive's own shape."""
        sender = self._id(who)
        if group is not None:
            return self._send_to_group(sender, kind, content, self.group_of(group))
        if to is None:
            raise ValueError("say it in a group, or to somebody")
        receiver = self._id(to)
        staff, outside = (receiver, sender) if sender in self.corp.contacts else (sender, receiver)
        self._close_welcomes(staff, outside)
        self.show(outside, f"staff:{staff}", sender, kind, content)
        self.show(staff, f"contact:{outside}", sender, kind, content)
        msgid = keep_message(self, sender, [receiver], "", kind, content) if self._consents(outside) else ""
        return Said(self.now(), msgid, sender, f"{sender}>{receiver}")

    async def recall(self, said: Said) -> None:
        """Take back what was said: the archive gets a record of its own."""
        found = self.corp.groups.get(said.chat)
        for line in found.lines if found else []:
            if line.msgid == said.msgid:
                line.kind, line.content = "recalled", {}
        room = said.chat if found else ""
        keep_message(self, said.sender, [], room, "revoke", {"pre_msgid": said.msgid}, action="recall")
        self.bell.ring()

    async def join(
        self, group: str | Group, contact: str | Contact | Staff, scene: int = 3, *, state: str = ""
    ) -> MemberChange:
        """Join by the group's code (3), or be invited (0)."""
        found, member_id = self.group_of(group), self._id(contact)
        shown_scene = 3 if scene == 3 else 1
        is_staff = self.corp.find_staff(member_id) is not None
        member = Member(member_id, is_staff, self.now(), shown_scene, "" if scene == 3 else found.owner, state)
        found.members = [one for one in found.members if one.id != member_id] + [member]
        self._note_line(found, f"{self.name_of(member_id)} 加入了群聊")
        return self._changed(found, "add_member", member_id, {"JoinScene": scene})

    async def leave(self, group: str | Group, contact: str | Contact | Staff) -> MemberChange:
        return self._part(self.group_of(group), self._id(contact), 0)

    async def kick(self, group: str | Group, contact: str | Contact | Staff, by: str | Staff) -> MemberChange:
        """The owner or an admin removes a member: only people can."""
        found, staff = self.group_of(group), self.staff_of(by)
        if staff.userid != found.owner and staff.userid not in found.admins:
            raise PermissionError(f"{staff.userid} neither owns nor administers {found.name}")
        return self._part(found, self._id(contact), 1)

    async def rename_group(self, group: str | Group, name: str) -> None:
        found = self.group_of(group)
        found.name = name
        callbacks.external_chat(self, "update", found, {"UpdateDetail": "change_name"})

    async def change_owner(self, group: str | Group, owner: str) -> None:
        found = self.group_of(group)
        found.owner = self.staff_of(owner).userid
        callbacks.external_chat(self, "update", found, {"UpdateDetail": "change_owner"})

    async def change_notice(self, group: str | Group, notice: str) -> None:
        found = self.group_of(group)
        found.notice = notice
        callbacks.external_chat(self, "update", found, {"UpdateDetail": "change_notice"})

    async def create_group(self, group: Group) -> None:
        """Announce a customer group that `add_group` made."""
        callbacks.external_chat(self, "create", group, {})

    async def dismiss(self, group: str | Group) -> None:
        found = self.group_of(group)
        found.dismissed = True
        self._note_line(found, "群聊已解散")
        callbacks.external_chat(self, "dismiss", found, {})

    def messages_of(self, group: str | Group) -> list[Line]:
        """What everybody in the group sees."""
        return self.group_of(group).lines

    def _send_to_group(self, sender: str, kind: str, content: dict[str, object], group: Group) -> Said:
        if group.find(sender) is None:
            raise ValueError(f"{sender} is not in {group.name}")
        others = [member.id for member in group.members if member.id != sender]
        archived = self._consents(sender)
        msgid = keep_message(self, sender, others, group.chat_id, kind, content) if archived else ""
        group.lines.append(Line(self.now(), sender, kind, content, msgid))
        self.bell.ring()
        return Said(self.now(), msgid, sender, group.chat_id)

    def _close_welcomes(self, userid: str, external_userid: str) -> None:
        """Two people who talk need no welcome any more (41051)."""
        for code in self.corp.welcome_codes.values():
            if (code.userid, code.external_userid) == (userid, external_userid):
                code.used = True

    def _part(self, group: Group, member_id: str, scene: int) -> MemberChange:
        group.members = [member for member in group.members if member.id != member_id]
        said = "退出了群聊" if scene == 0 else "被移出了群聊"
        self._note_line(group, f"{self.name_of(member_id)} {said}")
        return self._changed(group, "del_member", member_id, {"QuitScene": scene})

    def _changed(self, group: Group, detail: str, member_id: str, scene: dict[str, object]) -> MemberChange:
        """Move the member version on and tell the bot; internal groups raise no callback."""
        before, group.version = group.version, self.ids.hex(32)
        if group.kind == "customer":
            fields = {
                "UpdateDetail": detail,
                **scene,
                "MemChangeCnt": 1,
                "MemChangeList": {"Item": [member_id]},
                "LastMemVer": before,
                "CurMemVer": group.version,
            }
            callbacks.external_chat(self, "update", group, fields)
        return MemberChange(self.now(), group.chat_id, member_id, group.version)

    def _note_line(self, group: Group, text: str) -> None:
        group.lines.append(Line(self.now(), "", "notice", {"content": text}))
        self.bell.ring()

    def _consents(self, member_id: str) -> bool:
        contact = self.corp.contacts.get(member_id)
        return contact is None or contact.archive_consent

    def _id(self, who: str | Contact | Staff) -> str:
        """The id that groups and the archive use for somebody."""
        if isinstance(who, Staff):
            return who.userid
        if isinstance(who, Contact):
            return who.external_userid
        staff = self.corp.find_staff(who)
        return staff.userid if staff else self.contact_of(who).external_userid
