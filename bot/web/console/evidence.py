"""The reasons that a step kept: each condition with what was wanted and what was found, and all else it wrote down."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.model.tables import HygieneCase
from bot.sop.trace import verdicts_in
from bot.web.console import masking

UNTOLD = ("verdicts", "asked", "occasion")
"""What is told apart, or to nobody: an occasion only keeps the same event from deciding twice."""


def verdicts(detail: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The conditions that were asked, as `name`, `passed`, `wanted`, `found`."""
    return [one for one in verdicts_in(detail) if "name" in one]


def rest(detail: Mapping[str, Any]) -> dict[str, Any]:
    """What a step wrote down beside its conditions."""
    return {name: value for name, value in detail.items() if name not in UNTOLD and value not in (None, "", [], {})}


def quoted(case: HygieneCase) -> list[tuple[str, bool]]:
    """The quoted message in pieces; True marks a piece that broke a rule."""
    return list(_pieces(masking.text(case.quote), case.spans))


def _pieces(quote: str, spans: Sequence[Sequence[int]]) -> Iterator[tuple[str, bool]]:
    at = 0
    for start, end in sorted((int(span[0]), int(span[1])) for span in spans if len(span) == 2):
        start, end = max(start, at), min(end, len(quote))
        if start >= end:
            continue
        if at < start:
            yield quote[at:start], False
        yield quote[start:end], True
        at = end
    if at < len(quote):
        yield quote[at:], False
