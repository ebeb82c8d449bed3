"""Near-duplicates are near, strangers are far."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.similarity import distance, fingerprint, near

ADVERT = "【限时特惠】兰蔻小黑瓶精华50ml仅需399元，正品保证，加微信abc123领取优惠券，数量有限先到先得！"


@pytest.mark.parametrize(
    "again",
    [
        "【限時特惠】蘭蔻小黑瓶精華50ml僅需399元，正品保證，加微信abc123領取優惠券，數量有限先到先得！",
        "🔥【限时特惠】兰蔻小黑瓶精华50ml仅需389元，正品保证，加V信xyz999领取优惠券，数量有限，先到先得!!",
        "限时特惠：兰蔻小黑瓶精华100ml只要399，正品保证，加微信abc123领优惠券，数量有限先到先得",
    ],
)
def test_an_advert_sent_again_is_near(again: str) -> None:
    assert near(fingerprint(ADVERT), fingerprint(again))


@pytest.mark.parametrize(
    "other",
    [
        "今天天气真好，大家一起去公园玩吧，记得带上水和帽子，下午三点门口集合",
        "兰蔻小黑瓶精华怎么用？我皮肤比较干，想问一下先用水还是先用精华呢",
        "",
        "😀",
        "好",
    ],
)
def test_another_text_is_far(other: str) -> None:
    assert not near(fingerprint(ADVERT), fingerprint(other))


def test_empty_texts_are_near_to_nothing() -> None:
    assert fingerprint("") == fingerprint("😀！") == 0
    assert not near(0, 0)


@given(st.text(max_size=60))
def test_a_fingerprint_has_64_bits_and_is_its_own_neighbour(text: str) -> None:
    mark = fingerprint(text)
    assert 0 <= mark < 2**64
    assert distance(mark, mark) == 0
    assert mark == fingerprint(f" {text}\n")


def test_ten_kilobytes_have_a_fingerprint() -> None:
    assert near(fingerprint(ADVERT * 200), fingerprint(ADVERT * 199))
