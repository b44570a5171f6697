"""Bytes of keys and values, cycle by cycle: the shared cache grows with the text, the block's own does not."""

from __future__ import annotations

from typing import Any

from orthrus.events import Event, Verdict
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.language import say
from viz.patches import Change, rows

NAME = "memory"
KV = ("written", "kept", "cropped")  # table only


def skeleton() -> dict[str, Any]:
    areas = [_area("cache", "@ar"), _area("block", "@draft")]
    return {
        "kind": "plot",
        "title": say("memory.title"),
        "hint": say("memory.hint"),
        "variants": [{"label": "", "data": areas, "layout": _layout(), "table": _table(), "cursor": "cycle"}],
        "seek": "x",
        "facts": {"columns": {name: [] for name in ("cycle", "cache", "block", *KV)}},
    }


def _area(name: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": say(f"memory.area.{name}"),
        "x": "$cycle",
        "y": f"${name}",
        "stackgroup": "bytes",
        "line": {"color": colour, "width": 1.5},
        "hovertemplate": "%{y:.1f} KiB<extra>%{fullData.name}</extra>",
    }


def _layout() -> dict[str, Any]:
    return {
        "xaxis": {"title": {"text": say("memory.cycle")}, "tickformat": "d"},
        "yaxis": {"title": {"text": "KiB"}, "rangemode": "tozero"},
        "hovermode": "x unified",
    }


def _table() -> list[list[str]]:
    return [[say(f"memory.column.{name}"), name] for name in ("cycle", "cache", "block", *KV)]


def patch(event: Event, trace: Trace) -> list[Change]:
    if not isinstance(event, Verdict):
        return []
    draft, each = trace.cycle(event.cycle).draft, trace.start.kv_bytes_per_token if trace.start else 0
    block = draft.pass_rows * each
    row = {"cycle": event.cycle + 1, "cache": measure(trace).kv_bytes / 1024, "block": block / 1024}
    row |= {name: getattr(event.kv, name) for name in KV}
    return [rows("columns", event.cycle, {name: [value] for name, value in row.items()})]
