"""Word rules: any, all, none, and whole tokens."""

import pytest

from bot.errors import BadInput
from bot.text.match import Match, RuleBook, WordRule
from bot.text.normalise import normalise

BOOK = RuleBook(
    {
        "beauty": WordRule(any=("口红", "唇釉"), none=("二手",)),
        "buys a phone": WordRule(all=("手机", "买")),
        "phone": WordRule(any=("手机",), tokens=True),
    }
)


def passed(text: str) -> list[str]:
    return [match.rule for match in BOOK.judge(text)]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", []),
        ("😀", []),
        ("新口红很好看", ["beauty"]),
        ("买口紅", ["beauty"]),
        ("口🔥红", ["beauty"]),
        ("二手口红", []),
        ("二手机会", []),
        ("二手机会，买吗", ["buys a phone"]),
        ("手机壳", ["phone"]),
        ("我想买手机", ["buys a phone", "phone"]),
        ("買手機和口红", ["beauty", "buys a phone", "phone"]),
        ("二手手机", ["phone"]),
        ("手\u200b机多少钱", ["phone"]),
    ],
)
def test_rules_pass_by_their_words(text: str, rules: list[str]) -> None:
    assert passed(text) == rules


def test_a_match_brings_its_evidence() -> None:
    text = "买 手·机，买唇釉"
    matches = BOOK.judge(normalise(text))
    assert matches == [
        Match("beauty", ((7, 9),), ("唇釉",)),
        Match("buys a phone", ((0, 1), (2, 5), (6, 7)), ("买", "手机")),
        Match("phone", ((2, 5),), ("手机",)),
    ]
    assert [text[start:end] for start, end in matches[1].spans] == ["买", "手·机", "买"]


@pytest.mark.parametrize("rule", [WordRule(), WordRule(none=("二手",)), WordRule(any=(" ",))])
def test_a_rule_without_a_word_to_look_for_is_refused(rule: WordRule) -> None:
    with pytest.raises(BadInput):
        RuleBook({"empty": rule})


def test_an_empty_book_has_no_opinion() -> None:
    assert RuleBook({}).judge("口红") == []
