"""Links, also undressed (taobao.com/x) and dressed up (taobao点com, ｔａｏｂａｏ．ｃｏｍ), and whose they are."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from bot.text.normalise import Normalised, normalise

# Endings that make a bare word a domain. Those that are words or file names too need a path behind them (t.me/x).
_ENDINGS = (
    "com|cn|net|org|gov|edu|info|biz|cc|tv|top|xyz|vip|shop|club|site|online|store|wang|ltd|xin|link|icu|ink|live|fun|app|dev"
    "|io|ai|co|hk|tw|jp|kr|us|uk|ru|de|eu|asia|mobi|pro|group|work|website|space|tech|cloud|art|pub|red|win|bid|loan|cyou|sbs"
    "|中国|公司|网络|网址|在线|商城|网店|集团|我爱你|手机|中文网"
)
_WEAK_ENDINGS = "me|so|to|gg|ly|im|la|ws|im|is|it|in|at|am|fm|gl|nu|pw|st|su|tk|ml|ga|cf|gq|be|li|sh"
_CHINESE_ENDINGS = "com|cn|cc|vip|xyz|中国|公司|网络|网址|在线|商城|网店|集团|我爱你"  # 用.net开发 is not a domain

_DOT = r"(?:[.。]|[·・•])"
_BRACKETED = r"[(\[](?:\.|点|dot)[)\]]"
_SAID = r"(?:(?<=[a-z])|(?<=[0-9]{2})) ?(?:点|丶) ?"  # taobao点com, but 下午3点
_SPACED = rf"(?:{_DOT}| {_DOT} | ?{_BRACKETED} ?|{_SAID})"
_LATIN = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?+"
_CHINESE = r"[\u4e00-\u9fff]{1,20}"
_END = r"(?![a-z0-9-])"

_WITH_SCHEME = re.compile(
    rf"(?P<scheme>https?|hxxps?|ftp)://(?P<authority>(?:[^\s/\\?#@\u4e00-\u9fff]{{0,200}}@)*"
    rf"(?:\[[0-9a-f:.]+\]|(?:(?:[a-z0-9_-]{{1,63}}|{_CHINESE})(?:{_DOT}|{_BRACKETED})){{0,8}}(?:[a-z0-9_-]{{1,63}}|中国|公司|网络|网址|在线)))"
)
_DOMAIN = (
    rf"(?:www{_DOT})?(?:"
    rf"{_LATIN}(?:{_DOT}{_LATIN}){{0,6}}{_SPACED}(?:{_ENDINGS}){_END}(?:{_DOT}(?:cn|hk|tw|jp|uk|kr){_END})?"
    rf"|{_LATIN}(?:{_DOT}{_LATIN}){{0,6}}{_DOT}(?:{_WEAK_ENDINGS})(?=/[a-z0-9+])"
    rf"|(?:{_LATIN}{_DOT}){{0,3}}{_CHINESE}{_DOT}(?:{_CHINESE_ENDINGS}){_END}(?![发开技框编]))"
)
_BARE = re.compile(rf"(?<![a-z0-9@_-])(?P<authority>{_DOMAIN})(?P<mail>@)?")
_HIDDEN = re.compile(rf"{_DOMAIN}(?=/)")
_GATE = re.compile(rf"://|{_SPACED}(?:[a-z]{{2}}|[中公网在商集我手])")
_TAIL = re.compile(r"(?::\d{1,5}(?!\d))?(?:[/?#\\][\w\-./?%&=+#~:@!$'*,;()\\]*)?", re.ASCII)
_TRAILING = ".,;:!?'*)"
_NOT_SITES = frozenset({"asp.net", "ado.net", "vb.net", "ml.net", "socket.io", "draw.io"})
_DOTS = re.compile(rf"\s*(?:{_DOT}|{_BRACKETED}|[点丶](?=[a-z]))\s*")
_STRAY = re.compile(r"[\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff\u00ad]")


@dataclass(frozen=True, slots=True)
class Link:
    """`text[start:end]` leads to `host` (lower case, IDN in punycode); `url` is what a browser would be given."""

    url: str
    host: str
    start: int
    end: int


def find_links(text: str | Normalised) -> list[Link]:
    """The links of a text from left to right; e-mail addresses are not links."""
    seen = normalise(text)
    if _GATE.search(seen.folded_text) is None:
        return []
    links: list[Link] = []
    for link in sorted(_candidates(seen), key=lambda link: (link.start, -link.end)):
        if not links or link.start >= links[-1].end:
            links.append(link)
    return links


def is_allowed(host: str, allow_list: Iterable[str]) -> bool:
    """Whether `host` is one of `allow_list` or below one: a.taobao.com is taobao.com's, evil-taobao.com is not."""
    name = canonical_host(host)
    allowed = (canonical_host(entry.removeprefix("*.")) for entry in allow_list)
    return bool(name) and any(name == entry or name.endswith(f".{entry}") for entry in allowed if entry)


@lru_cache(maxsize=4096)
def canonical_host(authority: str) -> str:
    """The host a browser would visit for `user@host:port`, in lower case and punycode; empty when there is none."""
    wide = unicodedata.normalize("NFKC", _STRAY.sub("", authority)).lower()
    host = re.split(r"[/\\?#]", wide.split("://", 1)[-1].lstrip("/\\"), maxsplit=1)[0].rpartition("@")[2]
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    host = _DOTS.sub(".", host.partition(":")[0]).strip(". ")
    return ".".join(map(_punycode, host.split("."))) if host else ""


def _candidates(seen: Normalised) -> Iterator[Link]:
    folded = seen.folded_text
    for match in _WITH_SCHEME.finditer(folded):
        scheme = match["scheme"].replace("xx", "tt")
        yield _link(seen, match.start(), match.start("authority"), match.end(), scheme)
    for match in _BARE.finditer(folded):
        end = match.end("authority")
        if match["mail"]:  # taobao.com@evil.com is a mailbox, unless a path makes it a way to hide evil.com
            if (target := _HIDDEN.match(folded, match.end())) is None:
                continue
            end = target.end()
        link = _link(seen, match.start(), match.start(), end, "http")
        if link.host not in _NOT_SITES:
            yield link


def _link(seen: Normalised, start: int, host_start: int, host_end: int, scheme: str) -> Link:
    """The host is read from the original: folding turns a Cyrillic а into a, and a browser does not."""
    begin, end = seen.folded.span(start, host_end)
    authority = seen.text[seen.folded.span(host_start, host_end)[0] : end]
    tail = ""
    if match := _TAIL.match(seen.text, end):
        tail = match[0].rstrip(_TRAILING)
    host = canonical_host(authority)
    return Link(f"{scheme}://{host}{tail}", host, begin, end + len(tail))


def _punycode(label: str) -> str:
    if label.isascii():
        return label
    try:
        return label.encode("idna").decode("ascii")
    except UnicodeError:
        return label
