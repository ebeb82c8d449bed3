"""Ways to reach somebody are found however they are written, and numbers that are not are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.contacts import find_contact_details

from .samples import INNOCENT

MOBILE = "13800138000"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("加V：abc_123", "wechat", "abc_123"),
        ("vx abc12345", "wechat", "abc12345"),
        ("薇❤abc123", "wechat", "abc123"),
        ("+V信 xxx_99", "wechat", "xxx_99"),
        ("加微❤️：hello_01", "wechat", "hello_01"),
        ("➕Ⓥ❤ lily2023", "wechat", "lily2023"),
        ("加薇 lily_888", "wechat", "lily_888"),
        ("加vabc_123", "wechat", "abc_123"),
        ("v: lily888", "wechat", "lily888"),
        ("weixin：lily888", "wechat", "lily888"),
        ("wei信 lily888", "wechat", "lily888"),
        ("V X lily888", "wechat", "lily888"),
        ("威信号：abcdef", "wechat", "abcdef"),
        ("微信号abcdefg", "wechat", "abcdefg"),
        ("我的微信是lily888哦", "wechat", "lily888"),
        ("微信号是ｌｉｌｙ８８８", "wechat", "lily888"),
        ("wxid_abcdefgh12345", "wechat", "wxid_abcdefgh12345"),
        ("vx：13800138000", "phone", MOBILE),
        ("加v13800138000", "phone", MOBILE),
        ("138 0013 8000", "phone", MOBILE),
        ("１３８００１３８０００", "phone", MOBILE),
        ("①③⑧00①38000", "phone", MOBILE),
        ("一三八零零一三八零零零", "phone", MOBILE),
        ("幺三八零零幺三八零零零", "phone", MOBILE),
        ("138-0013-8000", "phone", MOBILE),
        ("138.0013.8000", "phone", MOBILE),
        ("+86 138 0013 8000", "phone", MOBILE),
        ("8613800138000", "phone", MOBILE),
        ("138🔥0013🔥8000", "phone", MOBILE),
        ("1-3-8-0-0-1-3-8-0-0-0", "phone", MOBILE),
        ("138OO138OOO", "phone", MOBILE),
        ("138\u200b0013\u200b8000", "phone", MOBILE),
        ("1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣", "phone", MOBILE),
        ("打我电话13800138000，谢谢", "phone", MOBILE),
        ("qq12345678", "qq", "12345678"),
        ("扣扣：1234567", "qq", "1234567"),
        ("加Q 123456789", "qq", "123456789"),
        ("企鹅号 3456789", "qq", "3456789"),
        ("QQ群号：1 2 3 4 5 6", "qq", "123456"),
        ("写信到 Lin@example.com", "mail", "lin@example.com"),
        ("abc艾特qq点com", "mail", "abc@qq.com"),
        ("abc#qq.com", "mail", "abc@qq.com"),
        ("１２３４５＠ｑｑ．ｃｏｍ", "mail", "12345@qq.com"),
    ],
)
def test_a_detail_is_read_through_its_disguise(text: str, kind: str, value: str) -> None:
    assert [(detail.kind, detail.value) for detail in find_contact_details(text)] == [(kind, value)]


@pytest.mark.parametrize("text", INNOCENT)
def test_an_innocent_sentence_has_no_details(text: str) -> None:
    assert find_contact_details(text) == []


def test_details_come_from_left_to_right_with_spans_of_the_original() -> None:
    text = "😀电话１３８-0013-8000 或 扣扣 123456，薇❤️lily_888"
    assert [(d.kind, text[d.start : d.end]) for d in find_contact_details(text)] == [
        ("phone", "１３８-0013-8000"),
        ("qq", "123456"),
        ("wechat", "lily_888"),
    ]


@pytest.mark.parametrize("text", ["", "\n", "1" * 10_000, "13" * 5_000, "1 3 " * 2_500, "加v" * 5_000, "a@" * 5_000])
def test_ugly_texts_are_read(text: str) -> None:
    assert find_contact_details(text) == []


@given(st.text(alphabet="加微vV信薇❤q扣1380oO一〇①:：@. -_点com\u200b🔥abc", max_size=40))
def test_spans_index_the_original_and_do_not_overlap(text: str) -> None:
    end = 0
    for detail in find_contact_details(text):
        assert end <= detail.start < detail.end <= len(text)
        assert detail.kind != "phone" or (len(detail.value) == 11 and detail.value.isdigit())
        end = detail.end


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", " ", "-", "🔥", "*"]))
def test_any_mobile_is_found_in_its_usual_groups(number: str, gap: str) -> None:
    text = f"电话{number[:3]}{gap}{number[3:7]}{gap}{number[7:]}哦"
    assert [detail.value for detail in find_contact_details(text)] == [number]
