"""The two directions of XML: what callbacks look like, and what a passive reply says."""

from collections.abc import Mapping
from xml.etree.ElementTree import Element, ParseError, XMLParser


class BadXml(Exception):
    """A reply that is not the XML that the document describes."""


def render(fields: Mapping[str, object]) -> str:
    """`<xml>…</xml>`: numbers bare, texts in CDATA, mappings nested, lists as repeated elements."""
    return f"<xml>{_children(fields)}</xml>"


def _children(fields: Mapping[str, object]) -> str:
    return "".join(_element(name, value) for name, value in fields.items() if value is not None)


def _element(name: str, value: object) -> str:
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    return f"<{name}>{_content(value)}</{name}>"


def _content(value: object) -> str:
    if isinstance(value, Mapping):
        return _children(value)
    if isinstance(value, int | float):
        return str(value)
    return "<![CDATA[" + str(value).replace("]]>", "]]]]><![CDATA[>") + "]]>"


def parse(text: str) -> Element:
    """The root `<xml>` of a reply; a document type is refused, so no entity is ever expanded."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadXml("a document type is not allowed")
    parser = XMLParser()  # noqa: S314
    try:
        parser.feed(text)
        root = parser.close()
    except ParseError as error:
        raise BadXml(str(error)) from error
    if not isinstance(root, Element) or root.tag != "xml":
        raise BadXml("the root is not <xml>")
    return root


def text_of(root: Element, path: str) -> str:
    """The text of an element that must be there."""
    found = root.find(path)
    if found is None or found.text is None:
        raise BadXml(f"{path} is missing")
    return found.text
