"""Ways to reach somebody that are written in a text: mobile numbers, WeChat ids, QQ numbers, mailboxes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.text.disguises import aliases
from bot.text.normalise import Normalised, normalise

Kind = Literal["phone", "wechat", "qq", "mail"]

_NUMERALS = str.maketrans("零〇○一二两三四五六七八九壹贰叁肆伍陆柒捌玖幺", "00012234567891234567891")
_LETTER_DIGITS = str.maketrans("oil", "011")
_D = "[0-9oil]"  # after the first three digits an o is a 0 and an l is a 1: 138OO138OOO
_NOISE = r"[^\w.,:;/\n]{1,3}"  # what is thrown between digits: spaces, hyphens, stars, emoji
_GROUPS = "|".join(
    _NOISE.join(f"{_D}{{{size}}}" for size in sizes)
    for sizes in ((8,), (4, 4), (1, 4, 3), (1, 3, 4), (3, 5), (2, 6), (2, 2, 2, 2), (4, 2, 2), (5, 3))
)
_PHONE = re.compile(
    rf"(?<![0-9_])(?<![0-9][.\-_/])(?:\+?(?:00)?86[ \-)]{{0,2}})?"
    rf"(?P<number>1[3-9][0-9](?:(?:{_NOISE})?(?:{_GROUPS})|\.[0-9]{{4}}\.[0-9]{{4}})|(?<![0-9][^0-9])1(?:{_NOISE}[0-9]){{10}}(?!{_NOISE}[0-9]))"
    r"(?![0-9a-f])(?![.\-_/][0-9])"
)
_LETTERS_BEFORE = re.compile(r"[a-z]+$")
_CALLS = frozenset({"v", "vx", "wx", "weixin", "wechat", "q", "qq", "tel", "phone", "mobile", "m", "t"})
_ORDER = re.compile(r"(?:[单编货卡帐账工]号|订单|编码|流水号?|会员号|运单|快递)(?:是|为)?[\s:#]{0,3}$")

_AT = re.compile(r" ?(?:#|@|艾特|\(at\)|\[at\]) ?")
_MAIL_DOT = re.compile(r" ?(?:[.。]|点|\(dot\)) ?")
_MAIL = re.compile(
    rf"(?<![a-z0-9._%+-])(?P<value>[a-z0-9][a-z0-9._%+-]{{0,63}}(?:{_AT.pattern})"
    rf"(?:[a-z0-9-]{{1,63}}(?:{_MAIL_DOT.pattern})){{1,4}}"
    r"(?:com|cn|net|org|edu|gov|cc|me|io|co|hk|tw|jp|top|vip|xyz))(?![a-z0-9])"
)

_POINTER = re.compile(r"[号:是为=→➡👉]|id")
_WECHAT_NAME = re.compile(r"微信|(?<![a-z])wechat(?![a-z])|(?<![a-z0-9])v(?= ?:)|(?<=[加+])v")
_WECHAT_ID = re.compile(
    r"(?P<gap>(?:号码?|id|账号)?[\W_]{0,4}[是为]?[\W_]{0,4})(?P<value>[a-z0-9][a-z0-9_-]{5,19})"
    r"(?![a-z0-9_-])(?! ?:?//|@|[.][a-z])"
)
_WXID = re.compile(r"(?<![a-z0-9_])(?P<value>(?:wxid|gh)_[a-z0-9]{8,24})(?![a-z0-9_-])")
_NOT_IDS = re.compile(
    r"v?(?:iphone|ipad|ios|android|windows|win|mac|macos|huawei|xiaomi|https?)[0-9._-]*|v(?:ip|log|pn|cd).*"
)

_QQ = re.compile(
    r"(?:(?<![a-z0-9])q{1,2}|扣扣|抠抠|蔻蔻|叩叩|q扣|企鹅)(?:群号?|号码?)?[^\w\n]{0,4}[是为]?[^\w\n]{0,4}"
    r"(?P<value>[1-9][0-9]{4,11}|[1-9](?:[ \-.*][0-9]){4,10})(?![0-9元块人件个万千年月])"
)


@dataclass(frozen=True, slots=True)
class Detail:
    """`text[start:end]` reads as `value`: eleven digits, an id in lower case, a QQ number or a mailbox."""

    kind: Kind
    value: str
    start: int
    end: int


def find_contact_details(text: str | Normalised) -> list[Detail]:
    """The details in a text from left to right, none overlapping another."""
    seen = normalise(text)
    found: list[tuple[int, int, Kind, str]] = []
    for detail in _candidates(seen.folded_text):
        start, end = detail[:2]
        if all(end <= other[0] or start >= other[1] for other in found):
            found.append(detail)
    return [Detail(kind, value, *seen.folded.span(start, end)) for start, end, kind, value in sorted(found)]


def _candidates(folded: str) -> Iterator[tuple[int, int, Kind, str]]:
    """Surest first, as spans of the folded text: a number that is a QQ is not also a WeChat id."""
    digits = folded.translate(_NUMERALS)  # one character for one, so that spans stay
    yield from _mails(folded)
    yield from _phones(digits)
    yield from _qqs(digits)
    yield from _wechats(folded)


def _mails(folded: str) -> Iterator[tuple[int, int, Kind, str]]:
    for match in _MAIL.finditer(folded):
        value = _MAIL_DOT.sub(".", _AT.sub("@", match["value"]))
        yield match.start(), match.end(), "mail", value


def _phones(digits: str) -> Iterator[tuple[int, int, Kind, str]]:
    for match in _PHONE.finditer(digits):
        before = digits[max(0, match.start() - 10) : match.start()]
        letters = _LETTERS_BEFORE.search(before)
        if _ORDER.search(before) or (letters and letters[0] not in _CALLS):
            continue
        yield match.start(), match.end(), "phone", _only_digits(match["number"].translate(_LETTER_DIGITS))


def _qqs(digits: str) -> Iterator[tuple[int, int, Kind, str]]:
    for match in _QQ.finditer(digits):
        yield match.start("value"), match.end("value"), "qq", _only_digits(match["value"])


def _wechats(folded: str) -> Iterator[tuple[int, int, Kind, str]]:
    for match in _WXID.finditer(folded):
        yield match.start("value"), match.end("value"), "wechat", match["value"]
    named = {end for name, _, end in aliases(folded) if name == "微信"}
    for at in sorted(named | {match.end() for match in _WECHAT_NAME.finditer(folded)}):
        if (told := _WECHAT_ID.match(folded, at)) and _is_id(told["value"], told["gap"], folded[at - 1]):
            yield told.start("value"), told.end("value"), "wechat", told["value"]


def _is_id(value: str, gap: str, before: str) -> bool:
    """Whether `value` was given as an id: a plain word or a number counts only where something points at it."""
    if _NOT_IDS.fullmatch(value) or (not gap and _NOT_IDS.fullmatch(before + value)):
        return False
    if _POINTER.search(gap):
        return not value.isdigit() or len(value) <= 12
    return not value.isalpha() and not (value.isdigit() and (before == "v" or len(value) > 12))


def _only_digits(number: str) -> str:
    return re.sub(r"[^0-9]", "", number)
