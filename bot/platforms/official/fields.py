"""The fields of a callback, found by name whatever its case: voice tables say `MsgID` where the wire says `MsgId`."""

from bot.platforms.xml import Fields, text


def fold(fields: Fields) -> Fields:
    """The fields under lower-case names."""
    return {name.lower(): value for name, value in fields.items()}


def rest(fields: Fields, *known: str) -> Fields:
    """The fields that are not among `known`, as on the wire."""
    return {name: value for name, value in fields.items() if name.lower() not in known}


def find(fields: Fields, name: str) -> str:
    """The text of one field, empty when there is none."""
    return text(fold(fields), name.lower())
