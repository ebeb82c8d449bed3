"""Words are found through their disguises, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.text.lexicon import Lexicon
from bot.text.normalise import fold, squeeze

from .samples import BLOCKED, DISGUISED, INNOCENT

BOOK = Lexicon(dict.fromkeys(BLOCKED, 1))


def words(text: str, book: Lexicon[int] = BOOK) -> list[str]:
    return [hit.word for hit in book.find(text)]


@pytest.mark.parametrize(("text", "word"), DISGUISED)
def test_a_disguised_word_is_found(text: str, word: str) -> None:
    assert word in [hit.word for hit in BOOK.find_all(text)]


@pytest.mark.parametrize("text", INNOCENT)
def test_an_innocent_sentence_raises_no_alarm(text: str) -> None:
    assert words(text) == []


def test_a_hit_is_a_span_of_the_original() -> None:
    text = "😀請加🔥薇 ❤️，谢谢"
    [hit] = BOOK.find(text)
    assert (hit.word, hit.value, text[hit.start : hit.end]) == ("加微信", 1, "加🔥薇 ❤")


def test_the_longest_word_from_the_left_wins_and_all_are_kept_on_request() -> None:
    book = Lexicon({"微信": 1, "加微信": 2, "微信群": 3})
    assert words("快加微信群", book) == ["加微信"]
    assert [hit.word for hit in book.find_all("快加微信群")] == ["加微信", "微信群", "微信"]


def test_a_longer_word_that_fails_at_its_edge_does_not_hide_a_shorter_one() -> None:
    assert words("bxa股", Lexicon({"xa": 1, "a股": 2})) == []
    assert words("b a股", Lexicon({"ba股": 1, "a股": 2})) == ["ba股"]
    assert words("加vip", Lexicon({"加v": 1, "vip": 2})) == ["vip"]


@pytest.mark.parametrize("text", ["avxb", "vxb", "avx", "a v x b", "tv xl", "v xl"])
def test_a_short_latin_word_stands_alone(text: str) -> None:
    assert words(text, Lexicon({"vx": 1})) == []


def test_noise_inside_a_word_has_a_limit() -> None:
    assert words("刷" + "～" * 5 + "单") == ["刷单"]
    assert words("刷" + " " * 500 + "单") == []


def test_words_that_fold_alike_are_both_kept() -> None:
    book = Lexicon({"代购": 1, "代購": 2})
    assert [hit.value for hit in book.find_all("代购")] == [1, 2]


@pytest.mark.parametrize("word", ["", "  ", "\u200b"])
def test_a_word_with_nothing_in_it_is_refused(word: str) -> None:
    with pytest.raises(BadInput, match="nothing to look for"):
        Lexicon({word: 1})


def test_an_empty_lexicon_finds_nothing() -> None:
    assert Lexicon[int]({}).find("加微信") == []


def test_ten_kilobytes_and_fifty_thousand_words() -> None:
    book = Lexicon({chr(0x4E00 + n // 200) + chr(0x4E00 + n % 200): n for n in range(50_000)})
    assert len(book) == 50_000
    assert len(book.find("一丁" * 5_000)) == 5_000


@pytest.mark.parametrize("text", ["", " ", "😀", "\ud83d", "\u200b", "\x00", "a" * 10_000, "好" * 10_000])
def test_ugly_texts_are_read(text: str) -> None:
    assert words(text) == []


@given(st.text(alphabet="加微薇vVxX信❤刷单 ,。\n-\u200b🔥1９a買单購代", max_size=30))
def test_every_hit_reads_as_its_word(text: str) -> None:
    for hit in BOOK.find_all(text):
        assert 0 <= hit.start < hit.end <= len(text)
        seen = fold(text[hit.start : hit.end])
        assert hit.word in [again.word for again in BOOK.find_all(text[hit.start : hit.end])] or "微信" in hit.word
        if "微信" not in hit.word and hit.word != "加QQ":
            assert squeeze(fold(hit.word)) == squeeze(seen)
