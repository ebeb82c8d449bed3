"""Folding takes disguises off and always knows the way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.normalise import fold, normalise, squeeze

from .samples import DISGUISED, INNOCENT

ANY_TEXT = st.text(max_size=60) | st.text(alphabet="加微薇V❤️信vx①１㈠㎏\u200b\u0301 \n,。買é𝐕🇻😀ﷺ가", max_size=40)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("　", " "),
        ("ＶＸ", "vx"),
        ("ⓥⓧ 🅥🅧 🆅🆇 𝐯𝐱 ᴠx", "vx vx vx vx vx"),
        ("① ❶ ⑩ １ ١ 1️⃣", "1 1 10 1 1 1"),
        ("買口紅", "买口红"),
        ("加\u200b微\u2060信\ufeff", "加微信"),
        ("c\u0336a\u0301sino café", "casino cafe"),
        ("Рау раl", "pay pal"),
        ("㎏", "kg"),
        ("一二三", "一二三"),
        ("a\r\n\tb\x00", "a \n b"),
        ("가나", "가나"),
        ("x\ud83dy", "xy"),
    ],
)
def test_a_disguise_folds_to_what_a_reader_sees(text: str, folded: str) -> None:
    assert normalise(text).folded_text == folded


def test_the_squeezed_view_has_only_letters_and_digits() -> None:
    seen = normalise("加 🔥微_信！❤️ A-1")
    assert seen.squeezed.text == seen.squeezed_text == "加微信a1"
    assert seen.squeezed.span(0, 3) == (0, 6)


def test_the_unmasked_view_spells_out_names_and_points_at_all_of_them() -> None:
    view = normalise("来，加薇 ❤️吧").unmasked
    assert view is not None
    assert view.text == "来加微信吧"
    start, end = view.span(2, 4)
    assert "来，加薇 ❤️吧"[start:end] == "薇 ❤"
    assert normalise("微信支付成功").unmasked is None


def test_an_expanded_character_is_one_span() -> None:
    view = normalise("重5㎏的").folded
    assert view.text == "重5kg的"
    assert view.span(2, 3) == view.span(2, 4) == (2, 3)


@given(ANY_TEXT)
def test_folding_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once.folded_text).folded_text == once.folded_text
    assert squeeze(once.squeezed_text) == once.squeezed_text == normalise(once.squeezed_text).folded_text


@given(ANY_TEXT, ANY_TEXT)
def test_a_word_folds_alike_alone_and_inside_a_text(left: str, right: str) -> None:
    assert fold(left + right) == fold(left) + fold(right)


@given(ANY_TEXT)
def test_every_span_of_every_view_indexes_the_original(text: str) -> None:
    seen = normalise(text)
    for view in filter(None, (seen.folded, seen.squeezed, seen.unmasked)):
        assert len(view.origins) == len(view.text)
        for at in range(len(view.text)):
            start, end = view.span(at, at + 1)
            assert 0 <= start < end <= len(text)
    for at, char in enumerate(seen.folded_text):
        start, end = seen.folded.span(at, at + 1)
        assert char in fold(text[start:end])


def test_what_is_normalised_is_not_normalised_again() -> None:
    seen = normalise("加油")
    assert normalise(seen) is seen


def test_ten_kilobytes_keep_their_offsets() -> None:
    text = "㎏加\u200b微 信" * 2000
    seen = normalise(text)
    assert seen.squeezed.text == "kg加微信" * 2000
    assert seen.squeezed.span(9997, 10000) == (len(text) - 5, len(text))


def test_the_samples_are_many() -> None:
    assert len(DISGUISED) >= 40
    assert len(INNOCENT) >= 40
