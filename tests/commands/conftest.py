"""The community of Lin and Zhou, listening to commands."""

from collections.abc import Callable, Iterator

import pytest

from bot import i18n
from bot.model.events import StaffWrote
from bot.model.ids import UserId
from bot.model.tables import CustomerGroup, GroupMember
from handlers import commands, posts
from tests.community.conftest import bare, community, database, shipped
from tests.community.people import GROUP, HAO, MEI, START, Community

__all__ = ["bare", "community", "database", "shipped"]

Ask = Callable[..., str]


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.use("en")
    yield
    i18n.use(i18n.DEFAULT)


@pytest.fixture
def listening(community: Community) -> Community:
    """A second customer group of Lin's, an internal one, and Mei and Hao in the first."""
    community.router.include(commands.router)
    community.router.include(posts.router)
    community.add(
        CustomerGroup(chat_id="wrVIP", name="VIP", owner="lin"),
        CustomerGroup(chat_id="webhook:team", name="team", kind="webhook"),
    )
    community.add(
        *(
            GroupMember(chat_id=GROUP, member_id=f"wm{n}", contact_id=n, joined_at=START, changed_at=START)
            for n in (MEI, HAO)
        )
    )
    return community


@pytest.fixture
def ask(listening: Community) -> Ask:
    """Write a line and get the answer: `ask("/help", by="zhou")`."""
    sent = 0

    def write(text: str, by: str = "lin", message_id: str = "") -> str:
        nonlocal sent
        sent += 1
        before = len(listening.texts())
        known = message_id or f"line{sent}"
        now = listening.clock.now()
        listening.handle(StaffWrote(at=now, user_id=UserId(by), message_id=known, text=text))
        answers = [told for to, told in listening.texts()[before:] if to == by]
        return "\n".join(answers)

    return write
