"""A lean reader for the platforms' XML: no DOCTYPE, no entities of its own, nothing fetched."""

from typing import Any
from xml.parsers import expat

from bot.errors import BadCallback

MAX_DEPTH = 12

Fields = dict[str, Any]
"""Element names to text, to nested fields, or, where an element repeats, to a list of either."""


def parse(document: bytes | str) -> Fields:
    """The children of the root element. Raises `BadCallback` for anything that is not plain, well-formed XML."""
    reader = _Reader()
    parser = expat.ParserCreate(encoding="utf-8" if isinstance(document, bytes) else None)
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text.append
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError) as error:
        raise BadCallback("the body is not well-formed XML") from error
    return reader.fields


class _Reader:
    """Builds fields while expat reads."""

    def __init__(self) -> None:
        self.fields: Fields = {}
        self.text: list[str] = []
        self._open: list[Fields] = []

    def start(self, _name: str, _attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise BadCallback("the XML is nested too deeply")
        self._open.append({})
        self.text.clear()

    def end(self, name: str) -> None:
        children = self._open.pop()
        value = children or "".join(self.text).strip()
        self.text.clear()
        if not self._open:
            self.fields = children
            return
        parent = self._open[-1]
        if name not in parent:
            parent[name] = value
        elif isinstance(parent[name], list):
            parent[name].append(value)
        else:
            parent[name] = [parent[name], value]


def _refuse(*_declaration: object) -> None:
    raise BadCallback("a DOCTYPE has no place in a callback")


def text(fields: Fields, name: str) -> str:
    """The text of a field, empty when it is absent or holds elements."""
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""


def items(fields: Fields, name: str, item: str = "Item") -> list[Any]:
    """The repeated elements `item` inside `name`, whether there are none, one or many."""
    value = fields.get(name) or {}
    found = value.get(item, []) if isinstance(value, dict) else []
    return found if isinstance(found, list) else [found]
