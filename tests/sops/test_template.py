"""Texts with variables."""

from datetime import datetime

import pytest

from bot.sop import template
from bot.sop.scope import SHANGHAI
from bot.sop.template import BadTemplate, check, cut, needs, render

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("你好 {{ contact.name | default('朋友') }}", "你好 梅"),
        ("{{ contact.city | default('远方') }}", "远方"),
        ("[{{ contact.city }}]", "[]"),
        ("{{ contact['name'] }}", "梅"),
        ("{{ event.properties.order.id | default('无') }}", "无"),
        ("{{ now | date('%m月%d日') }}", "03月02日"),
        ("{% if contact.name %}有{% else %}无{% endif %}", "有"),
        ("50% { 花括号 }", "50% { 花括号 }"),
    ],
)
def test_rendering(text: str, rendered: str) -> None:
    values = {"contact": {"name": "梅", "city": None}, "event": {"properties": {}}, "now": NOW}
    assert render(check(text), values) == rendered


@pytest.mark.parametrize(
    "text",
    [
        "{{ contact }}",
        "{{ contact.phone }}",
        "{{ staff.mobile }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ contact.name.upper() }}",
        "{{ 'a' * 1000000000 }}",
        "{{ range(9) }}",
        "{% set x = 1 %}",
        "{% include 'x' %}",
        "{{ contact.name | center(100000000) }}",
        "{{ contact.name",
    ],
)
def test_what_no_text_may_do(text: str) -> None:
    with pytest.raises(BadTemplate):
        check(text)


def test_what_a_text_needs() -> None:
    assert needs("{{ contact.name | default(staff.name) }} {{ contact.fields.size }}") == {
        "contact.name",
        "staff.name",
        "contact.fields.size",
    }


def test_a_failure_says_so_instead_of_sending_nonsense() -> None:
    with pytest.raises(template.RenderFailed):
        render("{{ contact.name | round }}", {"contact": {"name": "梅"}})


def test_cutting_keeps_whole_characters() -> None:
    assert cut("好" * 10, 30) == "好" * 10
    assert cut("好" * 11, 30) == "好" * 9 + "…"
    assert len(cut("a" + "好" * 20, 30).encode()) <= 30
