"""Counting what people did."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.model.tables import Behaviour, Touch
from tests.filters.asking import problems, segment
from tests.sops.town import GROUP, HAO, MEI, START, Town

DAY = timedelta(days=1)


@pytest.fixture
def orders(town: Town) -> Town:
    """Mei paid 100 and 50 on one day and 30 ten days before, in the group; Hao clicked."""
    town.add(
        Behaviour(
            contact_id=MEI, name="order.paid", at=START - DAY, amount=Decimal(100), properties={"product": "口红"}
        ),
        Behaviour(contact_id=MEI, name="order.paid", at=START - DAY, amount=Decimal(50), chat_id=GROUP),
        Behaviour(contact_id=MEI, name="order.paid", at=START - 11 * DAY, amount=Decimal(30), user_id="zhou"),
        Behaviour(contact_id=HAO, name="link.clicked", at=START),
    )
    return town


@pytest.mark.parametrize(
    ("asked", "members"),
    [
        ("behaviour.event: {name: order.paid, count: {gte: 3}}", [MEI]),
        ("behaviour.event: {name: order.paid, count: {gte: 3}, within: 7d}", []),
        ("behaviour.event: {name: order.paid, count: 2, within: 7d}", [MEI]),
        ("behaviour.event: {name: order.paid, count: 0}", [HAO]),
        ("behaviour.event: {name: order.paid, never: true}", [HAO]),
        ("behaviour.event: {name: order.paid, never: false}", [MEI]),
        ("behaviour.event: {name: order.paid, exists: true}", [MEI]),
        ("behaviour.event: {name: order.paid, distinct_days: {gte: 2}}", [MEI]),
        ("behaviour.event: {name: order.paid, distinct_days: {gte: 3}}", []),
        ("behaviour.event: {name: order.paid, sum: {gt: 179}}", [MEI]),
        ("behaviour.event: {name: order.paid, sum: {ne: 5}}", [MEI]),
        ("behaviour.event: {name: order.paid, avg: {between: [59, 61]}}", [MEI]),
        ("behaviour.event: {name: order.paid, count: 1, where: {product: 口红}}", [MEI]),
        ("behaviour.event: {name: order.paid, first_at: {not_within: 7d}}", [MEI]),
        ("behaviour.event: {name: order.paid, last_at: {within: 2d}, count: {gte: 3}}", [MEI]),
        ("behaviour.order_paid: {ratio: 2, within: 7d}", [MEI]),
        ("behaviour.order_paid: {ratio: {lt: 2}, within: 7d}", []),
        ("behaviour.order_paid: {ratio: {missing: true}, within: 30d}", [MEI, HAO]),
        ("behaviour.order_paid: {ratio: 0, within: 1h}", []),
        ("behaviour.order_paid: {ratio: 0, within: 6d, where: {amount: {lt: 50}}}", [MEI]),
        ("behaviour.link_clicked: {count: 1}", [HAO]),
    ],
)
def test_measures(orders: Town, asked: str, members: list[int]) -> None:
    assert segment(orders, asked) == members


def test_a_group_and_a_staff_member_are_asked_about_what_happened_with_them(orders: Town) -> None:
    assert segment(orders, "behaviour.event: {name: order.paid, count: 1}", "group") == [GROUP]
    assert segment(orders, "behaviour.event: {name: order.paid, count: 1}", "staff") == ["zhou"]


def test_days_are_counted_in_shanghai(town: Town) -> None:
    for hour in (15, 17):  # 23:00 and 01:00 the next day
        town.add(Behaviour(contact_id=MEI, name="checked_in", at=datetime(2026, 3, 1, hour, 30, tzinfo=UTC)))
    assert segment(town, "behaviour.event: {name: checked_in, distinct_days: 2}") == [MEI]


@pytest.mark.parametrize(
    ("asked", "members"),
    [
        ("behaviour.order_paid: {count: 1, where: {amount: {gte: 100}}}", [MEI]),
        ("behaviour.order_paid: {never: true, where: {amount: {gt: 100}}}", [MEI, HAO]),
        ("behaviour.order_paid: {exists: true, where: {product: {in: [眉笔, 口红]}}}", [MEI]),
        ("behaviour.order_paid: {exists: true, where: {product: 3}}", []),
        ("behaviour.order_count: 3", [MEI]),
        ("behaviour.order_count: {gte: 2, within: 7d}", [MEI]),
        ("behaviour.order_count: {lt: 1}", [HAO]),
        ("behaviour.stay_seconds: {gt: 80}", [HAO]),
        ("behaviour.stay_seconds: {gt: 80, within: 7d}", []),
        ("behaviour.read_percent: 90", [HAO]),
        ("behaviour.event: {name: page.stayed, avg: {eq: 45}, of: seconds}", [HAO]),
        ("behaviour.page_viewed: {sum: {gte: 0}}", []),
        ("behaviour.active_days: {gte: 2, within: 7d}", [MEI]),
        ("behaviour.silent_for: {gte: 3d}", [HAO]),
        ("behaviour.silent_for: {lt: 3d}", [MEI]),
        ("behaviour.first_reply_delay: {lte: 120}", [HAO]),
    ],
)
def test_properties_and_what_they_add_up_to(town: Town, asked: str, members: list[int]) -> None:
    town.clock.move_to(START + 10 * DAY)
    now = town.clock.now()
    town.add(
        Behaviour(contact_id=MEI, name="order.paid", at=now - DAY, amount=Decimal(100), properties={"product": "口红"}),
        Behaviour(contact_id=MEI, name="order.paid", at=now - DAY, amount=Decimal(50), properties={"product": "3"}),
        Behaviour(contact_id=MEI, name="order.paid", at=now - 2 * DAY, amount=Decimal(50)),
        Behaviour(contact_id=HAO, name="page.stayed", at=now - 8 * DAY, properties={"seconds": 60, "percent": 90}),
        Behaviour(contact_id=HAO, name="page.stayed", at=now - 5 * DAY, properties={"seconds": 30, "percent": "all"}),
        Behaviour(contact_id=HAO, name="replied", at=now - DAY, amount=Decimal(90), user_id="zhou"),
    )
    assert segment(town, asked) == members


@pytest.mark.parametrize(
    ("more", "members"),
    [
        ("", [MEI]),
        (", then_where: {amount: {gte: 100}}", [MEI]),
        (", then_where: {amount: {gt: 100}}", []),
        (", first_where: {product: 口红}", [MEI]),
        (", first_where: {product: 眉笔}", []),
        (", since: 6d", [MEI]),
        (", since: 4d", []),
    ],
)
def test_a_sequence_may_ask_for_properties_and_a_window(town: Town, more: str, members: list[int]) -> None:
    cart = Behaviour(contact_id=MEI, name="cart.added", at=START - 5 * DAY, properties={"product": "口红"})
    town.add(cart, Behaviour(contact_id=MEI, name="order.paid", at=START - 3 * DAY, amount=Decimal(100)))
    assert segment(town, f"behaviour.sequence: {{first: cart.added, then: order.paid, within: 3d{more}}}") == members


@pytest.mark.parametrize(
    "where", ["[product]", "{product: [口红]}", "{amount: {starts_with: 1}}", "{amount: {gte: much}}", "{p: {}}"]
)
def test_a_property_is_asked_for_what_it_can_be(where: str) -> None:
    assert problems(f"behaviour.order_paid: {{exists: true, where: {where}}}") == ["X109"]


def test_what_the_contact_was_told_is_a_behaviour_too(town: Town) -> None:
    for n, days in enumerate((1, 3, 20)):
        town.add(
            Touch(
                contact_id=MEI, channel="sms" if n else "mass", content="c", sop="s", at=START - days * DAY,
                dedupe_key=f"k{n}",
            )
        )  # fmt: skip
    assert segment(town, "touch.touched: {gte: 2, within: 7d}") == [MEI]
    assert segment(town, "touch.touched: {gte: 2, within: 7d, where: {channel: sms}}") == []
    assert segment(town, "touch.touched: never") == [HAO]
