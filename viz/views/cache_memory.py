"""Bytes of keys and values, cycle by cycle: the shared cache grows with the text, the block's own does not."""

from __future__ import annotations

from typing import Any

from orthrus.events import Event, Verdict
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.patches import Change, rows

NAME = "memory"
KV = {"written": "rows written", "kept": "rows kept", "cropped": "rows cut off"}  # table only


def skeleton() -> dict[str, Any]:
    areas = [_area("shared cache", "$cache", "@ar"), _area("diffusion view's block", "$block", "@draft")]
    return {
        "kind": "plot",
        "title": "Size of the KV cache",
        "hint": "One cache serves both views. What the diffusion view adds is its block, for one pass.",
        "variants": [{"label": "", "data": areas, "layout": _layout(), "table": _table(), "cursor": "cycle"}],
        "seek": "x",
        "facts": {"columns": {name: [] for name in ("cycle", "cache", "block", *KV)}},
    }


def _area(name: str, y: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": "$cycle",
        "y": y,
        "stackgroup": "bytes",
        "line": {"color": colour, "width": 1.5},
        "hovertemplate": "%{y:.1f} KiB<extra>%{fullData.name}</extra>",
    }


def _layout() -> dict[str, Any]:
    return {
        "xaxis": {"title": {"text": "cycle"}, "tickformat": "d"},
        "yaxis": {"title": {"text": "KiB"}, "rangemode": "tozero"},
        "hovermode": "x unified",
    }


def _table() -> list[list[str]]:
    drawn = [["cycle", "cycle"], ["shared cache, KiB", "cache"], ["diffusion view's block, KiB", "block"]]
    return [*drawn, *([head, name] for name, head in KV.items())]


def patch(event: Event, trace: Trace) -> list[Change]:
    if not isinstance(event, Verdict):
        return []
    draft, each = trace.cycle(event.cycle).draft, trace.start.kv_bytes_per_token if trace.start else 0
    block = draft.pass_rows * each
    row = {"cycle": event.cycle + 1, "cache": measure(trace).kv_bytes / 1024, "block": block / 1024}
    row |= {name: getattr(event.kv, name) for name in KV}
    return [rows("columns", event.cycle, {name: [value] for name, value in row.items()})]
