"""One test's part of a world that the tests of the catalogue share: an SOP, a person, and what happened since.

Starting the whole bot takes seconds, so it is started once; each test writes its own SOP, in place of those before, and
brings somebody nobody has met.
"""

import shutil
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from bot.community import contacts
from bot.model.calls import Call
from bot.model.ids import ContactId, ExternalUserId, OpenId
from bot.model.tables import CustomerGroup, ExternalContact, Run, Staff, StaffTask, StepRun, Suppression, TimerRow
from bot.platforms.simulator import external_userid
from bot.platforms.simulator.cast import CUSTOMER_GROUP
from bot.platforms.simulator.ids import openid
from bot.platforms.simulator.kf_desk import SAMPLE_ACCOUNT
from bot.platforms.simulator.records import RecordedCall
from bot.sop.lint import lint
from bot.sop.reasons import lines
from bot.sop.trace import Explanation, explain_subject
from bot.storage.work import Work
from tests.catalogue.outside import TRACK_SECRET
from tests.web.doors import post_lines
from tests.world import World

_NUMBERS = count(1)
LIVE_CODE = "spring"
RICH = "segment: rich\ntitle: 高价值\nsubject: contact\nwho: {contact.points: {gte: 300}}\n"
FOLDERS = ("contact", "group", "staff", "segments")


class Stage:
    """`person` is the contact of this test; `sop` is what it writes."""

    def __init__(self, world: World) -> None:
        self.world, self.wecom, self.clock = world, world.wecom, world.clock
        self.person = f"guest{next(_NUMBERS)}"
        self.wecom.add_contact(self.person, "梅")
        self.name, self.subject = "", ""
        self.kf_account = SAMPLE_ACCOUNT
        self._before = len(self.wecom.recorded_calls)
        for folder in FOLDERS:
            shutil.rmtree(self.folder / folder, ignore_errors=True)

    @property
    def folder(self) -> Path:
        return self.world.bot.settings.sops

    @property
    def external_user_id(self) -> str:
        return external_userid(self.person)

    @property
    def open_id(self) -> str:
        return openid(self.person)

    # ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def sop(self, steps: str, *, trigger: str = "contact.added", subject: str = "contact", head: str = "") -> str:
        """Put one SOP in force, looked over as `xiaoer sop lint` does; returns its name."""
        self.name, self.subject = f"{subject}/{self.person}{next(_NUMBERS)}", subject
        text = f"sop: {self.name}\ntitle: 演示\nsubject: {subject}\ntrigger: {trigger}\n{head}\nsteps:\n{steps}\n"
        self.write(f"{self.name}.yaml", text)
        assert not (found := self.findings()), found
        await self.world.bot.refresh()
        return self.name

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def findings(self) -> list[str]:
        settings = self.world.bot.settings
        return [str(one) for one in lint([self.folder / f"{self.name}.yaml"], self.folder, settings.media)]

    # ── acting ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def add(self, **how: Any) -> None:
        """The person scans Zhou's live code."""
        await self.wecom.scan(LIVE_CODE, by=self.person, **how)
        await self.world.settle()

    async def do(self, step: str, **more: Any) -> str:
        """An SOP of one step for somebody who has just been added; returns what came of the step."""
        await self.sop(f"  - {step}", **more)
        await self.add()
        return self.path()[-1].partition(":")[2]

    async def settle(self) -> None:
        await self.world.settle()

    async def advance(self, **duration: float) -> None:
        await self.world.advance(timedelta(**duration))

    async def followed(self, steps: str) -> None:
        """The person follows the official account, and that starts an SOP."""
        await self.sop(steps, trigger="official.event", head="when: {event.name: {eq: subscribe}}")
        await self.wecom.follow(self.person)
        await self.settle()

    async def scheduled(self, steps: str, *, subject: str = "contact") -> None:
        """An SOP that starts by the clock, a minute from now, for everybody it may be about."""
        moment = (self.clock.now() + timedelta(minutes=1)).astimezone(self.world.bot.settings.zone)
        await self.sop(steps, trigger=f"{{date: {moment:%Y-%m-%d %H:%M}}}", subject=subject)
        await self.advance(minutes=1, seconds=5)

    async def misbehaved(self, steps: str) -> None:
        """The person joins the customer group and says something there that starts an SOP."""
        await self.sop(steps, trigger="message.received", head="when: {message.text: {contains: 加我微信}}")
        await self.wecom.join(CUSTOMER_GROUP, self.person)
        await self.advance(seconds=15)
        await self.wecom.say(self.person, "加我微信", CUSTOMER_GROUP)
        await self.advance(seconds=30)

    async def track(self, name: str, properties: dict[str, Any], *, person: str = "", settle: bool = True) -> None:
        """The shop reports something about the person, or another, as signed HTTP."""
        person, at = person or self.person, self.clock.now()
        line: dict[str, Any] = {"event_id": f"{person}:{next(_NUMBERS)}", "event": name, "at": at.isoformat()}
        line |= {"external_userid": external_userid(person), "properties": properties}
        answer = await post_lines(self.world.client, "/track", TRACK_SECRET, [line], self.clock)
        assert (await answer.json())["accepted"] == [1]
        if settle:
            await self.settle()

    def crowd(self, size: int) -> list[str]:
        """More people, of whom only the shop knows so far."""
        return [f"{self.person}of{next(_NUMBERS)}" for _number in range(size)]

    async def daytime(self, hour: int = 10) -> None:
        """Let it be this hour of the day."""
        await self.advance(seconds=(self.next(hour) - self.clock.now()).total_seconds())

    async def appchat(self, name: str, members: list[str]) -> str:
        """An internal group of the app's own."""
        chat_id = f"{self.person}chat"

        def make(work: Work) -> None:
            work.plan(Call("appchat/create", {"name": name, "userlist": members, "chatid": chat_id}))
            work.session.add(CustomerGroup(chat_id=chat_id, name=name, owner=members[0], kind="appchat"))

        await self.world.bot.store.work(make)
        await self.settle()
        return chat_id

    async def speak(self, text: str) -> None:
        """The person says something in the customer group."""
        group = self.wecom.group_of(CUSTOMER_GROUP)
        if group.find(self.external_user_id) is None:
            await self.wecom.join(group, self.person)
            await self.advance(seconds=5)
        await self.wecom.say(self.person, text, group)
        await self.advance(seconds=20)

    async def change(self, **columns: Any) -> None:
        """Something else is known of the person, who was added before."""

        def write(work: Work) -> None:
            contact = work.session.get(ExternalContact, self.contact_id)
            assert contact is not None
            contact.sqlmodel_update(columns)

        await self.world.bot.store.work(write)

    async def only_me(self, **columns: Any) -> str:
        """A condition that no other contact meets; `columns` are what else is known of the person."""
        if not self.is_known:
            await self.add()
        await self.change(fields={"test": self.person}, **columns)
        return f"when: {{contact.field: {{name: test, eq: {self.person}}}}}"

    async def collects_points(self) -> None:
        """An SOP gives or takes points, and a segment holds those who have many."""
        self.write("segments/rich.yaml", RICH)
        await self.add()
        ways = "    then: [{do: add_points, points: 500}]\n    else: [{do: add_points, points: -300}]"
        branch = f"  - if: {{event.amount: {{gt: 0}}}}\n{ways}"
        await self.sop(branch, trigger="{event: points.change}")
        await self.advance(hours=1)  # the segment is new: it is counted without anybody entering it

    async def next_schedule(self) -> datetime:
        """When the schedule of the SOP comes next."""
        due = select(TimerRow.due_at).where(TimerRow.subject == f"sop:{self.name}", TimerRow.state == "waiting")
        [moment] = self.world.read(due)
        assert isinstance(moment, datetime)
        return moment

    @staticmethod
    def retire(work: Work, user_id: str) -> None:
        """The directory knows of somebody who has left."""
        work.session.merge(Staff(user_id=user_id, name=user_id, status=5))

    async def press(self, staff: str, key: str) -> None:
        """A button of the newest card."""
        await self.wecom.press(staff, None, key)
        await self.settle()

    # ── looking ────────────────────────────────────────────────────────────────────────────────────────────────────

    def bodies(self, endpoint: str) -> list[dict[str, Any]]:
        """What the platform was asked at an endpoint since the test began, refused calls left out."""
        return [dict(call.body) for call in self.calls(endpoint)]

    def calls(self, endpoint: str) -> list[RecordedCall]:
        calls = [call for call in self.wecom.recorded_calls[self._before :] if call.endpoint == endpoint]
        return [call for call in calls if call.answer is not None and not call.answer.get("errcode")]

    def cards(self) -> list[dict[str, Any]]:
        """The cards that staff were sent."""
        return [body for body in self.bodies("message/send") if body["msgtype"] == "template_card"]

    def tasks(self) -> list[StaffTask]:
        return self.world.read(select(StaffTask).where(StaffTask.reason == f"sop:{self.name}"))

    def notes(self, of: str = "") -> list[str]:
        """What the latest run has written down."""
        return [step.detail["note"] for step in self.why(of).runs[0].steps if "note" in step.detail]

    def all_notes(self) -> list[str]:
        """What all runs of the person have written down."""
        return [step.detail["note"] for run in self.why().runs for step in run.steps if "note" in step.detail]

    def notes_of(self, person: str) -> list[str]:
        """What the runs of somebody else in this SOP have written down."""
        with Session(self.world.bot.store.database.engine) as session:
            found = contacts.find(session, external_user_id=ExternalUserId(external_userid(person)))
            assert found is not None
            told = explain_subject(session, f"contact:{found.id}", self.name)
        return [step.detail["note"] for run in told.runs for step in run.steps if "note" in step.detail]

    def told(self) -> list[str]:
        """What `/why` says of the person and this SOP."""
        with Session(self.world.bot.store.database.engine) as session:
            return list(lines(session, self.contact_id, self.why(), self.zone, sop=self.name))

    def mine(self, subject: str) -> str:
        """Who walks when this person does something: they, the customer group, or Zhou."""
        return {"contact": "", "group": self.wecom.group_of(CUSTOMER_GROUP).chat_id, "staff": "zhou"}[subject]

    def key(self, of: str = "") -> str:
        """The subject that walks: the person of this test, or the group or staff member `of`."""
        return f"{self.subject}:{of}" if of else f"contact:{self.contact_id}"

    @property
    def zone(self) -> ZoneInfo:
        return self.world.bot.settings.zone

    def next(self, hour: int) -> datetime:
        """The next moment that it is this hour in the corp's zone."""
        now = self.clock.now().astimezone(self.zone)
        moment = now.replace(hour=hour, minute=0, second=0, microsecond=0)
        return moment if moment > now else moment + timedelta(days=1)

    @property
    def is_known(self) -> bool:
        known = select(ExternalContact.id).where(ExternalContact.external_user_id == self.external_user_id)
        return bool(self.world.read(known))

    @property
    def contact_id(self) -> ContactId:
        """The person as a contact: of a staff member, or of the official account alone."""
        with Session(self.world.bot.store.database.engine) as session:
            found = contacts.find(session, external_user_id=ExternalUserId(self.external_user_id))
            found = found or contacts.find(session, open_id=OpenId(self.open_id))
            assert found is not None, f"the bot does not know {self.person}"
            return contacts.id_of(found)

    def runs(self, of: str = "") -> list[Run]:
        wanted = select(Run).where(Run.sop == self.name, Run.subject == self.key(of))
        return self.world.read(wanted.order_by(col(Run.id)))

    def path(self, of: str = "") -> list[str]:
        """The steps of the latest run, each with what came of it."""
        [*_earlier, run] = self.runs(of)
        steps = select(StepRun).where(StepRun.run_id == run.id).order_by(col(StepRun.id))
        return [f"{step.name}:{step.outcome}" for step in self.world.read(steps)]

    def suppressed(self) -> list[str]:
        """The rules by which something of this SOP was not done."""
        return [one.rule for one in self.world.read(select(Suppression).where(Suppression.sop == self.name))]

    def why(self, of: str = "") -> Explanation:
        with Session(self.world.bot.store.database.engine) as session:
            return explain_subject(session, self.key(of), self.name)
