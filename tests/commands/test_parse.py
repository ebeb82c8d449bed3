"""Lines as people type them, on any keyboard."""

from typing import Annotated, Literal

import pytest

from bot import i18n
from bot.errors import BadCommand
from handlers.commands.parse import Arguments, Rest, also, bind, parse

GOOD = [
    ("/report week", "report", ["week"]),
    ("/报告 周", "报告", ["周"]),
    ("／report week", "report", ["week"]),
    ("、报告 周", "报告", ["周"]),
    ("  /report   week  ", "report", ["week"]),
    ("/ report week", "report", ["week"]),
    ("/REPORT week", "report", ["week"]),
    ("／ｒｅｐｏｒｔ　week", "report", ["week"]),
    ("/报告\u3000月", "报告", ["月"]),
    ("/tag add “Mei Wang” 渠道/春季", "tag", ["add", "Mei Wang", "渠道/春季"]),
    ('/tag add "Mei Wang" x', "tag", ["add", "Mei Wang", "x"]),
    ('/tag add “Mei Wang" x', "tag", ["add", "Mei Wang", "x"]),
    ('/tag add "Mei Wang” x', "tag", ["add", "Mei Wang", "x"]),
    ("/tag add 「Mei Wang」 x", "tag", ["add", "Mei Wang", "x"]),
    ("/who 小美🌸", "who", ["小美🌸"]),
    ('/who ""', "who", [""]),
    ("/post all now line one\nline two", "post", ["all", "now", "line", "one", "line", "two"]),
    ("/lead\tclaim\t7", "lead", ["claim", "7"]),
    ('/who 5"', "who", ['5"']),
    ('/who "a"b', "who", ["a", "b"]),
    ("/", "", []),
    ("/help", "help", []),
]


@pytest.mark.parametrize(("text", "name", "words"), GOOD)
def test_a_line_is_read_into_its_name_and_words(text: str, name: str, words: list[str]) -> None:
    line = parse(text)
    assert line is not None
    assert (line.name, [word.text for word in line.words]) == (name, words)


@pytest.mark.parametrize("text", ["hello", "", "   ", "你好 /help", "report week", "1/2"])
def test_what_does_not_begin_with_a_slash_is_no_command(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("text", ['/who "Mei', "/who “Mei", "/who 「Mei", "/tag add “Mei x"])
def test_an_open_quotation_is_named(text: str) -> None:
    i18n.use("en")
    with pytest.raises(BadCommand, match="A quotation is not closed"):
        parse(text)


class Sample(Arguments):
    verb: Annotated[Literal["add", "remove"], also({"加": "add"})]
    count: int = 1
    rest: Rest = ""


class Many(Arguments):
    names: tuple[str, ...] = ()


class One(Arguments):
    name: str


BOUND = [
    ("/x add", Sample(verb="add")),
    ("/x 加 3", Sample(verb="add", count=3)),
    ("/x ADD ３", Sample(verb="add", count=3)),
    ("/x add #3", Sample(verb="add", count=3)),
    ("/x add 3 hello  there\nfriend", Sample(verb="add", count=3, rest="hello  there\nfriend")),
    ('/x add 3 "hello  there"', Sample(verb="add", count=3, rest="hello  there")),
    ('/x add 3 say "hello" twice', Sample(verb="add", count=3, rest='say "hello" twice')),
]


@pytest.mark.parametrize(("text", "expected"), BOUND)
def test_words_become_typed_arguments(text: str, expected: Sample) -> None:
    line = parse(text)
    assert line is not None
    assert bind(Sample, line, 0, "/x") == expected


MISFITS = [
    (Sample, "/x", "Something is missing. Write: /x FORM"),
    (Sample, "/x paint", "“paint” does not fit. Write: /x FORM"),
    (Sample, "/x add many", "“many” does not fit. Write: /x FORM"),
    (One, "/x a b", "“b” is too much. Write: /x FORM"),
    (One, "/x", "Something is missing. Write: /x FORM"),
]


@pytest.mark.parametrize(("arguments", "text", "told"), MISFITS)
def test_a_misfit_is_one_line_with_the_right_form(arguments: type[Arguments], text: str, told: str) -> None:
    i18n.use("en")
    line = parse(text)
    assert line is not None
    with pytest.raises(BadCommand) as raised:
        bind(arguments, line, 0, "/x FORM")
    assert str(raised.value) == told


def test_a_tuple_takes_the_words_that_are_left() -> None:
    line = parse("/x a “b c” d")
    assert line is not None
    assert bind(Many, line, 1, "/x") == Many(names=("b c", "d"))
