"""Rule files: what is wrong is told with file and line, and the last good rules stay in force."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import i18n
from bot.community import rules
from bot.community.rules import RulesError, judge_message
from bot.errors import BadInput

PROSE = re.compile(r"\b[a-zA-Z]{2,} [a-z]{2,} [a-z]{2,}")
"""Three English words in a row: a sentence that nobody translated."""


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.use("en")
    yield
    i18n.use(i18n.DEFAULT)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        ("hygiene.yaml", "shadow: maybe\n", 1, "shadow"),
        ("hygiene.yaml", "shadow: true\nshadows: true\n", 2, "not known here"),
        ("hygiene.yaml", "rules:\n  a:\n    title: x\n", 2, "words (or files), or links, or details"),
        ("hygiene.yaml", "rules:\n  a: {words: [x], details: [phone]}\n", 2, "one of the three"),
        ("hygiene.yaml", "rules:\n  a:\n    words:\n      - 微信\n      - '\u200b'\n", 5, "nothing to look for"),
        ("hygiene.yaml", "measures: [warn, kick]\n", 1, "measures.1"),
        ("hygiene.yaml", "measures: [warn, warn]\n", 1, "once"),
        ("hygiene.yaml", "rules:\n  a: {details: [fax]}\n", 2, "details"),
        ("hygiene.yaml", "trusted:\n  tags:\n  - 信任\n", 3, "group/tag"),
        ("tagging.yaml", "rules:\n  a:\n    tags: [组/标签]\n", 2, "any or all"),
        ("tagging.yaml", "rules:\n  a:\n    any: [x]\n    tags: []\n", 4, "tags"),
        ("scoring.yaml", "words:\n  high:\n    any: [x]\n", 2, "points"),
        ("scoring.yaml", "behaviours:\n  ok: 1\n  bad: many\n", 3, "bad"),
        ("replies.yaml", "rules:\n  a: {text: hi}\n", 2, "exact or contains"),
        ("live_codes.yaml", "codes:\n  a: {tags: [x]}\n", 2, "group/tag"),
        ("live_codes.yaml", "codes:\n  a: {}\n  a: {}\n", 3, "twice"),
        ("hygiene.yaml", "rules: [\n", 2, ""),
        ("hygiene.yaml", "- a\n- b\n", 1, ""),
        ("hygiene.yaml", "\tx: 1\n", 1, ""),
    ],
)
def test_a_bad_file_is_one_line_with_file_and_line(tmp_path: Path, name: str, text: str, line: int, words: str) -> None:
    path = write(tmp_path, name, text)
    said = {}
    for language in ("zh_CN", "en"):
        i18n.use(language)
        with pytest.raises(RulesError) as caught:
            rules.load(tmp_path)
        said[language] = caught.value.message
    assert not PROSE.search(said["zh_CN"]), said["zh_CN"]
    assert isinstance(caught.value, BadInput)
    assert (caught.value.path, caught.value.line) == (path, line)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_word_file_is_read_line_by_line(tmp_path: Path) -> None:
    write(tmp_path, "hygiene.yaml", "rules:\n  a: {files: [words/a.txt]}\n")
    write(tmp_path, "words/a.txt", "\ufeff# 词库\n\n返利群  # 常见\n刷单\n")
    found = rules.load(tmp_path)
    assert [breach.rule for breach in judge_message(found, "进返利群吗").breaches] == ["a"]
    assert not judge_message(found, "词库").breaches


def test_a_missing_or_unreadable_word_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, "hygiene.yaml", "rules:\n  a: {files: [words/none.txt]}\n")
    with pytest.raises(RulesError, match=r"none\.txt:0: the file cannot be read"):
        rules.load(tmp_path)
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "none.txt").write_bytes("微信".encode("gbk"))
    with pytest.raises(RulesError, match="UTF-8"):
        rules.load(tmp_path)


def test_an_empty_folder_has_no_rules(tmp_path: Path) -> None:
    assert judge_message(rules.load(tmp_path), "加微信 http://evil.cn") == rules.Reading(has_link=True)


def test_numbers_in_word_lists_are_words(tmp_path: Path) -> None:
    write(tmp_path, "tagging.yaml", "rules:\n  a: {any: [12315, 18:30], tags: [组/投诉]}\n")
    assert judge_message(rules.load(tmp_path), "我要打12315").tags[0].words == ("12315",)


def test_the_shipped_rules_are_good(shipped: rules.Rules) -> None:
    assert shipped.hygiene.rules
    assert shipped.tagging.rules
    assert shipped.scoring.words
    assert shipped.replies.rules


def test_spans_are_of_the_original_text(shipped: rules.Rules) -> None:
    text = "亲🌹 快加薇❤，ＶＸ也行 看ｅｖｉｌ点cn/a 或 138 0013 8000"
    found = {breach.rule: text[breach.start : breach.end] for breach in judge_message(shipped, text).breaches}
    assert found["advert"] == "加薇❤"
    assert found["contact"] == "138 0013 8000"
    assert "ｅｖｉｌ" in found["link"]


def test_one_message_is_read_once(shipped: rules.Rules) -> None:
    text = "口红多少钱"
    assert judge_message(shipped, text) is judge_message(shipped, text)


def test_listed_links_and_their_subdomains_are_welcome(shipped: rules.Rules) -> None:
    assert not judge_message(shipped, "看 https://mp.weixin.qq.com/s/abc").breaches
    assert judge_message(shipped, "看 https://weixin.qq.com.evil.cn/s").breaches


def test_ten_kilobytes_are_read(shipped: rules.Rules) -> None:
    text = "今天天气不错。" * 1500 + "加微信"
    [breach] = judge_message(shipped, text).breaches
    assert text[breach.start : breach.end] == "加微信"


def test_none_words_and_whole_words_hold_tags_back(shipped: rules.Rules) -> None:
    assert [tag.rule for tag in judge_message(shipped, "新口红很好看").tags] == ["lipstick"]
    assert not judge_message(shipped, "口红我要退货").tags


def test_a_live_code_is_found_by_its_state_or_its_beginning(shipped: rules.Rules) -> None:
    assert shipped.tags_of_state("spring") == ("渠道/春季",)
    assert shipped.tags_of_state("store-7") == ("渠道/门店",)
    assert shipped.tags_of_state("") == ()
    assert shipped.tags_of_state("springs") == ()
