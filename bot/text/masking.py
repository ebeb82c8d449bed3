"""Phone numbers out of sight: what may be quoted of a text."""

from bot.text.contacts import find_contact_details


def masked(text: str) -> str:
    """The text with the middle of every phone number hidden."""
    for detail in reversed(find_contact_details(text)):
        if detail.kind == "phone":
            text = text[: detail.start] + detail.value[:3] + "****" + detail.value[-4:] + text[detail.end :]
    return text
