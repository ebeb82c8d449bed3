"""Scores that time wears down, points that run out, worth by orders, stale tags: night after night."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.community import points, ratings, scoring
from bot.community.rules import Decay, Points, Rfm, Rules, ScoreRules, StaleTags, Weights
from bot.model.ids import ContactId
from bot.model.tables import Behaviour, ContactTag, ExternalContact, InboxRow, ScoreEntry
from bot.settings import HOUSE
from bot.sop import lifecycle
from handlers import scores
from tests.community.people import HAO, MEI, START, Community

DAY = timedelta(days=1)
RULES = ScoreRules(
    activity=Weights(half_life_days=10, weights={"spoke_in_group": 8, "order.paid": 40}),
    spread=Weights(half_life_days=10, weights={"friend.invited": 20}),
    lead=Decay(half_life_days=10),
    rfm=Rfm(event="order.paid", days=365),
    points=Points(keep_days=365, remind_days=30),
    tags=StaleTags(sources=("rule",), silent_days=180),
)


@pytest.fixture
def town(community: Community) -> Community:
    """The community with nights."""
    community.rules = Rules(scores=RULES)
    community.router.include(scores.router)
    community.work(lambda work: scores.begin(work, community.settings))
    return community


def contact(community: Community, id: ContactId = MEI) -> ExternalContact:
    return next(one for one in community.rows(ExternalContact) if one.id == id)


def nights(community: Community, count: int = 1) -> None:
    """That many days later, with the last night as it comes; those before were slept through."""
    community.clock.advance((count - 1) * DAY)
    community.pass_time(60 * 24)


def test_a_deed_is_worth_half_after_its_half_life(town: Community) -> None:
    """Asked at 04:00 in Shanghai: 18 hours after the start, and 10 days later again."""
    began = START + timedelta(hours=18)
    town.add(
        Behaviour(contact_id=MEI, name="order.paid", at=began),
        Behaviour(contact_id=MEI, name="spoke_in_group", at=began - 10 * DAY),
        Behaviour(contact_id=MEI, name="page.viewed", at=began),
        Behaviour(contact_id=MEI, name="friend.invited", at=began),
    )
    nights(town)
    assert (contact(town).activity_score, contact(town).spread_score) == (44, 20)
    nights(town, 10)
    assert (contact(town).activity_score, contact(town).spread_score) == (22, 10)
    nights(town, 100)
    assert (contact(town).activity_score, contact(town).spread_score) == (0, 0)
    assert contact(town, HAO).activity_score == 0


def earn(town: Community, amount: int, key: str) -> None:
    town.work(lambda work: scoring.add_score(work, MEI, amount, rule="words", evidence="", key=key, line=1000))


def test_a_lead_score_wears_off_and_its_entries_add_up(town: Community) -> None:
    earn(town, 80, "a")
    nights(town, 10)
    assert 40 <= contact(town).lead_score <= 43
    earn(town, 20, "b")
    nights(town, 1)
    assert sum(entry.points for entry in town.rows(ScoreEntry)) == contact(town).lead_score
    nights(town, 100)
    assert contact(town).lead_score == 0
    assert {entry.rule for entry in town.rows(ScoreEntry)} == {"words", "decay"}


def test_a_score_that_was_dealt_with_stays_at_nothing(town: Community) -> None:
    earn(town, 80, "a")
    nights(town, 10)
    town.work(lambda work: scoring.settle(work, MEI, rule="lead", key="s"))
    nights(town, 10)
    assert contact(town).lead_score == 0


def give(town: Community, amount: int, key: str) -> None:
    town.work(lambda work: points.add_points(work, MEI, amount, reason="r", key=key))


def told(town: Community) -> list[int]:
    events = [row.payload for row in town.rows(InboxRow) if row.kind == "track.event"]
    return [event["properties"]["points"] for event in events]


def test_points_run_out_after_a_year_the_oldest_are_spent_first(town: Community) -> None:
    give(town, 100, "a")
    nights(town, 200)
    give(town, 50, "b")
    give(town, -30, "c")
    nights(town, 134)
    assert told(town) == []
    nights(town, 5)
    assert told(town) == [70]  # once, a month ahead
    assert contact(town).points == 120
    nights(town, 30)
    assert contact(town).points == 50
    nights(town, 170)
    assert told(town) == [70, 50]
    nights(town, 40)
    assert contact(town).points == 0
    gone = [row.amount for row in town.rows(Behaviour) if row.name == "points.expired"]
    assert gone == [Decimal(70), Decimal(50)]


def test_spent_points_are_not_told_of(town: Community) -> None:
    give(town, 100, "a")
    give(town, -100, "b")
    give(town, 10, "c")
    nights(town, 340)
    assert told(town) == [10]


def test_worth_by_orders(town: Community) -> None:
    """Ten buyers: number 10 bought last, most often and for the most; 1 and 2 are alike."""
    town.add(*(ExternalContact(id=n, external_user_id=f"wm{n}", first_seen_at=START) for n in range(10, 20)))
    for n in range(10):
        rank = max(n, 1)
        for k in range(rank):
            at = START - timedelta(days=100 - 10 * rank, hours=k)
            town.add(Behaviour(contact_id=10 + n, name="order.paid", at=at, amount=Decimal(10)))
    town.add(Behaviour(contact_id=HAO, name="order.paid", at=START - 400 * DAY))
    nights(town)
    found = {one.id: (one.rfm, one.rfm_segment) for one in town.rows(ExternalContact)}
    assert found[19] == ("5-5-5", "champion")
    assert found[10] == found[11] == ("1-1-1", "lost")
    assert found[HAO] == (None, None)
    nights(town, 400)
    assert contact(town, ContactId(19)).rfm_segment is None


@pytest.mark.parametrize(
    ("fifths", "worth"),
    [
        ((5, 5, 4), "champion"),
        ((3, 5, 2), "loyal"),
        ((5, 1, 1), "new_buyer"),
        ((3, 2, 2), "promising"),
        ((2, 4, 1), "slipping"),
        ((1, 4, 1), "sleeping"),
        ((1, 1, 1), "lost"),
    ],
)
def test_fifths_have_names(fifths: tuple[int, int, int], worth: str) -> None:
    assert ratings.worth(*fifths) == worth


def standing(town: Community) -> list[tuple[int, str]]:
    return [(tag.contact_id, tag.name) for tag in town.rows(ContactTag) if tag.removed_at is None]


def test_tags_that_are_over_leave_at_night_and_stale_ones_with_the_month(town: Community) -> None:
    old: dict[str, Any] = {"source": "rule", "added_at": START - 200 * DAY}
    town.add(
        ContactTag(contact_id=MEI, name="兴趣/口红", source="sop", added_at=START, expires_at=START + DAY),
        ContactTag(contact_id=MEI, name="等级/VIP", source="staff", added_at=START - 200 * DAY),
        ContactTag(contact_id=MEI, name="价格敏感/是", **old),
        ContactTag(contact_id=HAO, name="价格敏感/是", **old),
        Behaviour(contact_id=HAO, name="spoke_in_group", at=START - 100 * DAY),
    )
    nights(town, 3)
    assert standing(town) == [(MEI, "等级/VIP"), (HAO, "价格敏感/是")]
    removed = [call.body["remove_tag"] for call in town.calls("externalcontact/mark_tag")]
    assert removed == [["etLIP"], ["etPRICE"]]
    town.add(ContactTag(contact_id=MEI, name="渠道/春季", **old))
    nights(town)
    assert (MEI, "渠道/春季") in standing(town)
    nights(town, 30)  # April has begun
    assert (MEI, "渠道/春季") not in standing(town)


def test_a_crowd_is_gone_through_in_batches(town: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "MOST", 3)
    town.add(*(ExternalContact(id=n, external_user_id=f"wm{n}", first_seen_at=START) for n in range(10, 20)))
    town.add(*(Behaviour(contact_id=n, name="order.paid", at=START) for n in range(10, 20)))
    nights(town)
    assert all(one.activity_score == 38 for one in town.rows(ExternalContact) if (one.id or 0) >= 10)


def test_without_rules_nothing_is_touched(town: Community) -> None:
    town.rules = Rules()
    town.work(lambda work: setattr(work.session.get(ExternalContact, MEI), "activity_score", 7))
    nights(town, 2)
    assert contact(town).activity_score == 7


def test_the_night_moves_people_to_where_time_has_brought_them(town: Community) -> None:
    stages, _findings = lifecycle.read(HOUSE / "sops")
    assert stages is not None
    town.library = replace(town.library, stages=stages)
    nights(town)
    assert contact(town).lifecycle_stage == "new"
    nights(town, 90)
    assert contact(town).lifecycle_stage == "dormant"
