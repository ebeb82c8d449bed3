"""Keyword replies of the official account."""

import pytest

from bot.community.replies import greeting, match
from bot.community.rules import Reply, ReplyRules, Rules
from bot.community.rules.answers import Greeting, Greetings

RULES = ReplyRules(
    default="没听懂",
    subscribe=Greetings(text="欢迎", tags=("渠道/公众号",), scenes={"spring": Greeting(tags=("渠道/春季",))}),
    rules={
        "hours": Reply(exact=("营业时间",), text="九点到九点"),
        "join": Reply(contains=("进群", "VIP"), text="扫码"),
    },
)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("营业时间", "九点到九点"),
        (" 营業時間？", "九点到九点"),
        ("营业时间是几点", "没听懂"),
        ("怎么进群呀", "扫码"),
        ("ｖｉｐ", "扫码"),
        ("🌹", "没听懂"),
        ("", "没听懂"),
    ],
)
def test_the_first_rule_that_passes_answers(said: str, answer: str) -> None:
    assert match(RULES, said) == answer


def test_without_a_default_nothing_is_answered() -> None:
    assert match(ReplyRules(), "你好") is None


def test_a_scene_has_its_own_greeting_and_adds_its_tags() -> None:
    assert greeting(RULES).text == "欢迎"
    spring = greeting(RULES, "qrscene_spring")
    assert spring.text == "欢迎"
    assert spring.tags == ("渠道/公众号", "渠道/春季")
    assert greeting(RULES, "unknown") == greeting(RULES)


def test_the_shipped_replies_answer(shipped: Rules) -> None:
    assert "9:00" in (match(shipped.replies, "你们几点开门？") or "")
