"""The charts of the catalogue as ordinary Plotly figures, from the same skeletons and patches as the page."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from orthrus.trace import Trace
from viz import catalogue, theme


def figure(name: str, trace: Trace, mode: str = "light", variant: int = 0) -> go.Figure:
    """One chart of a whole trace; ValueError names the charts where `name` is none."""
    charts = {key: skeleton for key, skeleton in catalogue.skeletons().items() if skeleton["kind"] == "plot"}
    if name not in charts:
        raise ValueError(f"{name!r} is no chart; the charts are {', '.join(charts)}")
    if mode not in theme.PALETTES:
        raise ValueError(f"mode is {mode!r}; it must be one of {', '.join(theme.PALETTES)}")
    drawn = catalogue.state(name, trace)
    values = {**drawn["facts"], **drawn["state"]}
    spec = charts[name]["variants"][variant]
    data = theme.resolve(filled(spec["data"], values["columns"]), mode)
    layout = merged(theme.layout(mode), theme.resolve(spec["layout"], mode))
    for axis, limits in values.get("ranges", {}).items():
        layout[axis] = {**layout[axis], "range": limits}
    layout["paper_bgcolor"] = layout["plot_bgcolor"] = theme.PALETTES[mode]["page"]
    return go.Figure(data=data, layout={**layout, "template": "none", "title": {"text": charts[name]["title"]}})


def filled(value: Any, columns: dict[str, list[Any]]) -> Any:
    """Every '$name' in a trace's description -> that column."""
    if isinstance(value, dict):
        return {key: filled(item, columns) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, columns) for item in value]
    if isinstance(value, str) and value.startswith("$"):
        return columns[value[1:]]
    return value


def merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Nested dicts, the second one winning."""
    out = dict(base)
    for key, value in more.items():
        out[key] = merged(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else value
    return out
