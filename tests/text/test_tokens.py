"""Both segmenters cut alike, custom words included, and lose nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.tokens import PythonSegmenter, RustSegmenter, add_words, keywords, load, tokenise

from .samples import DISGUISED, INNOCENT

OWN_WORDS = ["小棕瓶", "vx群", "A股开户", "老客户回馈日"]
CORPUS = [
    *INNOCENT,
    *(text for text, _ in DISGUISED),
    "他来到了网易杭研大厦",
    "雅诗兰黛小棕瓶精华好用，老客户回馈日再买",
    "请加vx群A股开户 iphone 15 和 c++",
    "𠮷野家😀吃饭\n\n ok? 3.14% a_b-c 你好　世界 test-case v1.2.3 AT&T T恤 卡拉OK",
    "买" * 300,
]


@pytest.fixture(scope="module")
def both() -> tuple[RustSegmenter, PythonSegmenter]:
    pair = RustSegmenter(), PythonSegmenter()
    for word in OWN_WORDS:
        for segmenter in pair:
            segmenter.add(word)
    return pair


@pytest.mark.parametrize("text", CORPUS)
def test_both_segmenters_cut_alike(text: str, both: tuple[RustSegmenter, PythonSegmenter]) -> None:
    rust, python = both
    assert rust.cut(text) == python.cut(text)


@given(st.lists(st.sampled_from([*"aAbZ109.%_-+#&@ \n，😀é", *OWN_WORDS, "口红", "今天", "上海", "二手"]), max_size=20))
def test_both_segmenters_cut_words_among_signs_alike(
    both: tuple[RustSegmenter, PythonSegmenter], parts: list[str]
) -> None:
    # real words only: on nonsense such as 天会会会手 the two may guess differently
    rust, python = both
    assert rust.cut("".join(parts)) == python.cut("".join(parts))


def test_own_words_stay_in_one_piece(both: tuple[RustSegmenter, PythonSegmenter]) -> None:
    for segmenter in both:
        assert segmenter.cut("小棕瓶精华") == ["小棕瓶", "精华"]
    add_words(["兰蔻小黑瓶", " "])
    assert "兰蔻小黑瓶" in tokenise("我想买兰蔻小黑瓶")


@given(st.text(max_size=60))
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(tokenise(text)) == text


def test_ugly_texts_are_cut() -> None:
    assert tokenise("") == []
    assert "".join(tokenise("half \ud83d emoji")) == "half \ufffd emoji"
    assert "".join(tokenise("好" * 10_000)) == "好" * 10_000
    assert load() is load()


def test_keywords_are_counted_without_the_words_that_say_nothing() -> None:
    texts = ["口红很好看", "我想买口红 iPhone 15", "IPHONE 和口红的 。。。", ""]
    assert keywords(texts, 2) == [("口红", 3), ("iphone", 2)]
    assert keywords([], 5) == []
