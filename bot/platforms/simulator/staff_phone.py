"""What staff do in their own WeCom: write to the app, press cards, confirm mass sends.

Source: developer.work.weixin.qq.com/document/path/90239, 90240, 92135
"""

import calendar
import zoneinfo
from dataclasses import dataclass
from datetime import datetime

from . import callbacks, cards
from .corp import Line, Shown, Staff
from .errors import Refused
from .mass import HAD_ENOUGH, NOT_A_FRIEND, SENT, MassSend, Part
from .messages import new_response_code
from .platform import Platform
from .replies import PassiveReply
from .sent import SentMessage

_BEIJING = zoneinfo.ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Told:
    at: datetime
    msgid: str
    userid: str


@dataclass(frozen=True, slots=True)
class Press:
    at: datetime
    task_id: str
    key: str
    response_code: str


class StaffPhone(Platform):
    """Staff members and the app."""

    async def tell(self, staff: str | Staff, text: str, *, deliveries: int = 1) -> Told:
        """Write to the app, a chat command for instance."""
        who, msgid = self.staff_of(staff), self.ids.number()
        self.show(who.userid, "app", who.userid, "text", {"content": text})
        fields = {"MsgType": "text", "Content": text, "MsgId": msgid}
        callbacks.from_staff(self, who, "text", fields, deliveries)
        return Told(self.now(), str(msgid), who.userid)

    async def ask(self, staff: str | Staff, text: str) -> PassiveReply | None:
        """As `tell`, and wait for the passive reply of the first delivery."""
        who = self.staff_of(staff)
        self.show(who.userid, "app", who.userid, "text", {"content": text})
        fields = {"MsgType": "text", "Content": text, "MsgId": self.ids.number()}
        reply = await callbacks.from_staff(self, who, "text", fields).first
        return reply if isinstance(reply, PassiveReply) else None

    async def enter(self, staff: str | Staff) -> None:
        """Open the app's conversation: enter_agent."""
        fields = {"MsgType": "event", "Event": "enter_agent", "EventKey": ""}
        callbacks.from_staff(self, self.staff_of(staff), "enter_agent", fields)

    async def press(
        self, staff: str | Staff, card: Shown | str | None, key: str, *,
        selected: dict[str, list[str]] | None = None, deliveries: int = 1,
    ) -> Press:  # fmt: skip
        """Press a button of a card: the one shown, the one with this task_id, or the newest one."""
        who = self.staff_of(staff)
        sent, copy = self._card(who, card)
        content = copy.content["card"]
        if not isinstance(content, dict) or key not in cards.keys(content):
            raise ValueError(f"the card has no button {key}")
        if copy.content.get("replaced"):
            raise ValueError("the card's buttons are gone")
        code = new_response_code(self, sent, who.userid)
        copy.content["pressed"] = key
        fields: dict[str, object] = {
            "MsgType": "event",
            "Event": "template_card_event",
            "EventKey": key,
            "TaskId": sent.task_id,
            "CardType": sent.card_type,
            "ResponseCode": code,
        }
        if selected:
            chosen = [{"QuestionKey": name, "OptionIds": {"OptionId": ids}} for name, ids in selected.items()]
            fields["SelectedItems"] = {"SelectedItem": chosen}
        self.bell.ring()
        callbacks.from_staff(self, who, "template_card_event", fields, deliveries)
        return Press(self.now(), sent.task_id, key, code)

    def cards_of(self, staff: str | Staff) -> list[Shown]:
        """The cards on a member's phone, oldest first."""
        shown = self.corp.phones.get(self.staff_of(staff).userid, [])
        return [one for one in shown if one.kind == "template_card"]

    def mass_sends_of(self, staff: str | Staff) -> list[MassSend]:
        """Tasks that wait for this member's tap."""
        userid = self.staff_of(staff).userid
        return [
            one
            for one in self.mass_sends.values()
            if not one.cancelled
            and (part := one.parts.get(userid)) is not None
            and part.sent_at is None
            and not part.ignored
        ]

    async def confirm(self, staff: str | Staff, mass_send: MassSend | str | None = None) -> Part:
        """Tap "send" on a task (the newest by default): only now do people get it."""
        task, part = self._task(staff, mass_send)
        if task.cancelled:
            raise Refused(41093)
        part.sent_at = self.now()
        for target in part.targets:
            part.targets[target] = self._reach(task, part.userid, target)
        self.bell.ring()
        return part

    async def ignore(self, staff: str | Staff, mass_send: MassSend | str | None = None) -> None:
        """Put a task away without sending; the API goes on calling it unsent."""
        _, part = self._task(staff, mass_send)
        part.ignored = True
        self.bell.ring()

    def _card(self, staff: Staff, card: Shown | str | None) -> tuple[SentMessage, Shown]:
        held = self.cards_of(staff)
        if isinstance(card, Shown):
            found = card if card in held else None
        elif card is None:
            found = held[-1] if held else None
        else:
            found = next((one for one in reversed(held) if card in (one.id, self._task_id(one))), None)
        if found is None:
            raise KeyError(f"{staff.userid} holds no card {card or ''}")
        return self.sent[found.msgid], found

    def _task_id(self, shown: Shown) -> str:
        return self.sent[shown.msgid].task_id

    def _task(self, staff: str | Staff, mass_send: MassSend | str | None) -> tuple[MassSend, Part]:
        userid = self.staff_of(staff).userid
        if mass_send is None:
            waiting = self.mass_sends_of(staff)
            if not waiting:
                raise KeyError(f"{userid} has nothing to confirm")
            task = waiting[-1]
        else:
            task = mass_send if isinstance(mass_send, MassSend) else self.mass_sends[mass_send]
        return task, task.parts[userid]

    def _reach(self, task: MassSend, userid: str, target: str) -> int:
        """Deliver to one target and give its status: a target has a cap of mass messages a month."""
        if self._received_this_month(target) >= self._most_this_month():
            return HAD_ENOUGH
        if task.kind == "group":
            group = self.corp.groups[target]
            for kind, content in messages_in(task.content):
                group.lines.append(Line(self.now(), userid, kind, content))
            return SENT
        relation = self.corp.find_relation(userid, target)
        if relation is None or relation.relation != "friend":
            return NOT_A_FRIEND
        for kind, content in messages_in(task.content):
            self.show(target, f"staff:{userid}", userid, kind, content)
        return SENT

    def _most_this_month(self) -> int:
        today = self.now().astimezone(_BEIJING)
        return self.config.monthly_mass_sends or calendar.monthrange(today.year, today.month)[1]

    def _received_this_month(self, target: str) -> int:
        month = self.now().astimezone(_BEIJING).strftime("%Y-%m")
        return sum(
            part.targets.get(target) == SENT
            for task in self.mass_sends.values()
            for part in task.parts.values()
            if part.sent_at is not None and part.sent_at.astimezone(_BEIJING).strftime("%Y-%m") == month
        )


def messages_in(content: dict[str, object]) -> list[tuple[str, dict[str, object]]]:
    """The messages of a mass send: its text, then each attachment."""
    text, attachments = content.get("text"), content.get("attachments")
    found: list[tuple[str, dict[str, object]]] = [("text", text)] if isinstance(text, dict) else []
    for attachment in attachments if isinstance(attachments, list) else []:
        kind = str(attachment["msgtype"])
        found.append((kind, attachment[kind]))
    return found
