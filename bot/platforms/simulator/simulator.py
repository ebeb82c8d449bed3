"""The local platform as one object: the tests hold it in their hands, the demo serves it over HTTP."""

from aiohttp import web

from bot.clock import Clock

from . import cast
from .aibot_desk import AiBotDesk
from .config import SimulatorConfig
from .console import Console
from .corp import Shown
from .deliver import ReceiverName
from .followers import Followers
from .ids import openid
from .kf_desk import KfDesk
from .people import People
from .server import build
from .staff_phone import StaffPhone
from .talk import Talk


class Simulator(People, Talk, StaffPhone, Followers, KfDesk, AiBotDesk, Console):
    """WeCom, an official account and a conversation archive on loopback, with the people who use them.

    `app` serves /wecom, /official, /archive, /control and the page at its root, and may be mounted as a sub-app.
    """

    def __init__(self, clock: Clock, config: SimulatorConfig | None = None, *, seed: int = 0) -> None:
        super().__init__(clock, config or SimulatorConfig(), seed)
        cast.settle_in(self)
        self.app: web.Application = build(self)

    def connect(self, *, wecom: str | None, official: str | None, aibot: str | None = None) -> None:
        """Where the bot takes callbacks; None stands for a receiver that is not set up."""
        self.courier.urls = {"wecom": wecom, "official": official, "aibot": aibot}

    async def verify(self, receiver: ReceiverName) -> str:
        """Check a callback URL as the console does when it is saved: "ok", or what was wrong."""
        return await self.courier.verify(receiver)

    async def settle(self) -> None:
        """Return when no delivery is under way; a retry that waits for the clock is not."""
        await self.tasks.settle()

    async def close(self) -> None:
        """End everything in the background; may be called twice."""
        await self.tasks.close()
        await self.courier.close()

    def inbox_of(self, who: str) -> list[Shown]:
        """What somebody's phone shows outside of groups, official account included; by any name they go by."""
        staff, contact = self.corp.find_staff(who), self.corp.find_contact(who)
        names = {staff.userid} if staff else {contact.external_userid} if contact else set()
        names |= {openid(contact.key if contact else who), who}
        shown = [one for name in names for one in self.corp.phones.get(name, [])]
        return sorted(shown, key=lambda one: one.number)
