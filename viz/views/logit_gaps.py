"""Logit gaps: the distance between the AR view's two best logits, token by token, in both lanes.

If it is small, rounding decides, and two ways to compute the same text may diverge.
"""

from __future__ import annotations

import math
from typing import Any

from orthrus.events import ArChunk, Event, Prefill, Verdict
from orthrus.trace import Trace
from viz.format import general
from viz.language import say
from viz.patches import Change, rows
from viz.views.captions import NEAR_TIE

NAME = "gaps"
FLOOR = 0.01  # logits: the axis is logarithmic, so an exact tie is drawn here; the table has the numbers


def skeleton() -> dict[str, Any]:
    columns = ("token", "gap", "shown", "cycle", "ar_token", "ar_gap", "ar_shown")
    return {
        "kind": "plot",
        "title": say("gaps.title"),
        "hint": say("gaps.hint", tie=general(NEAR_TIE)),
        "variants": [{"label": "", "data": _traces(), "layout": _layout(), "table": _table()}],
        "seek": "customdata",
        "facts": {"columns": {name: [] for name in columns}},
    }


def _traces() -> list[dict[str, Any]]:
    hover = say("gaps.hover", x="%{x}", y="%{y:.2f}") + "<extra>%{fullData.name}</extra>"
    plain = {"type": "scatter", "mode": "markers", "hovertemplate": hover}
    ring = {"symbol": "circle-open", "size": 8, "color": "@soft", "line": {"width": 1.2}}
    dot = {"symbol": "circle", "size": 5, "color": "@ar"}
    return [
        {**plain, "name": say("gaps.plain"), "x": "$ar_token", "y": "$ar_shown", "marker": ring},
        {**plain, "name": say("gaps.block"), "x": "$token", "y": "$shown", "customdata": "$cycle", "marker": dot},
    ]


def _layout() -> dict[str, Any]:
    zone = {"type": "rect", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": FLOOR / 2, "y1": NEAR_TIE}
    ticks = {"tickvals": [0.01, 0.1, 0.5, 1, 10, 100], "tickformat": "~g", "range": [math.log10(FLOOR / 1.5), 2]}
    return {
        "xaxis": {"title": {"text": say("gaps.x")}, "tickformat": "d", "rangemode": "tozero"},
        "yaxis": {"title": {"text": say("gaps.y")}, "type": "log", **ticks},
        "hovermode": "closest",
        "shapes": [{**zone, "fillcolor": "@soft", "opacity": 0.2, "line": {"width": 0}, "layer": "below"}],
    }


def _table() -> list[list[str]]:
    return [[say(f"gaps.column.{name}"), name] for name in ("token", "gap", "cycle", "ar_token", "ar_gap")]


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, Prefill):
        return [rows("columns", 0, _block([event.p_gap], 0, 0))]
    if isinstance(event, Verdict) and event.p_gap is not None:
        at = len(trace.tokens) - event.n_commit
        return [rows("columns", at, _block(event.p_gap[: event.n_commit], at, event.cycle + 1))]
    if isinstance(event, ArChunk):
        n = len(event.gap)
        columns = {"ar_token": range(event.i0 + 1, event.i0 + 1 + n), "ar_gap": [round(gap, 3) for gap in event.gap]}
        return [rows("columns", event.i0, {**columns, "ar_shown": _drawn(event.gap)})]
    return []


def _block(gaps: Any, at: int, cycle: int) -> dict[str, list[Any]]:
    """Gaps of a cycle's tokens: row i of a verdict chose the i-th appended token."""
    n = len(gaps)
    columns = {"token": list(range(at + 1, at + 1 + n)), "gap": [round(gap, 3) for gap in gaps], "shown": _drawn(gaps)}
    return {**columns, "cycle": [cycle] * n}


def _drawn(gaps: Any) -> list[float]:
    return [max(FLOOR, round(gap, 2)) for gap in gaps]
