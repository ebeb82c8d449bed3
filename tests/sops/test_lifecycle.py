"""The stages of a contact's life, as the shipped rules move people through them."""

import shutil
from datetime import timedelta

import pytest
from sqlmodel import SQLModel

from bot.model.tables import Behaviour, ExternalContact, Follower, FollowUser, GroupMember, SegmentMember
from bot.settings import HOUSE
from bot.sop import lifecycle, membership
from bot.sop.scope import SHANGHAI
from bot.storage.work import Work
from tests.sops.town import HAO, MEI, Town

DAY = timedelta(days=1)


@pytest.fixture
def shop(town: Town) -> Town:
    (town.folder / "rules").mkdir()
    shutil.copy(HOUSE / "sops" / "rules" / "lifecycle.yaml", town.folder / "rules")
    at_risk = "segment: risky\ntitle: R\nsubject: contact\nwho: {contact.lifecycle_stage: at_risk}\n"
    (town.folder / "segments").mkdir()
    (town.folder / "segments" / "risky.yaml").write_text(at_risk, encoding="utf-8")
    assert town.read() == []
    town.advance(timedelta(seconds=1))
    return town


def stage(shop: Town) -> str:
    return next(one.lifecycle_stage for one in shop.rows(ExternalContact) if one.id == MEI)


def pays(shop: Town) -> None:
    """An order, and what follows from it at once."""

    def unit(work: Work) -> None:
        work.session.add(Behaviour(contact_id=MEI, name="order.paid", at=work.now))
        membership.follow(work, shop.library)

    shop.work(unit)


def night(shop: Town, *, after: timedelta = DAY) -> str:
    """That much later, what every night does, one person a batch: where Mei is then."""
    shop.clock.advance(after)

    def batch(work: Work) -> int | None:
        more = lifecycle.refresh(work.session, shop.library.stages, last, 1, work.now, SHANGHAI)
        membership.follow(work, shop.library)
        return more

    last = 0
    while (more := shop.work(batch)) is not None:
        last = more
    assert last == HAO
    return stage(shop)


def test_a_life_from_the_first_day_to_the_last(shop: Town) -> None:
    assert night(shop) == "new"
    pays(shop)
    assert stage(shop) == "prospect"
    for _order in range(3):
        shop.clock.advance(DAY)
        pays(shop)
    assert stage(shop) == "active"
    assert night(shop, after=31 * DAY) == "at_risk"
    pays(shop)
    assert [row.subject for row in shop.rows(SegmentMember)] == ["contact:1"], "one of four is still at risk"
    assert night(shop, after=89 * DAY) == "prospect"
    assert night(shop, after=DAY) == "dormant"


def test_whoever_nobody_can_reach_any_more_is_lost(shop: Town) -> None:
    def gone(work: Work, model: type[SQLModel], name: str, value: object) -> None:
        setattr(work.session.get(model, 1), name, value)
        membership.follow(work, shop.library)

    now = shop.clock.now()
    shop.work(lambda work: gone(work, FollowUser, "status", "lost"))
    shop.work(lambda work: gone(work, GroupMember, "left_at", now))
    assert stage(shop) == "new", "Mei still follows the official account"
    shop.work(lambda work: gone(work, Follower, "unfollowed_at", now))
    assert stage(shop) == "lost"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("stages: {gone: {contact.city: 上海}}\n", ":1: X101"),
        ("stages:\n  new: {contact.lifecycle_stage: new}\n", ":2: X117"),
        ("stages:\n  lost: {event.state: a}\n", ":2: X117"),
        ("stages: [new]\n", ":1: X103"),
    ],
)
def test_a_file_that_cannot_be_meant_is_named_and_the_last_good_one_stays(shop: Town, text: str, finding: str) -> None:
    before = shop.library.stages
    lifecycle.path_in(shop.folder).write_text(text, encoding="utf-8")
    library, findings = shop.library.reload()
    assert finding in str(findings[0])
    assert library.stages is before
