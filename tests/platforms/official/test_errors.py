"""What errcodes mean, what may be repeated, and what each kind of account can be asked to do."""

import pytest

from bot.platforms.answers import Meaning
from bot.platforms.official import errors, kinds

CASES = {
    Meaning.RETRY: (-1, 42010, 45066, 45061, 45102, 46007, 268487001, 268487002, 268488001, 9500001, 9500002, 45169),
    Meaning.TOKEN: (40001, 40014, 42001),
    Meaning.LIMIT: (45009, 45011, 45028, 45040),
    Meaning.RECIPIENT: (45015, 45047, 43101, 43004, 48002, 43019, 50002, 50005, 43117),
    Meaning.FINAL: (
        40003, 40007, 40008, 40031, 40032, 40033, 40035, 40037, 40130, 41001, 41030, 43001, 43003, 44002, 45001,
        45008, 45157, 45159, 46001, 46004, 47001, 47003, 49003, 123456789,
    ),
    Meaning.OPERATOR: (
        40013, 40125, 40164, 40243, 48001, 48004, 48003, 48008, 50001, 45087, 45501, 40249, 43116, 61004, 61007,
        89503, 89504, 89505, 89506, 89507,
    ),
    Meaning.OK: (0, 45065),
}  # fmt: skip


@pytest.mark.parametrize(
    ("meaning", "errcode"), [(meaning, code) for meaning, codes in CASES.items() for code in codes]
)
def test_an_errcode_means_what_the_table_says(meaning: Meaning, errcode: int) -> None:
    assert errors.meaning("tags/members/batchtagging", errcode) is meaning


def test_a_wrong_secret_is_nothing_that_another_token_would_cure() -> None:
    assert errors.meaning("stable_token", 40001) is Meaning.OPERATOR


def test_a_message_is_not_sent_again_when_busy_may_mean_sent() -> None:
    assert errors.meaning("message/custom/send", -1) is Meaning.UNKNOWN
    assert errors.meaning("message/template/send", -1) is Meaning.RETRY


@pytest.mark.parametrize(
    ("endpoint", "who"),
    [
        ("getcallbackip", "subscription verified_subscription service verified_service"),
        ("draft/add", "subscription verified_subscription service verified_service"),
        ("get_current_selfmenu_info", "subscription verified_subscription service verified_service"),
        ("message/custom/send", "verified_subscription verified_service"),
        ("user/info", "verified_subscription verified_service"),
        ("user/info/updateremark", "verified_service"),
        ("tags/members/batchtagging", "verified_subscription verified_service"),
        ("menu/create", "verified_subscription verified_service"),
        ("message/mass/sendall", "verified_subscription verified_service"),
        ("message/mass/send", "verified_service"),
        ("message/template/send", "verified_service"),
        ("message/template/subscribe", "verified_subscription verified_service"),
        ("message/subscribe/bizsend", "verified_service"),
        ("qrcode/create", "verified_service"),
        ("freepublish/submit", "verified_subscription verified_service"),
        ("/datacube/getusersummary", "verified_subscription verified_service"),
    ],
)
def test_an_endpoint_is_open_to_the_kinds_that_the_platform_lets_in(endpoint: str, who: str) -> None:
    every: tuple[kinds.Kind, ...] = ("subscription", "verified_subscription", "service", "verified_service")
    assert [kind for kind in every if kinds.may_call(kind, endpoint)] == who.split()
