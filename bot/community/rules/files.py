"""Rule files: read and checked, and when one is wrong, the file and the line that are to blame."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.community.complaints import said, said_of_yaml
from bot.errors import BadInput
from bot.i18n import _
from bot.text.normalise import fold

M = TypeVar("M", bound=BaseModel)
TEXTS_KEPT = 16


class RulesError(BadInput):
    """A rule file that cannot be used; `line` counts from 1, and is 0 when the whole file is to blame."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path, self.line, self.message = path, line, message


class RuleModel(BaseModel, extra="forbid", frozen=True):
    """A part of a rule file."""


def _plain(value: object) -> object:
    """YAML takes 12315 for a number; in a list of words it is a word."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _has_substance(word: str) -> str:
    if not fold(word).strip():
        raise ValueError(_("has nothing to look for"))
    return word.strip()


def _is_tag(name: str) -> str:
    group, slash, tag = name.partition("/")
    if not (group.strip() and slash and tag.strip()):
        raise ValueError(_("must be group/tag, such as 兴趣/口红"))
    return name


Word = Annotated[str, BeforeValidator(_plain), AfterValidator(_has_substance)]
TagName = Annotated[str, AfterValidator(_is_tag)]


def read(path: Path, model: type[M]) -> M:
    """The file as a `model`, the empty model when there is no file; raises `RulesError`."""
    if not path.exists():
        return model()
    tree = _parse(path)
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        raise RulesError(path, _line(tree, first["loc"]), _say(first)) from error


def read_words(path: Path) -> tuple[str, ...]:
    """A word file: one word a line, `#` begins a comment; raises `RulesError`."""
    words = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        if not fold(word).strip():
            raise RulesError(path, number, f"{word!r}: " + _("has nothing to look for"))
        words.append(word)
    return tuple(words)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RulesError(path, 0, _("this is not text in UTF-8")) from error
    except OSError as error:
        raise RulesError(path, 0, _("the file cannot be read: {reason}").format(reason=error.strerror)) from error


def _parse(path: Path) -> Any:
    try:
        tree = _tree(_text(path))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise RulesError(path, line, said_of_yaml(str(error.problem or error.context))) from error
    except (YAMLError, ValueError) as error:
        raise RulesError(path, 0, said_of_yaml(str(error))) from error
    return {} if tree is None else tree


@lru_cache(TEXTS_KEPT)
def _tree(text: str) -> Any:
    """Values with their lines, kept for whoever reads the same text again; nobody may change them."""
    return YAML(typ="rt").load(text)


def _say(error: ErrorDetails) -> str:
    where = ".".join(str(part) for part in error["loc"])
    return f"{where}: {said(error)}" if where else said(error)


def _line(tree: Any, path: tuple[int | str, ...]) -> int:
    """The line of the deepest part of `path` that the file has."""
    line, node = 1, tree
    for part in path:
        if isinstance(node, CommentedMap) and part in node:
            line = node.lc.key(part)[0] + 1
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line = node.lc.item(part)[0] + 1
        else:
            break
        node = node[part]
    return line
