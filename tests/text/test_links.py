"""Links are found dressed and undressed, and belong to whom a browser says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.links import canonical_host, find_links, is_allowed

from .samples import INNOCENT


@pytest.mark.parametrize(
    ("text", "host", "written"),
    [
        ("去taobao.com/x看", "taobao.com", "taobao.com/x"),
        ("taobao点com", "taobao.com", "taobao点com"),
        ("ｔａｏｂａｏ．ｃｏｍ", "taobao.com", "ｔａｏｂａｏ．ｃｏｍ"),
        ("taobao。com。", "taobao.com", "taobao。com"),
        ("taobao . com", "taobao.com", "taobao . com"),
        ("taobao(dot)com", "taobao.com", "taobao(dot)com"),
        ("taobao\u200b.com", "taobao.com", "taobao\u200b.com"),
        ("看这里...taobao.com!", "taobao.com", "taobao.com"),
        ("Taobao.COM.CN", "taobao.com.cn", "Taobao.COM.CN"),
        ("www.foo.top", "www.foo.top", "www.foo.top"),
        ("t.me/abc", "t.me", "t.me/abc"),
        ("中文。com", "xn--fiq228c.com", "中文。com"),
        ("淘宝.com", "xn--pbt173b.com", "淘宝.com"),
        ("去 商店.中国", "xn--czrs0t.xn--fiqs8s", "商店.中国"),
        ("tаobao.com", "xn--tobao-4ve.com", "tаobao.com"),
        ("https://a.taobao.com:8080/p?q=1，快来", "a.taobao.com", "https://a.taobao.com:8080/p?q=1"),
        ("https://taobao.com快来", "taobao.com", "https://taobao.com"),
        ("https：／／ｔａｏｂａｏ．ｃｏｍ 来", "taobao.com", "https：／／ｔａｏｂａｏ．ｃｏｍ"),
        ("https://taobao.com@evil.com/x", "evil.com", "https://taobao.com@evil.com/x"),
        ("taobao.com@evil.com/pay", "evil.com", "taobao.com@evil.com/pay"),
        ("http://taobao.com\\@evil.com", "taobao.com", "http://taobao.com\\@evil.com"),
        ("http://1.2.3.4:80/", "1.2.3.4", "http://1.2.3.4:80/"),
        ("http://[::1]:80/a", "[::1]", "http://[::1]:80/a"),
        ("hxxps://evil[.]com", "evil.com", "hxxps://evil[.]com"),
    ],
)
def test_a_link_is_found_with_its_host(text: str, host: str, written: str) -> None:
    [link] = find_links(text)
    assert (link.host, text[link.start : link.end]) == (host, written)


def test_a_url_is_what_a_browser_is_given() -> None:
    assert [link.url for link in find_links("先看taobao点com，再看 HTTPS://Jd.com/A?b=1。")] == [
        "http://taobao.com",
        "https://jd.com/A?b=1",
    ]


@pytest.mark.parametrize(
    "text", [*INNOCENT, "lin@example.com", "node.js", "end.So next", "ok.good", "a.b.c.d", "1.2.3.4"]
)
def test_an_innocent_sentence_has_no_links(text: str) -> None:
    assert find_links(text) == []


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("taobao.com", True),
        ("a.b.taobao.com", True),
        ("TAOBAO.com.", True),
        ("taobao.com:443", True),
        ("ｔaobao。com", True),
        ("x@taobao.com", True),
        ("店.商店.cn", True),
        ("xn--vjq503a0k2a.cn", False),
        ("evil-taobao.com", False),
        ("taobao.com.evil.com", False),
        ("taobao.com@evil.com", False),
        ("tаobao.com", False),
        ("com", False),
        ("", False),
    ],
)
def test_an_allow_list_covers_hosts_and_what_is_below_them(host: str, allowed: bool) -> None:
    assert is_allowed(host, ["*.taobao.com", "商店.cn", ""]) is allowed


@pytest.mark.parametrize("text", ["", ".", "://", "a." * 5_000, "。com" * 2_000, "-.com" * 2_000, "中" * 10_000 + ".x"])
def test_ugly_texts_are_read(text: str) -> None:
    assert all(link.host for link in find_links(text))


@given(st.text(alphabet="htps:/taobao.com@。点 中文\\?#-_1ａ．\u200b[]аx", max_size=40))
def test_spans_index_the_original_and_hosts_are_canonical(text: str) -> None:
    end = 0
    for link in find_links(text):
        assert end <= link.start < link.end <= len(text)
        assert canonical_host(link.host) == link.host
        end = link.end
