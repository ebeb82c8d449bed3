"""Feelings by words, with their negations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.sentiment import complaints, score


@pytest.mark.parametrize(
    "text", ["很好用，非常喜欢", "没问题", "还不错", "服务态度好", "一点都不差", "😍", "并不难用", "很好"]
)
def test_pleased_texts_are_above_zero(text: str) -> None:
    assert score(text) > 0.2


@pytest.mark.parametrize(
    "text",
    ["不好", "质量太差了，要投诉", "不是很满意", "一点都不好看", "不喜欢", "😡", "騙子", "垃🔥圾", "没有那么好用"],
)
def test_displeased_texts_are_below_zero(text: str) -> None:
    assert score(text) < -0.2


@pytest.mark.parametrize(
    "text", ["", "你好", "差不多吧", "好像到了", "不好意思，几点发货", "慢慢来", "订单号 123", "\ud83d"]
)
def test_texts_without_a_feeling_are_zero(text: str) -> None:
    assert score(text) == 0


def test_a_stronger_word_weighs_more() -> None:
    assert score("骗子") < score("很差") < score("差") < 0 < score("好") < score("很好") < score("完美")


@given(st.text(alphabet="好差很不没完美骗子😀 a，", max_size=200))
def test_a_score_stays_in_its_range(text: str) -> None:
    assert -1 <= score(text) <= 1


def test_complaints_have_a_gravity_and_a_span() -> None:
    text = "质量太差，我要退 款，不然就打12315"
    assert [(text[hit.start : hit.end], hit.value) for hit in complaints(text)] == [
        ("太差", 1),
        ("退 款", 2),
        ("12315", 3),
    ]


def test_what_is_denied_is_no_complaint() -> None:
    assert complaints("不用退款，没有投诉的意思") == []
    assert [hit.word for hit in complaints("不满意")] == ["不满意"]
