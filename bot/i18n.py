"""The words people read: English is the msgid, `locale/` holds the other languages."""

from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

from bot.settings import HOUSE

DEFAULT = "zh_CN"
Sentence = str
"""English, translated when it is shown. A constant with `Sentence` in its type is read by `make messages`."""
_language: ContextVar[str] = ContextVar("language", default=DEFAULT)


def use(language: str) -> None:
    """Speak `language` from here on, in this task."""
    _language.set(language)


def current() -> str:
    return _language.get()


def gettext(sentence: str, language: str | None = None) -> str:
    """The sentence in the language of the one who reads it; English when nobody translated it."""
    language = language or _language.get()
    return sentence if language == "en" else _sentences(language).get(sentence, sentence)


_ = gettext


@lru_cache(maxsize=8)
def _sentences(language: str) -> dict[str, str]:
    catalogue = catalogue_path(language)
    if not catalogue.exists():
        return {}
    with catalogue.open("rb") as file:
        return {
            str(entry.id): str(entry.string) for entry in read_po(file, locale=language) if entry.id and entry.string
        }


def catalogue_path(language: str) -> Path:
    return HOUSE / "locale" / language / "LC_MESSAGES" / "xiaoer.po"
