"""Tokens against time and against forward passes, for both lanes."""

from __future__ import annotations

from typing import Any

from orthrus.events import ArChunk, Event, Prefill, Verdict
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.patches import Change, rows

NAME = "curve"


def skeleton() -> dict[str, Any]:
    columns = ("ms", "n", "passes", "cycle", "ar_ms", "ar_n")
    return {
        "kind": "plot",
        "title": "Tokens over time",
        "hint": "Every step of the Orthrus line is one cycle. Click one to go there. The lanes were measured one "
        "after the other.",
        "variants": [
            {
                "label": "milliseconds",
                "data": _lines("$ms", "$ar_ms"),
                "layout": _layout("milliseconds, measured"),
                "table": _table("time, ms", "ms", "ar_ms"),
                "cursor": "clock",
            },
            {
                "label": "forward passes",
                "data": _lines("$passes", "$ar_n"),
                "layout": _layout("forward passes"),
                "table": _table("forward passes", "passes", "ar_n"),
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
    ar = {"name": "plain decoding", "x": ar_x, "y": "$ar_n", "line": {"color": "@ar", "width": 2, "dash": "dot"}}
    hover = {
        "type": "scatter",
        "mode": "lines",
        "hovertemplate": "%{y} tokens at %{x:.0f}<extra>%{fullData.name}</extra>",
    }
    return [{**hover, **orthrus}, {**hover, **ar}]


def _layout(title: str) -> dict[str, Any]:
    to_zero = {"rangemode": "tozero"}
    return {"xaxis": {"title": {"text": title}, **to_zero}, "yaxis": {"title": {"text": "tokens"}, **to_zero}}


def _table(what: str, ours: str, theirs: str) -> list[list[str]]:
    alone = "plain decoding"
    return [[f"Orthrus: {what}", ours], ["tokens", "n"], [f"{alone}: {what}", theirs], [f"{alone}: tokens", "ar_n"]]


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
