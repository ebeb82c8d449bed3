"""A lean reader for the platforms' XML: no DOCTYPE, no entities of its own, nothing fetched."""

import re
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from bot.errors import BadCallback

MAX_DEPTH = 12

Fields = dict[str, Any]
"""Element names to text, to nested fields, or, where an element repeats, to a list of either."""


FORBIDDEN = r"\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff"
ELEMENT = rf"\s*<(\w+)>(?:<!\[CDATA\[([^\]{FORBIDDEN}]*+)\]\]>|([^<>&\]{FORBIDDEN}]*+))</\1>"
"""An element that holds text alone: quoted without any `]`, or bare without anything that would need a reader.

What XML forbids, such as NUL, is left to the reader to refuse.
"""
ROOT, NEXT, END = "<xml>", re.compile(ELEMENT).match, re.compile(r"\s*</xml>\s*").fullmatch


def parse(document: bytes | str) -> Fields:
    """The children of the root element. Raises `BadCallback` for anything that is not plain, well-formed XML."""
    try:
        text = document if isinstance(document, str) else document.decode()
    except UnicodeDecodeError as error:
        raise BadCallback("the body is not UTF-8") from error
    plain = _parse_flat(text)
    if plain is not None:
        return plain
    return _parse_slowly(text) if "<!DOCTYPE" in text or "<!ENTITY" in text else _parse(text)


def _parse_flat(text: str) -> Fields | None:
    """The quickest way, for a root whose children hold text alone, as most callbacks are; None for all others."""
    if not text.startswith(ROOT):
        return None
    at, found = len(ROOT), []
    while element := NEXT(text, at):
        name, quoted, bare = element.groups("")
        found.append((name, (quoted or bare).strip()))
        at = element.end()
    if END(text, at) is None:
        return None
    fields = dict(found)
    return fields if len(fields) == len(found) else _gathered(found)


def _parse(text: str) -> Fields:
    """The quick way, for texts in which nothing can be declared."""
    try:
        return _fields(ElementTree.fromstring(text), MAX_DEPTH)  # noqa: S314 - as above
    except ElementTree.ParseError as error:
        raise BadCallback("the body is not well-formed XML") from error


def _fields(element: ElementTree.Element, depth: int) -> Fields:
    if not depth:
        raise BadCallback("the XML is nested too deeply")
    children = ((one.tag, _fields(one, depth - 1) if len(one) else (one.text or "").strip()) for one in element)
    return _gathered(children)


def _gathered(elements: Iterable[tuple[str, Any]]) -> Fields:
    """Names to values; the values of a name that repeats are a list."""
    fields: Fields = {}
    for name, value in elements:
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields


def _parse_slowly(text: str) -> Fields:
    """The careful way: somebody may only have written of a DOCTYPE, inside a CDATA section."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise BadCallback("the body is not well-formed XML") from error
    return _parse(text)


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
