"""The usual ways to write 微信 and QQ without writing them, and the guards that keep honest words out."""

import re
from collections.abc import Iterator

_HEART = "❤♥💓💗💖💘💙💚💛💜🧡🖤💕💞"
_GAP = r"[^\w,.;:!?。、\n]{0,3}"  # what may stand between the two halves; a clause never ends there
_ASK = rf"(?:(?P<add>[加+佳伽茄])|扫|私)(?:我|你|他|她|个|下|一下|群主)?的?{_GAP}"

# Sure on their own: nobody writes these by accident.
_SURE = (
    rf"[薇葳徽溦]{_GAP}(?:[信芯{_HEART}]|x(?:in)?(?![a-z])|亻言)",
    rf"微{_GAP}(?:[{_HEART}]|x(?:in)?(?![a-z])|亻言)",
    rf"(?<![a-z0-9])v{_GAP}(?:[信芯{_HEART}]|亻言)(?!号[^码是:\s\da-z])",
    r"[威维唯]信(?=号)",
    rf"(?<![a-z0-9])wei{_GAP}信",
    rf"(?<![a-z])[vw]{_GAP}x(?:in)?(?![a-z])",
    r"(?<![a-z])wei ?xin(?![a-z])",
)
# 威信, 微芯, 维信, 微心愿 and a dress with a V are ordinary words until somebody asks to be added.
_ASKED = (
    rf"(?!微信)[微薇葳徽威维唯惟]{_GAP}[信芯心{_HEART}](?!愿)",
    rf"v{_GAP}[信芯心{_HEART}]",
    r"薇",
    r"v(?![a-z]|领|认证|形|字|家|脸|标|站|博|的)",
)
_PENGUIN = "扣扣|抠抠|蔻蔻|叩叩|q扣|企鹅号?"

_SIGNS = re.compile("[vw薇葳徽溦微威维唯惟扣抠蔻叩鹅]")
_ALIAS = re.compile(
    rf"{_ASK}(?:(?P<wechat>{'|'.join(_ASKED)})|(?P<qq>{_PENGUIN}))"
    rf"|(?P<weixin>{'|'.join(_SURE)})"
    rf"|(?P<penguin>{_PENGUIN})(?=号?{_GAP}:?{_GAP}\d{{5}})"
)
_PLAIN = {"wechat": "微信", "weixin": "微信", "qq": "qq", "penguin": "qq"}


def aliases(folded: str) -> Iterator[tuple[str, int, int]]:
    """The disguised names in a folded text as (plain name, start, end), from left to right."""
    if _SIGNS.search(folded) is None:
        return
    for match in _ALIAS.finditer(folded):
        if match["add"]:
            yield "加", match.start("add"), match.end("add")
        if kind := match.lastgroup:
            yield _PLAIN[kind], match.start(kind), match.end(kind)


def unmask(folded: str) -> list[tuple[str, int, int]] | None:
    """Letters and digits of a folded text as (character, start, end), aliases written out; None without an alias.

    Both characters of 微信 stand for the whole alias, so a hit on either points at all of it.
    """
    pieces: list[tuple[str, int, int]] = []
    copied = 0
    for name, start, end in aliases(folded):
        pieces += _copied(folded, copied, start)
        pieces += [(char, start, end) for char in name]
        copied = end
    return [*pieces, *_copied(folded, copied, len(folded))] if pieces else None


def _copied(folded: str, start: int, end: int) -> list[tuple[str, int, int]]:
    return [(folded[at], at, at + 1) for at in range(start, end) if folded[at].isalnum()]
