"""The body of a welcome message, also when it is rendered again because the profile has arrived."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.model.tables import ExternalContact
from bot.sop import template
from bot.sop.actions import contact_names

TEXT_BYTES = 4000
"""Source: developer.work.weixin.qq.com/document/path/92137"""


def welcome_key(user_id: str, external_user_id: str, code: str) -> str:
    """The key of the call, so that one welcome code is used once."""
    return f"welcome:{user_id}:{external_user_id}:{code}"


def body_of(code: str, text: str, attachments: Sequence[dict[str, Any]]) -> dict[str, Any]:
    body: dict[str, Any] = {"welcome_code": code}
    if text:
        body["text"] = {"content": template.cut(text, TEXT_BYTES)}
    return body | ({"attachments": list(attachments)} if attachments else {})


def rendered_again(note: Mapping[str, Any], contact: ExternalContact) -> dict[str, Any] | None:
    """The body of a held welcome with what is now known of the contact; None when its text needs nothing of it.

    `note` is the part `welcome` of the call's note.
    """
    if not note.get("text"):
        return None
    names = {**note.get("names", {}), "contact": contact_names(contact)}
    return body_of(note["code"], template.render(note["text"], names), note.get("attachments") or [])
