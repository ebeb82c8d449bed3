"""Cards keep to what the platform takes, whatever people are called and write."""

import pytest

from bot.community.cards import Button, Card, clip, clip_bytes, excerpt, render, sound, task_id

FAMILY = "👨‍👩‍👧‍👦"


def test_a_short_text_stays_and_a_long_one_ends_in_an_ellipsis() -> None:
    assert clip("你好", 2) == "你好"
    assert clip("你好朋友", 3) == "你好…"
    assert clip("", 3) == ""


def test_latin_letters_take_half_the_room() -> None:
    assert clip("abcdef", 3) == "abcdef"
    assert clip("abcdefg", 3) == "abcd…"


@pytest.mark.parametrize("most", range(2, 12))
def test_an_emoji_is_never_cut_in_two(most: int) -> None:
    cut = clip(f"你{FAMILY}{FAMILY}❤️👍🏽好", most)
    assert not cut.removesuffix("…").endswith("\u200d")
    assert cut.count("👨") == cut.count("👦")
    assert not cut.startswith("你👍…")


def test_half_an_emoji_becomes_a_sign_that_can_be_sent_and_moves_nothing() -> None:
    assert sound("a\ud83db") == "a\ufffdb"
    clip("\ud83d" * 50, 5).encode()


def test_bytes_are_counted_as_bytes() -> None:
    cut = clip_bytes("好" * 1000, 2048)
    assert len(cut.encode()) <= 2048
    assert cut.endswith("好…")
    assert clip_bytes("好", 3) == "好"


def test_an_excerpt_marks_the_hits_and_shows_what_is_around_the_first() -> None:
    assert excerpt("请加我微信聊", [[3, 5]]) == "请加我【微信】聊"
    long = excerpt("长" * 9000 + "微信" + "短" * 900, [[9000, 9002]])
    assert long.startswith("…长")
    assert "【微信】" in long
    assert len(long) <= 202


def test_a_card_has_at_most_six_rows_and_buttons_and_empty_ones_are_left_out() -> None:
    card = Card(
        title="t" * 100,
        rows=(("empty", ""), *((f"name{n}", f"value{n}") for n in range(9))),
        buttons=tuple(Button(f"b{n}", f"key{n}") for n in range(9)),
    )
    shown = render(card, "id")
    assert len(shown["horizontal_content_list"]) == 6
    assert len(shown["button_list"]) == 6
    assert shown["main_title"]["title"].endswith("…")
    assert "quote_area" not in shown
    assert "replace_text" not in shown


def test_a_task_id_holds_only_what_the_platform_allows() -> None:
    assert task_id("lead", 12, "中 文/x") == "lead-12-____x"
    assert len(task_id("a" * 300)) == 128
