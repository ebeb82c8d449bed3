"""The segment's SQL and the question about one contact give the same answer, whatever is asked."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model.tables import (
    Behaviour,
    ContactTag,
    CustomerGroup,
    ExternalContact,
    FollowUser,
    GroupMember,
    SegmentMember,
    Touch,
)
from bot.sop import segments
from tests.filters.asking import condition, scope
from tests.servers import PostgresServer
from tests.sops.town import START, Town

WORDS = ("上海", "北京", "ShangHai", "spring-1", "100%", "a_b", "", "École")
TAGS = ("渠道/春季", "渠道/夏季", "价格敏感/是")
DAY = timedelta(days=1)


BEHAVIOURS: list[dict[str, Any]] = [
    {"exists": True},
    {"never": True},
    {"distinct_days": {"gte": 2}},
    {"ratio": {"lte": 0.5}, "within": "5d"},
    {"avg": {"gt": 0}},
    {"first_at": {"within": "7d"}},
    {"last_at": {"not_within": "7d"}},
]


def leaf(name: str, **operators: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    operator = st.sampled_from(sorted(operators))
    return operator.flatmap(lambda key: operators[key].map(lambda value: {name: {key: value}}))


words = st.sampled_from([word for word in WORDS if word])
numbers = st.integers(-2, 5)
windows = st.sampled_from(["1d", "7d", "30d"])
days = st.sampled_from(["2026-02-20", "2026-03-01", "2026-03-02"])
texts = {
    "eq": words,
    "ne": words,
    "in": st.lists(words, min_size=1),
    "not_in": st.lists(words, min_size=1),
    "contains": words,
    "not_contains": words,
    "starts_with": words,
    "ends_with": words,
    "matches": st.sampled_from(["*海", "sh*ai", "*0%", "a_*", "*", "é*", "É*LE"]),
    "exists": st.booleans(),
    "missing": st.booleans(),
}
counts = {"eq": numbers, "ne": numbers, "gt": numbers, "lte": numbers, "exists": st.booleans()}
dates = {"before": days, "after": days, "within": windows, "not_within": windows, "missing": st.booleans()}
sets = {name: st.lists(st.sampled_from(TAGS), min_size=1) for name in ("has_any", "has_all", "has_none")}
leaves = st.one_of(
    leaf("contact.city", **texts),
    leaf("contact.points", **counts),
    leaf("contact.birthday", **dates, anniversary=windows),
    leaf("contact.first_seen_at", **dates),
    leaf("contact.marketing_consent", **{"is": st.booleans(), "missing": st.booleans()}),
    leaf("follow.state", **texts),
    leaf("follow.count", **counts),
    leaf("follow.first_added_at", **dates),
    leaf("tag.names", **sets),
    leaf("tag.count", **counts),
    st.fixed_dictionaries({"gte": numbers}).map(
        lambda asked: {"behaviour.event": {"name": "order.paid", "count": asked, "within": "7d"}}
    ),
    st.fixed_dictionaries({"gte": numbers}).map(
        lambda asked: {"behaviour.event": {"name": "order.paid", "sum": asked}}
    ),
    st.just({"time.weekday": "mon"}),
    leaf("contact.gender", **texts),
    leaf("contact.age", **{name: st.integers(20, 40) for name in ("eq", "ne", "gt", "gte", "lt", "lte")}),
    leaf("contact.lunar_birthday", anniversary=windows, anniversary_in=windows, missing=st.booleans()),
    leaf("contact.phone", exists=st.booleans(), missing=st.booleans()),
    leaf("contact.profile_known", **{"is": st.booleans()}),
    leaf("contact.birthday", between=st.just(["1990-01-01", "1992-02-29"]), anniversary_in=windows),
    leaf("contact.points", between=st.just([1, 3]), not_between=st.just([1, 3]), not_in=st.just([0, 1])),
    leaf("follow.added_at", **dates, within_next=windows, anniversary=windows),
    leaf("tag.expires_at", **dates),
    leaf("touch.count", **counts),
    leaf("segment.names", **{name: st.just(["vip"]) for name in sets}),
    leaf("group.tags", **{name: st.lists(st.sampled_from(["老客", "新客"]), min_size=1) for name in sets}),
    leaf("member.group_count", **counts),
    leaf("time.workday", **{"is": st.booleans()}, missing=st.booleans()),
    leaf("time.now", between=st.just(["22:00", "08:00"]), not_between=st.just(["09:00", "18:00"])),
    st.tuples(st.sampled_from(["order.paid", "link.clicked"]), st.sampled_from(BEHAVIOURS)).map(
        lambda drawn: {"behaviour.event": {"name": drawn[0], **drawn[1]}}
    ),
    st.sampled_from(["3d", "30d"]).map(
        lambda within: {"behaviour.sequence": {"first": "order.paid", "then": "link.clicked", "within": within}}
    ),
    leaf("contact.field_number", **counts).map(
        lambda asked: {name: {"name": "size", **one} for name, one in asked.items()}
    ),
    st.sampled_from(["M", "4"]).map(lambda size: {"contact.field": {"name": "size", "eq": size}}),
    st.booleans().map(lambda wanted: {"contact.field_flag": {"name": "size", "is": wanted}}),
    st.sampled_from([{"product": "口红"}, {"product": {"ne": "口红"}}, {"amount": {"gte": 1}}, {"n": {"lt": 5}}]).map(
        lambda where: {"behaviour.order_paid": {"exists": True, "where": where}}
    ),
    st.tuples(st.sampled_from(["sum", "avg", "most"]), st.sampled_from(["n", "product"]), numbers).map(
        lambda drawn: {"behaviour.order_paid": {drawn[0]: {"gte": drawn[2]}, "of": drawn[1]}}
    ),
    leaf("behaviour.silent_for", gte=windows, lt=windows, missing=st.booleans()),
    leaf("behaviour.active_days", gte=numbers, eq=numbers),
    leaf("contact.city_tier", eq=st.sampled_from(["first", "other"]), ne=st.just("first"), missing=st.booleans()),
    leaf("follow.first_follower", eq=st.sampled_from(["u0", "u1"]), missing=st.booleans()),
    leaf("follow.status", eq=st.just("lost"), ne=st.just("lost")),
    leaf("member.role", eq=st.sampled_from(["owner", "member"])),
    leaf("group.age", gt=windows, missing=st.booleans()),
    leaf("touch.touched", gte=numbers, never=st.booleans()),
    st.sampled_from(["渠道", "价格敏感"]).map(lambda group: {"tag.in_group": {"group": group}}),
    leaf("contact.official_subscribed", **{"is": st.booleans()}),
)
trees = st.recursive(
    leaves,
    lambda below: st.one_of(
        st.lists(below, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(below, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        below.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(tmp_path_factory.mktemp("crowd"))
    fill(town)
    yield town
    town.database.close()


@pytest.fixture(scope="module")
def other_crowd(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[Town]:
    """The same people on PostgreSQL."""
    with postgres_server.migrated_database() as url:
        town = Town(tmp_path_factory.mktemp("other"), url)
        fill(town)
        yield town
        town.database.close()


def fill(town: Town) -> None:
    """Two dozen contacts with this and that, and much of it missing."""
    town.add(CustomerGroup(chat_id="wrA", tags=["老客"]), CustomerGroup(chat_id="wrB", tags=["老客", "新客"]))
    for n in range(10, 34):
        town.add(
            ExternalContact(
                id=n,
                external_user_id=f"wm{n}",
                city=WORDS[n % 8] if n % 3 else None,
                points=n % 5,
                birthday=date(1992, 2, 29) + DAY * (n - 25) if n % 4 else None,
                marketing_consent=(None, True, False)[n % 3],
                first_seen_at=START - DAY * (n % 9),
                gender=(None, 1, 2, 0)[n % 4],
                phone_hash=str(n) if n % 2 else None,
                profiled_at=START if n % 3 else None,
                fields={"size": ("M", 4, True, None)[n % 4]} if n % 5 else {},
            )
        )
        if n % 5 == 0:
            town.add(
                GroupMember(
                    chat_id="wrA" if n % 2 else "wrB",
                    member_id=f"wm{n}",
                    contact_id=n,
                    joined_at=START,
                    changed_at=START,
                    left_at=START if n % 3 == 0 else None,
                ),
                SegmentMember(segment="vip", subject=f"contact:{n}", entered_at=START),
                Touch(contact_id=n, channel="mass", content="c", sop="contact/t", at=START, dedupe_key=f"touch{n}"),
            )
        for k in range(n % 3):
            town.add(
                FollowUser(
                    contact_id=n,
                    user_id=f"u{k}",
                    state=WORDS[(n + k) % 8],
                    status=("active", "lost")[(n + k) % 2],
                    added_at=START - DAY * n,
                    changed_at=START,
                )
            )
            town.add(
                Behaviour(
                    contact_id=n,
                    name="order.paid",
                    at=START - DAY * (n % 12),
                    amount=Decimal(k) if n % 2 else None,
                    properties=({}, {"product": "口红", "n": n % 7}, {"product": n % 5, "n": "many"})[n % 3],
                ),
                ContactTag(contact_id=n, name=TAGS[(n + k) % 3], source="sop", added_at=START),
                Behaviour(contact_id=n, name="link.clicked", at=START - DAY * (n % 9)),
            )


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees)
def test_the_segment_and_the_question_agree(crowd: Town, tree: dict[str, Any]) -> None:
    agree(crowd, tree)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees)
def test_both_databases_agree_too(crowd: Town, other_crowd: Town, tree: dict[str, Any]) -> None:
    assert agree(crowd, tree) == agree(other_crowd, tree)


def agree(crowd: Town, tree: dict[str, Any]) -> list[int]:
    """The members of a segment, who are those that pass alone, and whose complement is everybody else."""
    asked, around = condition(json.dumps(tree, ensure_ascii=False)), scope(crowd)

    def compare(work: Any) -> tuple[list[int], list[int], list[int]]:
        session = work.session
        everybody = segments.members(session, condition("time.month: exists"), around)
        members = segments.members(session, asked, around)
        rest = segments.members(session, condition(json.dumps({"not": tree}, ensure_ascii=False)), around)
        alone = [one for one in everybody if segments.judge(session, asked, around, one).passed]
        assert sorted(members + rest) == everybody
        assert not (members and segments.is_ruled_out(asked, around))
        return members, alone, rest

    members, alone, _rest = crowd.work(compare)
    assert members == alone
    return members
