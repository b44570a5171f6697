"""The theme: colours, glyphs and chart layout, used by every view, legend and test. Each colour has one meaning.

Hue encodes who wrote a token. The palettes keep CIEDE2000 >= 19.5 between any two under protan, deutan and tritan
simulation, and >= 3:1 contrast with their background (high contrast: CIEDE2000 >= 16.0, contrast >= 4.5:1 and of texts
>= 7:1); the glyph encodes the same without colour.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from viz.language import localized, say

PALETTES = {
    "dark": {
        "accepted": "#2EE59D",
        "refused": "#C2701A",
        "ar": "#3B8BFF",
        "draft": "#E9C6F2",
        "discarded": "#6B7280",
        "page": "#0f172a",
        "card": "#16203a",
        "line": "#2b3752",
        "ink": "#e8edf6",
        "soft": "#a3afc4",
    },
    "light": {
        "accepted": "#00A07C",
        "refused": "#F04A0A",
        "ar": "#2A48F5",
        "draft": "#4A0A60",
        "discarded": "#55585C",
        "page": "#ffffff",
        "card": "#f7f8fb",
        "line": "#dde1ea",
        "ink": "#172033",
        "soft": "#5a6578",
    },
}
CONTRAST = {  # overrides for the system settings "more contrast" and "forced colours"
    "dark": {
        "accepted": "#36F4AC",
        "refused": "#C66610",
        "ar": "#447EFE",
        "draft": "#F3D2FD",
        "discarded": "#777678",
        "page": "#000000",
        "card": "#000000",
        "line": "#8a93a6",
        "ink": "#ffffff",
        "soft": "#d3dae8",
    },
    "light": {
        "accepted": "#008758",
        "refused": "#DC2A00",
        "ar": "#1F3BEA",
        "draft": "#4A0A60",
        "discarded": "#57565E",
        "page": "#ffffff",
        "card": "#ffffff",
        "line": "#6b7280",
        "ink": "#000000",
        "soft": "#2b3340",
    },
}


class Status(NamedTuple):
    """Display of one slot status: its code in patches, its glyph, its colour in the palette. `label` says it."""

    code: str
    glyph: str
    colour: str


TEXT_STYLE = "\ufe0e"  # variation selector: draw as text, not as an emoji
STATUSES = {
    "anchor": Status("a", "⚓" + TEXT_STYLE, "ar"),
    "pending": Status("p", "◌", "draft"),
    "accepted": Status("y", "✓", "accepted"),
    "refused": Status("n", "✗", "refused"),
    "discarded": Status("d", "⋯", "discarded"),
    "correction": Status("c", "↻", "ar"),
    "bonus": Status("b", "★", "ar"),
    "resampled": Status("r", "⚂" + TEXT_STYLE, "ar"),
    "first": Status("f", "•", "ar"),
}
CODES = {name: status.code for name, status in STATUSES.items()}
LEGEND = ("anchor", "pending", "accepted", "refused", "discarded", "correction", "bonus")


def label(name: str) -> str:
    """A status in words, as the legend has them."""
    return say(f"status.{name}")


def codes(statuses: tuple[str, ...]) -> str:
    """Slot statuses -> one letter each."""
    return "".join(CODES[status] for status in statuses)


def css() -> str:
    """The palettes as CSS variables; the page sets data-theme on the stage. Print is always light."""
    more = "@media (prefers-contrast: more), (forced-colors: active)"
    paper = f".orthrus[data-theme]{{{_lines(PALETTES['light'])}color-scheme:light;}}"
    return f"{_variables(PALETTES)}\n{more} {{\n{_variables(CONTRAST)}\n}}\n@media print {{\n{paper}\n}}"


def _lines(palette: dict[str, str]) -> str:
    return "".join(f"--o-{name}:{value};" for name, value in palette.items())


def _variables(palettes: dict[str, dict[str, str]]) -> str:
    blocks = []
    for mode, palette in palettes.items():
        blocks.append(f'.orthrus[data-theme="{mode}"]{{{_lines(palette)}color-scheme:{mode};}}')
    return "\n".join(blocks)


def layout(mode: str | None = None) -> dict[str, Any]:
    """The Plotly layout every chart starts from; colours are '@name' until `resolve` or the browser fills them in."""
    axis = {
        "gridcolor": "@line",
        "zeroline": False,
        "linecolor": "@line",
        "tickfont": {"color": "@soft", "size": 11},
        "title": {"font": {"color": "@soft", "size": 12}, "standoff": 8},
        "fixedrange": True,
    }
    plain = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "color": "@ink", "size": 12},
        "margin": {"l": 48, "r": 12, "t": 8, "b": 42},
        "xaxis": axis,
        "yaxis": axis,
        "hoverlabel": {"bgcolor": "@card", "bordercolor": "@line", "font": {"color": "@ink"}},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"color": "@soft", "size": 11}},
        "uirevision": "keep",
    }
    if (mark := localized("1.5")[1]) != ".":  # Plotly's own numbers as the page's language writes them
        plain["separators"] = mark + "."
    return resolve(plain, mode) if mode else plain


def resolve(value: Any, mode: str) -> Any:
    """Replace every '@name' in a figure's description by that colour of the palette."""
    if isinstance(value, dict):
        return {key: resolve(item, mode) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolve(item, mode) for item in value]
    if isinstance(value, str) and value.startswith("@"):
        return PALETTES[mode][value[1:]]
    return value
