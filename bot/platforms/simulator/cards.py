"""Template cards: what they must hold to be accepted.

The codes lie in the published range 42014 to 42051; which of them stands for which mistake is our own choice.
Source: developer.work.weixin.qq.com/document/path/90236, 90313
"""

import re
from typing import Any

from .errors import Refused

INTERACTIVE = ("button_interaction", "vote_interaction", "multiple_interaction")
KINDS = ("text_notice", "news_notice", *INTERACTIVE)
_TASK_ID = re.compile(r"[0-9A-Za-z_\-@]{1,128}")


def check(card: dict[str, Any]) -> None:
    """Raise what the platform would answer for this card."""
    kind = card.get("card_type")
    if kind not in KINDS:
        raise Refused(42021)
    _check_task_id(card, needed=kind in INTERACTIVE or "action_menu" in card)
    title = _mapping(card, "main_title").get("title")
    if not title and not (kind == "text_notice" and card.get("sub_title_text")):
        raise Refused(42022)
    _check_lists(card)
    if kind in ("text_notice", "news_notice"):
        _check_action(card)
    if kind == "news_notice" and not (card.get("card_image") or card.get("image_text_area")):
        raise Refused(42025, "card_image or image_text_area missing")
    if kind == "button_interaction":
        _check_buttons(card)
    if kind == "vote_interaction":
        _check_options(_mapping(card, "checkbox"), 20)
        _check_submit(card)
    if kind == "multiple_interaction":
        _check_selects(card)
        _check_submit(card)


def has_code(card: dict[str, Any]) -> bool:
    """Whether sending this card gives a response_code."""
    return card.get("card_type") in INTERACTIVE or "action_menu" in card


def keys(card: dict[str, Any]) -> list[str]:
    """The keys that a person can press on this card."""
    pressed = [button for button in card.get("button_list", []) if button.get("type", 0) == 0]
    pressed += [card["submit_button"]] if "submit_button" in card else []
    pressed += _mapping(card, "action_menu").get("action_list", [])
    return [str(button.get("key")) for button in pressed]


def _check_task_id(card: dict[str, Any], *, needed: bool) -> None:
    task_id = card.get("task_id")
    if task_id is None and not needed:
        return
    if not isinstance(task_id, str) or not _TASK_ID.fullmatch(task_id):
        raise Refused(42014)


def _check_lists(card: dict[str, Any]) -> None:
    for name, most in (("horizontal_content_list", 6), ("jump_list", 3), ("vertical_content_list", 4)):
        if len(card.get(name, [])) > most:
            raise Refused(42026, f"{name} is too long")
    for item in card.get("horizontal_content_list", []):
        if not item.get("keyname"):
            raise Refused(42019, "keyname missing")
        if item.get("type") == 1 and not item.get("url"):
            raise Refused(42025)
        if item.get("type") == 3 and not item.get("userid"):
            raise Refused(42025, "userid missing")
    if "action_menu" in card and not 1 <= len(_mapping(card, "action_menu").get("action_list", [])) <= 3:
        raise Refused(42026, "invalid action_list size")


def _check_action(card: dict[str, Any]) -> None:
    action = _mapping(card, "card_action")
    if action.get("type") not in (1, 2):
        raise Refused(42023)
    if not action.get("url" if action["type"] == 1 else "appid"):
        raise Refused(42025)


def _check_buttons(card: dict[str, Any]) -> None:
    buttons = card.get("button_list", [])
    if not 1 <= len(buttons) <= 6:
        raise Refused(42020)
    for button in buttons:
        if not button.get("text"):
            raise Refused(42019)
        if button.get("type", 0) == 1:
            if not button.get("url"):
                raise Refused(42025)
        elif not button.get("key") or len(str(button["key"]).encode()) > 1024:
            raise Refused(42017)
    pressed = keys(card)
    if len(set(pressed)) != len(pressed):
        raise Refused(42018)
    if "button_selection" in card:
        _check_options(_mapping(card, "button_selection"), 10)


def _check_selects(card: dict[str, Any]) -> None:
    selects = card.get("select_list", [])
    if not 1 <= len(selects) <= 3:
        raise Refused(42024, "invalid select_list size")
    for select in selects:
        _check_options(select, 10)


def _check_options(question: dict[str, Any], most: int) -> None:
    if not question.get("question_key"):
        raise Refused(42017, "question_key missing")
    if not 1 <= len(question.get("option_list", [])) <= most:
        raise Refused(42024)


def _check_submit(card: dict[str, Any]) -> None:
    button = _mapping(card, "submit_button")
    if not button.get("text") or not button.get("key"):
        raise Refused(42017, "submit_button without text or key")


def _mapping(card: dict[str, Any], name: str) -> dict[str, Any]:
    value = card.get(name, {})
    if not isinstance(value, dict):
        raise Refused(40035, "Warning: wrong json format.")
    return value
