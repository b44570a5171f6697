"""Views as Plotly figures, from the same skeletons and patches as the page."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from orthrus.errors import OrthrusError
from orthrus.trace import Trace
from viz import theme
from viz.export import pictures
from viz.views import catalogue

MOST = 4  # most runs in one figure


def figure(name: str, trace: Trace, mode: str = "light", variant: int = 0, others: Sequence[Trace] = ()) -> go.Figure:
    """One view of a whole trace; `others` are up to three more runs for a view that can compare.

    Raises ValueError for an unknown `name`, listing the views, and for a view that cannot compare.
    """
    drawn = catalogue.state(name, trace)
    if mode not in theme.PALETTES:
        raise OrthrusError("unknown-choice", f"mode is {mode!r}; it must be one of {', '.join(theme.PALETTES)}")
    skeleton, values = catalogue.VIEWS[name].skeleton(), merged(drawn["facts"], drawn["state"])
    plotted = skeleton["kind"] == "plot"
    data, layout = _chart(skeleton, values, variant) if plotted else pictures.picture(name, values, trace)
    if others:
        data = [*data, *_compared(name, skeleton, variant, others)]
    base = merged(theme.layout(mode), theme.resolve(layout, mode))
    base["paper_bgcolor"] = base["plot_bgcolor"] = theme.PALETTES[mode]["page"]
    title = {"text": skeleton.get("title", name)}
    return go.Figure(data=theme.resolve(data, mode), layout={**base, "template": "none", "title": title})


def _chart(skeleton: dict[str, Any], values: dict[str, Any], variant: int) -> tuple[list[dict], dict[str, Any]]:
    spec = skeleton["variants"][variant]
    limits = {axis: {"range": limit} for axis, limit in values.get("ranges", {}).items()}
    return filled(spec["data"], values["columns"]), merged(spec["layout"], limits)


def _compared(name: str, skeleton: dict[str, Any], variant: int, others: Sequence[Trace]) -> list[dict[str, Any]]:
    """The other runs as lines over the figure, as the browser draws kept runs."""
    extra = skeleton.get("extra", {})
    if extra.get("kind") != "compare":
        raise OrthrusError("not-comparable", f"{name!r} shows one run; only the statistics compare several")
    if len(others) >= MOST:
        raise OrthrusError("not-comparable", f"{1 + len(others)} runs are too many for one picture; it holds {MOST}")
    how = skeleton["variants"][variant]["compare"]
    lines = []
    for other, look in zip(others, extra["looks"], strict=False):
        facts = catalogue.state(name, other)["facts"]
        marker = {**look["marker"], "color": look["line"]["color"]}
        line = {"type": "scatter", **how, "line": look["line"], "marker": marker}
        lines.append({**filled(line, facts["columns"]), "name": html.escape(facts["name"])})
    return lines


def filled(value: Any, columns: dict[str, list[Any]]) -> Any:
    """Replace every '$name' in a Plotly trace by that column; texts are escaped, because Plotly reads HTML."""
    if isinstance(value, dict):
        return {key: filled(item, columns) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, columns) for item in value]
    if isinstance(value, str) and value.startswith("$"):
        return [html.escape(item) if isinstance(item, str) else item for item in columns[value[1:]]]
    return value


def merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Merge nested dicts, the second one winning."""
    out = dict(base)
    for key, value in more.items():
        out[key] = merged(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else value
    return out
