"""Who is in a group, told in whatever order."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Literal

import pytest
from sqlmodel import Session, select

from bot.community import groups
from bot.model.events import MembersChanged
from bot.model.ids import ChatId, TraceId
from bot.model.tables import CustomerGroup, GroupMember
from bot.storage.database import Database
from bot.storage.work import Work
from tests import blank

GROUP = ChatId("wrGROUP")
NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)
CAME, WENT, CAME_BACK = NOON, NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(blank.sqlite(tmp_path / "xiaoer.db"))
    opened.run_here(lambda session: session.add(CustomerGroup(chat_id=GROUP, name="Mums", owner="lin")))
    yield opened
    opened.close()


def tell(at: datetime, session: Session) -> None:
    work = Work(session, NOON, TraceId("t"))
    if at == WENT:
        groups.leave(work, GROUP, "wmMEI", at, 0)
    else:
        groups.join(work, GROUP, "wmMEI", at, 3)


@pytest.mark.parametrize("order", list(permutations([CAME, WENT, CAME_BACK])))
def test_whoever_came_back_is_here_in_whatever_order_it_is_told(database: Database, order: list[datetime]) -> None:
    for moment in order:
        database.run_here(partial(tell, moment))
    [member] = database.run_here(lambda session: session.exec(select(GroupMember)).all())
    assert member.left_at is None


@pytest.mark.parametrize("order", list(permutations([CAME, WENT])))
def test_whoever_left_is_gone_in_whatever_order_it_is_told(database: Database, order: list[datetime]) -> None:
    for moment in order:
        database.run_here(partial(tell, moment))
    [member] = database.run_here(lambda session: session.exec(select(GroupMember)).all())
    assert member.left_at == WENT


def test_a_reading_mends_what_was_told_the_wrong_way_round(database: Database) -> None:
    """Within a second somebody left and came back, and their leaving is told last."""

    def told(session: Session, now: datetime) -> None:
        details = {"userid": "wmMEI", "join_time": int(NOON.timestamp()), "join_scene": 3}
        group = {"chat_id": GROUP, "name": "Mums", "owner": "lin", "member_version": "v2", "member_list": [details]}
        groups.refresh(Work(session, now, TraceId("t")), {"group_chat": group})

    def happens(session: Session, change: Literal["joined", "left"], before: str, after: str) -> bool:
        event = MembersChanged(
            at=NOON, chat_id=GROUP, change=change, members=("wmMEI",), last_version=before, version=after
        )
        return groups.change_members(Work(session, NOON, TraceId("t")), event)

    database.run_here(lambda session: happens(session, "joined", "v1", "v2"))
    database.run_here(lambda session: told(session, NOON + timedelta(minutes=1)))
    assert not database.run_here(lambda session: happens(session, "left", "v0", "v1"))
    database.run_here(lambda session: told(session, NOON + timedelta(hours=1)))
    [member] = database.run_here(lambda session: session.exec(select(GroupMember)).all())
    assert member.left_at is None
