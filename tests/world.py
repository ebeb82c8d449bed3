"""The world of a story: the whole bot, the platform it talks to over real HTTP, and a clock that the story moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from bot import demo
from bot.app import Bot, opened
from bot.clock import ManualClock
from bot.community import contacts
from bot.model.ids import ExternalUserId
from bot.model.tables import ContactTag, ExternalContact, InboxRow, OutboxRow, Run, StepRun, TimerRow
from bot.platforms.simulator import Simulator, SimulatorConfig
from bot.platforms.simulator.ids import external_userid
from tests import blank

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""A Monday morning, ten o'clock in Shanghai."""
MOST_ROUNDS = 200


_OLDER = aliased(OutboxRow)
_BEHIND = (
    select(_OLDER.id)
    .where(_OLDER.subject == OutboxRow.subject, _OLDER.subject != "", _OLDER.state == "planned")
    .where(col(_OLDER.id) < col(OutboxRow.id))
    .exists()
)
"""Whether a call waits for an older one to the same subject."""


class World:
    """What a story holds in its hands."""

    def __init__(self, bot: Bot, simulator: Simulator, clock: ManualClock, client: "TestClient[Any, Any]") -> None:
        self.bot, self.wecom, self.clock, self.client = bot, simulator, clock, client

    async def settle(self) -> None:
        """Return when nobody has anything left to do at this moment."""
        for _round in range(MOST_ROUNDS):
            await self.wecom.settle()
            await self.bot.drain()
            await self.wecom.settle()
            if not await self.bot.store.read(self._ready):
                return
        raise AssertionError("the world does not come to rest")

    async def advance(self, duration: timedelta) -> None:
        """Let time pass, stopping wherever somebody has something to do."""
        end = self.clock.now() + duration
        await self.settle()
        while (moment := await self._next_moment()) is not None and moment <= end:
            self.clock.move_to(max(moment, self.clock.now()))
            await asyncio.sleep(0)
            await self.settle()
        self.clock.move_to(end)
        await self.settle()

    def _ready(self, session: Session) -> bool:
        moment = self._earliest(session)
        return moment is not None and moment <= self.clock.now()

    async def _next_moment(self) -> datetime | None:
        moments = [await self.bot.store.read(self._earliest), self.clock.next_wake()]
        return min((moment for moment in moments if moment is not None), default=None)

    def _earliest(self, session: Session) -> datetime | None:
        moments = [
            session.exec(select(func.min(InboxRow.ready_at)).where(InboxRow.state == "new")).one(),
            session.exec(select(func.min(OutboxRow.ready_at)).where(OutboxRow.state == "planned", ~_BEHIND)).one(),
            session.exec(select(func.min(TimerRow.due_at)).where(TimerRow.state == "waiting")).one(),
        ]
        return min((moment for moment in moments if moment is not None), default=None)

    # ── looking ────────────────────────────────────────────────────────────────────────────────────────────────

    def read(self, *statement: Any) -> list[Any]:
        """The rows of a SELECT, read on the spot."""
        with Session(self.bot.store.database.engine, expire_on_commit=False) as session:
            return list(session.exec(*statement).all())

    def contact(self, name: str) -> ExternalContact:
        """Mei, Hao, or whoever the simulator knows by this name."""
        with Session(self.bot.store.database.engine, expire_on_commit=False) as session:
            found = contacts.find(session, external_user_id=ExternalUserId(external_userid(name)))
            assert found is not None, f"the bot does not know {name}"
            return found

    def tags(self, name: str) -> set[str]:
        contact = self.contact(name)
        standing = select(ContactTag.name).where(
            ContactTag.contact_id == contact.id, col(ContactTag.removed_at).is_(None)
        )
        return set(self.read(standing))

    def path(self, name: str, sop: str) -> list[str]:
        """The steps that a contact's latest run of an SOP has taken."""
        run = self.runs(name, sop)[-1]
        return list(self.read(select(StepRun.name).where(StepRun.run_id == run.id).order_by(col(StepRun.id))))

    def runs(self, name: str, sop: str) -> list[Run]:
        subject = f"contact:{self.contact(name).id}"
        return self.read(select(Run).where(Run.subject == subject, Run.sop == sop).order_by(col(Run.id)))

    def bodies(self, endpoint: str) -> list[dict[str, Any]]:
        """What the platform was asked at an endpoint, in order."""
        return [dict(call.body) for call in self.wecom.calls(endpoint)]

    def buttons(self, staff: str) -> list[str]:
        """The keys of the buttons on a staff member's newest card."""
        card: Any = self.wecom.cards_of(staff)[-1].content["card"]
        return [str(button["key"]) for button in card["button_list"]]


@asynccontextmanager
async def world(folder: Path, start: datetime = START, **more: Any) -> AsyncIterator[World]:
    """A world of its own below `folder`; `more` are settings beside the usual ones."""
    clock = ManualClock(start)
    key, public = blank.archive_keys(folder)
    config = SimulatorConfig(archive_public_key=public)
    simulator = Simulator(clock, config)
    file = folder / "xiaoer.db"
    if not file.exists():
        blank.sqlite(file)
    given = {"database_url": f"sqlite:///{file}", "keep": {"folder": folder / "archive"}} | more
    async with TestServer(simulator.app) as platform:
        settings = demo.settings(config, str(platform.make_url("/")).rstrip("/"), key, **given)
        async with opened(settings, clock) as bot, _doors(bot, simulator) as client:
            here = World(bot, simulator, clock, client)
            await here.settle()
            yield here
            await simulator.close()


@asynccontextmanager
async def _doors(bot: Bot, simulator: Simulator) -> AsyncIterator["TestClient[Any, Any]"]:
    """The bot's doors, open to the platform."""
    intake = asyncio.create_task(bot.intake.run())
    doors = TestServer(bot.web)
    async with TestClient(doors) as client:
        names = ("wecom", "official", "aibot")
        simulator.connect(**{name: str(doors.make_url(f"/callback/{name}")) for name in names})
        yield client
    bot.intake.stop()
    await intake
