"""Counting what people did."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.model.tables import Behaviour
from tests.filters.asking import segment
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
        ("behaviour.event: {name: order.paid, average: {between: [59, 61]}}", [MEI]),
        ("behaviour.event: {name: order.paid, count: 1, where: {product: 口红}}", [MEI]),
        ("behaviour.event: {name: order.paid, first_at: {not_within: 7d}}", [MEI]),
        ("behaviour.event: {name: order.paid, last_at: {within: 2d}, count: {gte: 3}}", [MEI]),
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
