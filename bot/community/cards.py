"""Cards for staff: what they say as values, rendered to template cards that keep to the platform's limits.

Source: developer.work.weixin.qq.com/document/path/90236. Where the page advises a length and does not enforce it, the
advice is followed: what is longer is cut off by the client anyway, and less kindly.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Literal

TITLE, DESC, SUBTITLE, SOURCE = 36, 44, 160, 13
QUOTE, KEYNAME, VALUE, BUTTON = 200, 5, 30, 10
ROWS, BUTTONS = 6, 6
KEY_BYTES, TASK_ID_BYTES = 1024, 128

_ZERO_WIDTH_JOINER = "\u200d"
_SURROGATES = re.compile("[\ud800-\udfff]")
_NOT_IN_TASK_ID = re.compile(r"[^0-9A-Za-z_\-@]")


@dataclass(frozen=True, slots=True)
class Button:
    """`key` comes back when it is pressed; `style` is 1 plain, 2 blue, 3 red, 4 grey frame."""

    text: str
    key: str
    style: Literal[1, 2, 3, 4] = 1


@dataclass(frozen=True, slots=True)
class Card:
    """A card with buttons. `rows` are pairs of a short name and a value; `ending` takes the place of the buttons."""

    title: str
    desc: str = ""
    source: str = ""
    quote_title: str = ""
    quote: str = ""
    text: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    buttons: tuple[Button, ...] = ()
    ending: str = ""

    def ended(self, ending: str) -> "Card":
        return replace(self, ending=ending)


def render(card: Card, task_id: str) -> dict[str, Any]:
    """The `template_card` of a message, or of an update of one."""
    rendered: dict[str, Any] = {
        "card_type": "button_interaction",
        "main_title": _present(title=clip(card.title, TITLE), desc=clip(card.desc, DESC)),
        "task_id": task_id,
        "button_list": [_button(button) for button in card.buttons[:BUTTONS]],
    }
    if card.source:
        rendered["source"] = {"desc": clip(card.source, SOURCE)}
    if card.quote:
        quote = _present(title=clip(card.quote_title, TITLE), quote_text=clip(card.quote, QUOTE))
        rendered["quote_area"] = {"type": 0, **quote}
    if card.text:
        rendered["sub_title_text"] = clip(card.text, SUBTITLE)
    if rows := [(name, value) for name, value in card.rows if name and value][:ROWS]:
        rendered["horizontal_content_list"] = [
            {"keyname": clip(name, KEYNAME), "value": clip(value, VALUE)} for name, value in rows
        ]
    if card.ending:
        rendered["replace_text"] = clip(card.ending, TITLE)
    return rendered


def _button(button: Button) -> dict[str, Any]:
    return {"text": clip(button.text, BUTTON), "style": button.style, "key": clip_bytes(button.key, KEY_BYTES)}


def _present(**texts: str) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}


def task_id(*parts: object) -> str:
    """A task id of these parts: at the most 128 of the letters, digits and signs that are allowed."""
    return _NOT_IN_TASK_ID.sub("_", "-".join(map(str, parts)))[:TASK_ID_BYTES]


def clip(text: str, most: int) -> str:
    """The text in the room that `most` Chinese characters take, cut where a reader sees the end of a character."""
    text, room = sound(text), 2 * most
    widths = list(accumulate(map(_width, text)))
    if not widths or widths[-1] <= room:
        return text
    return _cut(text, bisect_right(widths, room - 2)) + "…"


def _width(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def clip_bytes(text: str, most: int) -> str:
    """The text in at most `most` bytes of UTF-8."""
    text = sound(text)
    if len(text.encode()) <= most:
        return text
    kept = text.encode()[: most - len("…".encode())].decode(errors="ignore")
    return _cut(text, len(kept)) + "…"


def sound(text: str) -> str:
    """The text with a sign in place of half an emoji, which cannot be sent or stored; no character moves."""
    return _SURROGATES.sub("\ufffd", text)


def _cut(text: str, at: int) -> str:
    """The beginning up to `at`, or less: emoji are not taken apart."""
    while at and (_joins(text[at]) or text[at - 1] == _ZERO_WIDTH_JOINER):
        at -= 1
    return text[:at]


def _joins(char: str) -> bool:
    """Whether `char` belongs to the one before it: joiners, accents, variation selectors, skin tones."""
    return char == _ZERO_WIDTH_JOINER or unicodedata.category(char)[0] == "M" or "\U0001f3fb" <= char <= "\U0001f3ff"


def excerpt(text: str, spans: Sequence[Sequence[int]], most: int = QUOTE) -> str:
    """The part of a text around its first span, in one line, with the spans between 【 and 】."""
    if not spans:
        return clip(" ".join(text.split()), most)
    start = max(0, spans[0][0] - most // 4)
    pieces, at = ["…" if start else ""], start
    for begin, end in spans:
        pieces += [text[at:begin], f"【{text[begin:end]}】"]
        at = end
    return clip(" ".join("".join([*pieces, text[at:]]).split()), most)


def changed(rendered: dict[str, Any], text: str, buttons: Sequence[Button] = ()) -> dict[str, Any]:
    """A rendered card with other words and buttons; without buttons `text` takes the place of those it had."""
    card = {**rendered, "sub_title_text": clip(text, SUBTITLE)}
    if buttons:
        return {**card, "button_list": [_button(button) for button in buttons[:BUTTONS]]}
    return {**card, "replace_text": clip(text, TITLE)}


def plain(rendered: dict[str, Any]) -> str:
    """A rendered card as plain words, for when it cannot be shown."""
    title, quote = rendered["main_title"], rendered.get("quote_area", {})
    lines = [title.get("title"), title.get("desc"), quote.get("quote_text"), rendered.get("sub_title_text")]
    return "\n".join(line for line in lines if line)
