"""Tokens against time and against forward passes, for both lanes."""

from __future__ import annotations

from typing import Any

from orthrus.events import ArChunk, Event, Prefill, Verdict
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.language import say
from viz.patches import Change, rows

NAME = "curve"


def skeleton() -> dict[str, Any]:
    columns = ("ms", "n", "passes", "cycle", "ar_ms", "ar_n")
    return {
        "kind": "plot",
        "title": say("curve.title"),
        "hint": say("curve.hint"),
        "variants": [
            {
                "label": say("curve.label.ms"),
                "data": _lines("$ms", "$ar_ms"),
                "layout": _layout(say("curve.axis.ms")),
                "table": _table("ms", "ar_ms"),
                "cursor": "clock",
            },
            {
                "label": say("curve.label.passes"),
                "data": _lines("$passes", "$ar_n"),
                "layout": _layout(say("curve.axis.passes")),
                "table": _table("passes", "ar_n"),
            },
        ],
        "seek": "customdata",
        "facts": {"columns": {name: [] for name in columns}},
    }


def _lines(x: str, ar_x: str) -> list[dict[str, Any]]:
    orthrus = {
        "name": "Orthrus",
        "customdata": "$cycle",
        "x": x,
        "y": "$n",
        "line": {"color": "@ink", "width": 3, "shape": "hv"},
    }
    ar = {"name": say("curve.plain"), "x": ar_x, "y": "$ar_n", "line": {"color": "@ar", "width": 2, "dash": "dot"}}
    hover = {
        "type": "scatter",
        "mode": "lines",
        "hovertemplate": say("curve.hover", y="%{y}", x="%{x:.0f}") + "<extra>%{fullData.name}</extra>",
    }
    return [{**hover, **orthrus}, {**hover, **ar}]


def _layout(title: str) -> dict[str, Any]:
    to_zero = {"rangemode": "tozero"}
    return {
        "xaxis": {"title": {"text": title}, **to_zero},
        "yaxis": {"title": {"text": say("curve.tokens")}, **to_zero},
    }


def _table(ours: str, theirs: str) -> list[list[str]]:
    heads = [say(f"curve.column.{ours}"), say("curve.tokens"), say(f"curve.column.ar-{ours}"), say("curve.column.ar-n")]
    return [list(pair) for pair in zip(heads, (ours, "n", theirs, "ar_n"), strict=True)]


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, (Prefill, Verdict)):
        metrics = measure(trace)
        row = {
            "cycle": [len(trace.verdicts)],
            "ms": [round(metrics.total_ms, 3)],
            "n": [metrics.tokens],
            "passes": [metrics.passes],
        }
        return [rows("columns", len(trace.verdicts), row)]
    if isinstance(event, ArChunk):
        return [rows("columns", event.i0, {"ar_ms": event.t_ms, "ar_n": [*range(event.i0 + 1, len(trace.ar_ids) + 1)]})]
    return []
