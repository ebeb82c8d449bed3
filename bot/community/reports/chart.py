"""The picture of a report: one Vega-Lite definition, for a page to draw or for us to turn into a PNG.

The family of the font is our own: with the name of a font that is not there, no text is drawn and nothing complains.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.community.reports.figures import DayFigures, GroupFigures
from bot.settings import HOUSE

FONTS = HOUSE / "bot" / "web" / "static" / "fonts"
FONT = "Xiaoer Sans"
WIDTH, MARGIN, SCALE = 450, 20, 2
INNER = WIDTH - 2 * MARGIN
COLUMNS, TILE_HEIGHT, GAP = 3, 58, 6
TILE_WIDTH = (INNER + GAP) / COLUMNS
TILES, GROUPS, GROUP_HEIGHT, NAME_LENGTH = 12, 5, 30, 24
INK, QUIET, LINE, GROUND = "#1f2329", "#7d848e", "#dfe2e6", "#f5f6f8"
BLUE, GREEN, RED = "#2f6fed", "#2ba471", "#d54941"

Spec = dict[str, Any]


@dataclass(frozen=True)
class Tile:
    name: str
    value: str
    change: str
    good: bool | None


@dataclass(frozen=True)
class Page:
    """What the picture says, in the reader's language."""

    title: str
    dates: str
    tiles: Sequence[Tile]
    days: Sequence[DayFigures]
    groups: Sequence[GroupFigures]
    messages_title: str
    joined_title: str
    groups_title: str
    nothing: str


def definition(page: Page) -> Spec:
    """The whole picture as a Vega-Lite definition."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": "white",
        "padding": MARGIN,
        "spacing": 18,
        "title": {"text": page.title, "subtitle": page.dates},
        "vconcat": [_tiles(page), _messages(page), _joined(page), _groups(page)],
        "config": _CONFIG,
    }


async def draw(spec: Spec) -> bytes:
    """The definition as a PNG, drawn on another thread: it takes some hundred milliseconds."""
    return await asyncio.to_thread(to_png, spec)


def to_png(spec: Spec) -> bytes:
    return bytes(_drawer().vegalite_to_png(spec, scale=SCALE))


@lru_cache(maxsize=1)
def _drawer() -> Any:
    """vl-convert weighs 80 MB in memory, so whoever never draws never loads it."""
    import vl_convert

    vl_convert.register_font_directory(str(FONTS))
    return vl_convert


def _tiles(page: Page) -> Spec:
    """Figures in rows of three, each with its change since the period before."""
    cells = [
        {
            "x": n % COLUMNS,
            "y": n // COLUMNS,
            "name": tile.name,
            "value": tile.value,
            "change": tile.change,
            "mood": {True: "good", False: "bad", None: "plain"}[tile.good],
        }
        for n, tile in enumerate(page.tiles[:TILES])
    ]
    rows = -(-len(cells) // COLUMNS)
    across = {"domain": [0, COLUMNS], "range": [0, INNER + GAP]}
    return {
        "data": {"values": cells},
        "width": INNER,
        "height": rows * TILE_HEIGHT,
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "axis": None, "scale": across},
            "y": {"field": "y", "type": "quantitative", "axis": None, "scale": {"domain": [rows, 0]}},
        },
        "layer": [
            _tile_card(),
            _tile_text("name", 11, 14, QUIET),
            _tile_text("value", 20, 35, INK),
            _tile_text("change", 11, 36, _MOOD, dx=TILE_WIDTH - GAP - 9, align="right"),
        ],
    }


_MOOD: Spec = {
    "field": "mood",
    "type": "nominal",
    "legend": None,
    "scale": {"domain": ["good", "bad", "plain"], "range": [GREEN, RED, QUIET]},
}


def _tile_card() -> Spec:
    """The ground of a tile; its corner is where the tile's text starts."""
    shape = {"width": TILE_WIDTH - GAP, "height": TILE_HEIGHT - GAP, "align": "left", "baseline": "top"}
    return {"mark": {"type": "rect", "color": GROUND, "cornerRadius": 5, **shape}}


def _tile_text(field: str, size: int, dy: int, colour: str | Spec, dx: float = 9, align: str = "left") -> Spec:
    shade = colour if isinstance(colour, dict) else {"value": colour}
    mark = {"type": "text", "align": align, "baseline": "middle", "fontSize": size, "dx": dx, "dy": dy}
    return {"mark": mark, "encoding": {"text": {"field": field}, "color": shade}}


def _messages(page: Page) -> Spec:
    few = len(page.days) <= 7
    bars: Spec = {"mark": {"type": "bar", "color": BLUE, "cornerRadiusEnd": 2}}
    labels: Spec = {"mark": _label(dy=-7), "encoding": {"text": {"field": "messages"}}}
    values = [{"day": _day(day), "messages": day.messages} for day in page.days]
    most = max([1, *(day.messages for day in page.days)])
    encoding = {"x": _days_axis(page), "y": {**_height("messages", few), "scale": {"domain": [0, most]}}}
    return _chart(page.messages_title, values, 88, encoding, [bars, labels] if few else [bars])


def _joined(page: Page) -> Spec:
    """Who joined above the line, who left below it."""
    few = len(page.days) <= 7
    values = [
        {"day": _day(day), "people": people, "kind": kind, "label": f"{people:+d}" if people else ""}
        for day in page.days
        for kind, people in (("joined", day.joined), ("left", -day.left))
    ]
    shades = {"field": "kind", "legend": None, "scale": {"domain": ["joined", "left"], "range": [GREEN, RED]}}
    bars: Spec = {"mark": {"type": "bar", "cornerRadiusEnd": 2}, "encoding": {"color": shades}}
    labels = [_joined_label("joined", -7), _joined_label("left", 8)] if few else []
    encoding = {"x": _days_axis(page), "y": {**_height("people", few), "scale": {"padding": 14}}}
    return _chart(page.joined_title, values, 70, encoding, [bars, *labels])


def _joined_label(kind: str, dy: int) -> Spec:
    return {
        "transform": [{"filter": f"datum.kind == '{kind}'"}],
        "mark": _label(dy=dy),
        "encoding": {"text": {"field": "label"}},
    }


def _groups(page: Page) -> Spec:
    """A bar a group, its name above it."""
    shown = page.groups[:GROUPS]
    values = [
        {"n": n, "name": _short(group.name), "messages": group.messages, "label": f"{group.messages:,}"}
        for n, group in enumerate(shown)
    ]
    values = values or [{"n": 0, "name": page.nothing, "messages": 0, "label": ""}]
    most = max([1, *(group.messages for group in shown)])
    across = {"range": [0, INNER - 40], "domain": [0, most]}
    encoding = {
        "y": {"field": "n", "type": "ordinal", "axis": None},
        "x": {"field": "messages", "type": "quantitative", "axis": None, "scale": across},
    }
    bars: Spec = {"mark": {"type": "bar", "color": BLUE, "cornerRadiusEnd": 2, "height": 7, "yOffset": 7}}
    names: Spec = {
        "mark": _label(align="left", dy=-6, color=INK),
        "encoding": {"text": {"field": "name"}, "x": {"value": 0}},
    }
    counts: Spec = {"mark": _label(align="left", dx=5, dy=7), "encoding": {"text": {"field": "label"}}}
    return _chart(page.groups_title, values, GROUP_HEIGHT * len(values), encoding, [bars, names, counts])


def _label(**looks: object) -> Spec:
    return {"type": "text", "fontSize": 10, "color": QUIET, "baseline": "middle", **looks}


def _short(name: str) -> str:
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"


def _chart(title: str, values: list[Spec], height: int, encoding: Spec, layers: list[Spec]) -> Spec:
    return {
        "title": {"text": title, "fontSize": 13, "color": INK, "anchor": "start", "frame": "group", "offset": 10},
        "data": {"values": values},
        "width": INNER,
        "height": height,
        "encoding": encoding,
        "layer": layers,
    }


def _day(day: DayFigures) -> str:
    return f"{day.on.month}/{day.on.day}"


def _days_axis(page: Page) -> Spec:
    """Days in order; of a month every fifth is named."""
    every = 1 if len(page.days) <= 7 else 5
    named = [_day(day) for n, day in enumerate(reversed(page.days)) if n % every == every // 2]
    looks = {"domainColor": LINE, "ticks": False, "labelColor": QUIET, "labelFontSize": 10}
    axis = {**looks, "title": None, "values": named, "labelAngle": 0, "labelPadding": 6}
    scale = {"paddingInner": 0.35, "paddingOuter": 0.2}
    return {"field": "day", "type": "ordinal", "sort": None, "axis": axis, "scale": scale}


def _height(field: str, is_labelled: bool) -> Spec:
    """Bars that carry their number need no scale; others get one that stands inside the picture."""
    if is_labelled:
        return {"field": field, "type": "quantitative", "axis": None}
    looks = {"domain": False, "ticks": False, "gridColor": LINE, "tickCount": 3, "labelColor": QUIET}
    place = {"labelAlign": "left", "labelBaseline": "bottom", "labelPadding": 0, "labelFontSize": 10}
    no_zero = {"labelExpr": "datum.value == 0 ? '' : datum.label"}
    axis = {"title": None, "grid": True, **looks, **place, **no_zero}
    return {"field": field, "type": "quantitative", "axis": axis}


_CONFIG: Spec = {
    "font": FONT,
    "view": {"stroke": None},
    "title": {
        "font": FONT,
        "fontSize": 20,
        "fontWeight": "normal",
        "color": INK,
        "subtitleFont": FONT,
        "subtitleFontSize": 11,
        "subtitleColor": QUIET,
        "subtitlePadding": 6,
        "offset": 14,
        "anchor": "start",
    },
    "text": {"font": FONT},
    "axis": {"labelFont": FONT},
}
