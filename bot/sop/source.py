"""YAML with line numbers: plain values, and the line of every key and item."""

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.community.complaints import said_of_yaml
from bot.i18n import _

Path = tuple[str | int, ...]
MAX_BYTES = 256 * 1024
MAX_NODES = 20_000
MAX_DEPTH = 40
TEXTS_KEPT = 256


def digest_of(text: str) -> str:
    """The name of one version: the hash of its text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class BadSource(ValueError):
    """The text is not YAML that we take; `line` is where."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass
class Source:
    """A file's values and where they stand. Paths are those of JSON: keys and indexes."""

    value: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of a value; of what it stands in, when it has none of its own."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def text_of(path: FilePath) -> str:
    """What a file says; a byte order mark, as Windows writes it, is not part of that. Raises `BadSource`."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadSource(_("this is not text in UTF-8"), path.read_bytes()[: error.start].count(b"\n") + 1) from error
    except OSError as error:
        raise BadSource(_("the file cannot be read: {reason}").format(reason=error.strerror)) from error


@lru_cache(TEXTS_KEPT)
def read(text: str) -> Source:
    """Raises `BadSource` with one line that says what is wrong.

    Kept, because it takes about 20 ms a file and each finding about the file asks for a line; nobody may change it.
    """
    if len(text.encode()) > MAX_BYTES:
        raise BadSource(_("the file is larger than {size} KB").format(size=MAX_BYTES // 1024))
    try:
        tree = YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadSource(said_of_yaml(error.problem or error.context or ""), mark.line + 1 if mark else 1) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise BadSource(said_of_yaml(str(error))) from error
    source = Source(None)
    source.value = _Plain(source).convert(tree, ())
    return source


def line_of(text: str, *path: str | int) -> int:
    """The line on which a value stands in a text that has been read before."""
    return read(text).line(path)


class _Plain:
    """Turns ruamel's nodes into plain values; a file that unfolds into too many of them is refused."""

    def __init__(self, source: Source) -> None:
        self._source, self._nodes = source, 0

    def convert(self, node: Any, path: Path) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES or len(path) > MAX_DEPTH:
            raise BadSource(_("the file is nested too deeply, or repeats itself"), self._source.line(path))
        if isinstance(node, CommentedMap):
            return {str(key): self._child(node, node.lc.key(key), key, path) for key in node}
        if isinstance(node, CommentedSeq):
            return [self._child(node, node.lc.item(index), index, path) for index in range(len(node))]
        return _scalar(node)

    def _child(self, node: Any, place: tuple[int, int], key: Any, path: Path) -> Any:
        below = (*path, key if isinstance(key, int) and isinstance(node, CommentedSeq) else str(key))
        self._source.lines[below] = place[0] + 1
        return self.convert(node[key], below)


def _scalar(node: Any) -> Any:
    """Numbers and texts without the clothes that ruamel gives them."""
    for plain in (bool, int, float, str):
        if isinstance(node, plain):
            return plain(node)
    return node
