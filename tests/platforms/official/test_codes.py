"""Errcodes that our own table does not describe still have WeChat's name."""

from bot.platforms.official.codes import name_of


def test_a_code_has_its_name_and_an_unknown_one_has_none() -> None:
    assert name_of(40007) == "invalid media id"
    assert name_of(123456789) == ""
