"""Segmentation: the one place that knows jieba, in its Rust form (rjieba) where that is installed.

Both take custom words and cut alike, but for rare guesses at runs of characters that are no words. rjieba needs
34 MB where jieba needs 80, so jieba's dictionary is then never read.
"""

import logging
import re
import threading
from collections import Counter
from collections.abc import Iterable
from importlib.util import find_spec
from itertools import chain
from typing import Protocol

_STOP_WORDS = """
    的 了 是 我 你 他 她 它 们 我们 你们 他们 在 有 和 与 也 都 就 不 吗 呢 吧 啊 呀 哦 嗯 哈 这 那 这个 那个
    什么 怎么 一个 一下 没 没有 还 很 要 会 能 可以 说 去 到 给 把 被 让 从 对 为 以 及 或 但 如果 因为 所以 请
    请问 谢谢 您 a an the of to in is are and or
"""
STOP = frozenset(_STOP_WORDS.split())

_HAN_RUN = re.compile(r"([\u4e00-\u9fd5]+)")
_LATIN_PART = re.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)")
_COMPOUND = re.compile(r"[+#&._%\-]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_WORD = re.compile(r"[^\W\d_]{2,}|[\u4e00-\u9fff]{2,}")


class Segmenter(Protocol):
    """What both libraries offer once they are dressed alike."""

    def cut(self, text: str) -> list[str]: ...

    def add(self, word: str) -> None: ...


class RustSegmenter:
    """rjieba, brought to jieba's output where the two differ: words joined by signs (a_b-c)."""

    def __init__(self) -> None:
        import rjieba

        self._jieba = rjieba._DEFAULT_JIEBA  # the dictionary it loads on import; a second one would cost 25 MB

    def cut(self, text: str) -> list[str]:
        tokens = self._jieba.cut(text)
        if _COMPOUND.search(text) is None:
            return tokens
        return list(chain.from_iterable(self._apart(token) for token in tokens))

    def add(self, word: str) -> None:
        self._jieba.add_word(word, None, None)

    def _apart(self, token: str) -> list[str]:
        if len(token) == 1 or _COMPOUND.search(token) is None or self._jieba.has_word(token):
            return [token]
        runs = (part for part in _HAN_RUN.split(token) if part)
        return [part for run in runs for part in _LATIN_PART.split(run) if part]


class PythonSegmenter:
    """jieba itself, where there is no wheel of rjieba."""

    def __init__(self) -> None:
        import jieba

        jieba.setLogLevel(logging.WARNING)
        self._jieba = jieba.Tokenizer()
        self._jieba.initialize()

    def cut(self, text: str) -> list[str]:
        return list(self._jieba.cut(text))

    def add(self, word: str) -> None:
        self._jieba.add_word(word)


_loading = threading.Lock()
_segmenter: Segmenter | None = None


def load() -> Segmenter:
    """Load the dictionary, once; it blocks for 0.1 s (rjieba) to 1 s (jieba), so call it in a thread."""
    global _segmenter
    with _loading:
        if _segmenter is None:
            _segmenter = RustSegmenter() if find_spec("rjieba") else PythonSegmenter()
        return _segmenter


def add_words(words: Iterable[str]) -> None:
    """Teach the segmenter names it does not know, for the life of the process."""
    segmenter = load()
    for word in words:
        if word.strip():
            segmenter.add(word.strip())


def tokenise(text: str) -> list[str]:
    """`text` cut into words, signs and spaces; joined again they are `text` (half an emoji becomes U+FFFD)."""
    segmenter = _segmenter or load()
    return segmenter.cut(text if text.isascii() else _SURROGATES.sub("\ufffd", text))


def keywords(texts: Iterable[str], top: int) -> list[tuple[str, int]]:
    """The `top` words as (word, number of occurrences), most frequent first and then in code-point order.

    Latin is counted in lower case; stop words, numbers, signs and single characters are not counted.
    """
    counts = Counter(
        token
        for text in texts
        for token in map(str.lower, tokenise(text))
        if token not in STOP and _WORD.fullmatch(token)
    )
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:top]
