"""Reads a chat line: the command's name, its words, and the words as typed arguments."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from bot.errors import BadCommand
from bot.i18n import _

SLASHES = "/／、"
"""A Chinese keyboard has 、 where the slash is."""
_QUOTES = {'"': '"”', "“": '”"', "「": "」"}
"""What opens a quotation, and what may close it: phones turn quotes as they like."""
_GAP = re.compile(r"\s+")

Words = TypeVar("Words", bound=BaseModel)


@dataclass(frozen=True)
class Word:
    """One word, or one quotation without its quotes; `start` is where it begins in the line."""

    text: str
    start: int


@dataclass(frozen=True)
class Line:
    """`/name word word …`; `text` is the line as it was written."""

    name: str
    words: tuple[Word, ...]
    text: str


class Arguments(BaseModel):
    """What a command takes, one word a field in the order of the fields; `Rest` and a tuple take what is left."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Nothing(Arguments):
    """A command that takes no words."""


class _Rest:
    """Marks the field that takes the rest of the line as it was written, line breaks and all."""


Rest = Annotated[str, _Rest()]


def fold(word: str) -> str:
    """A word as it is compared: full-width letters are letters, capitals are small."""
    return unicodedata.normalize("NFKC", word).casefold()


def also(names: Mapping[str, str]) -> BeforeValidator:
    """Other spellings of the values of a `Literal`, such as 周 for week."""

    def read(word: object) -> object:
        folded = fold(word) if isinstance(word, str) else word
        return names.get(str(folded), folded)

    return BeforeValidator(read)


def is_command(text: str) -> bool:
    return text.strip().startswith(tuple(SLASHES))


def parse(text: str) -> Line | None:
    """The line as a command; None when it does not begin with a slash. Raises `BadCommand` for an open quotation."""
    if not is_command(text):
        return None
    text = text.strip()
    found = _words(text, 1)
    if not found:
        return Line("", (), text)
    return Line(fold(found[0].text), tuple(found[1:]), text)


def _words(text: str, at: int) -> list[Word]:
    words = []
    while (gap := _GAP.match(text, at)) or at < len(text):
        if gap:
            at = gap.end()
            continue
        word, at = _quoted(text, at) if text[at] in _QUOTES else _plain(text, at)
        words.append(word)
    return words


def _plain(text: str, at: int) -> tuple[Word, int]:
    gap = _GAP.search(text, at)
    end = gap.start() if gap else len(text)
    return Word(text[at:end], at), end


def _quoted(text: str, at: int) -> tuple[Word, int]:
    """Up to the nearest closing quote; what follows without a gap is a word of its own."""
    ends = [end for close in _QUOTES[text[at]] if (end := text.find(close, at + 1)) >= 0]
    if not ends:
        raise BadCommand(_("A quotation is not closed: {text}").format(text=text[at : at + 20]))
    end = min(ends)
    return Word(text[at + 1 : end], at), end + 1


def bind(arguments: type[Words], line: Line, skip: int, form: str) -> Words:
    """The words after the first `skip` as arguments; raises `BadCommand` in one line that shows the right form."""
    given, left = _by_field(arguments, line, list(line.words[skip:]))
    if left:
        raise BadCommand(_("“{word}” is too much. Write: {form}").format(word=left[0].text, form=form))
    try:
        return arguments(**given)
    except ValidationError as error:
        raise BadCommand(_misfit(error.errors()[0], given, form)) from error


def _by_field(arguments: type[BaseModel], line: Line, words: list[Word]) -> tuple[dict[str, Any], list[Word]]:
    given: dict[str, Any] = {}
    for name, field in arguments.model_fields.items():
        if not words:
            break
        if any(isinstance(mark, _Rest) for mark in field.metadata):
            given[name], words = _rest(line, words), []
        elif get_origin(field.annotation) is tuple:
            given[name], words = tuple(word.text for word in words), []
        else:
            word = words.pop(0).text
            given[name] = fold(word).removeprefix("#") if field.annotation is int else word
    return given, words


def _rest(line: Line, words: Sequence[Word]) -> str:
    return words[0].text if len(words) == 1 else line.text[words[0].start :].strip()


def _misfit(error: Any, given: Mapping[str, Any], form: str) -> str:
    name = str(error["loc"][0]) if error["loc"] else ""
    if error["type"] == "missing" or name not in given:
        return _("Something is missing. Write: {form}").format(form=form)
    if error["type"] == "value_error":
        return _("{reason} Write: {form}").format(reason=error["ctx"]["error"], form=form)
    return _("“{word}” does not fit. Write: {form}").format(word=str(given[name])[:30], form=form)
