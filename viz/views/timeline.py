"""The timeline: a cycle's time by phase, and its committed tokens against the break-even line.

A cycle pays when it commits more tokens than plain decoding writes in the same time, so the line is a cycle's measured
time divided by plain decoding's time for one token. Telemetry is not part of either lane's time.
"""

from __future__ import annotations

from typing import Any

from orthrus.events import ArChunk, Done, Event, Prefill, Verdict
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.format import milliseconds
from viz.patches import Change, put, rows
from viz.theme import layout
from viz.views.headline import break_even, cost

# the visitor's options and their notes; the player fills in {…}
SLIDERS = (("draft", "Draft takes"), ("verify", "Verify takes"))
SIMULATED = {
    "kind": "simulate",
    "label": "What if a pass took longer, or less?",
    "sliders": [{"key": key, "label": label, "from": 0.25, "to": 4, "step": 0.05} for key, label in SLIDERS],
    "reset": "Back to what was measured",
    "mark": "simulated: draft {draft}×, verify {verify}×",
    "say": "Simulated, not measured: break-even would be at {need} tokens per cycle, and {won} of {n} cycles would "
    "beat plain decoding.",
    "whole": "The whole run would be {times}× as fast as plain decoding.",
    "unknown": "Simulated, not measured. There is no break-even: plain decoding has not run.",
}

NAME = "timeline"
PARTS = (
    ("draft", "draft pass", {"color": "@soft"}),
    ("verify", "verify pass", {"color": "@ink"}),
    ("judge", "acceptance", {"color": "@line"}),
    ("host", "between passes", {"color": "@line", "pattern": {"shape": ".", "fgcolor": "@ink", "size": 4}}),
    ("instr", "telemetry, not counted", {"color": "@page", "line": {"color": "@discarded", "width": 1},
     "pattern": {"shape": "/", "fgcolor": "@discarded", "size": 6}}),
)  # fmt: skip
COMMITTED = (("kept", "guesses kept", "@accepted"), ("own", "written by AR", "@ar"))
TALLEST = 2.5  # the prefill's bar is cut at this many times the longest cycle, so that cycles stay readable


def skeleton() -> dict[str, Any]:
    columns = ["cycle", *(key for key, _, _ in (*PARTS, *COMMITTED)), "prompt_at", "prompt", "line_at", "line"]
    return {
        "kind": "plot",
        "title": "Where the time goes, and what it buys",
        "hint": "Above, in grey: the measured time of every cycle. Below: the tokens it wrote. A cycle above the "
        "dashed line beat plain decoding, one below it lost. Click a cycle to go there.",
        "variants": [{"label": "", "data": _traces(), "layout": _layout(), "table": _table(), "cursor": "cycle"}],
        "seek": "x",
        "extra": SIMULATED,
        "facts": {"columns": {name: [] for name in columns}, "ranges": {}, "note": "", "alone": None},
    }


def _traces() -> list[dict[str, Any]]:
    prompt = {**_bar("prompt", "prompt, once", {"color": "@soft", "opacity": 0.45}), "x": "$prompt_at"}
    times = [prompt, *(_bar(key, name, marker) for key, name, marker in PARTS)]
    tokens = [_bar(key, name, {"color": colour}, "y2") for key, name, colour in COMMITTED]
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": "break-even",
        "x": "$line_at",
        "y": "$line",
        "yaxis": "y2",
        "line": {"color": "@ink", "width": 2, "dash": "dash"},
        "hovertemplate": "break-even: %{y:.1f} tokens per cycle<extra></extra>",
    }
    return [*times, *tokens, line]


def _bar(key: str, name: str, marker: dict[str, Any], axis: str = "y") -> dict[str, Any]:
    what = "%{y:.2f} ms" if axis == "y" else "%{y} tokens"
    return {
        "type": "bar",
        "name": name,
        "x": "$cycle",
        "y": f"${key}",
        "yaxis": axis,
        "marker": {"line": {"width": 0}, **marker},
        "hovertemplate": f"cycle %{{x}}: {what} {name}<extra></extra>",
        **({"showlegend": False} if axis == "y2" else {}),
    }


def _layout() -> dict[str, Any]:
    axis = layout()["yaxis"]
    title = {**axis["title"], "text": "tokens"}
    below = {**axis, "domain": [0, 0.42], "rangemode": "tozero", "title": title}
    return {
        "barmode": "stack",
        "bargap": 0.12,
        "hovermode": "closest",
        "legend": {"traceorder": "normal"},
        "xaxis": {"title": {"text": "cycle"}, "tickformat": "d", "anchor": "y2"},
        "yaxis": {"title": {"text": "ms"}, "domain": [0.5, 1], "rangemode": "tozero"},
        "yaxis2": below,
    }


def _table() -> list[list[str]]:
    times = [[f"{name}, ms", key] for key, name, _ in PARTS]
    return [["cycle", "cycle"], *times, *([name, key] for key, name, _ in COMMITTED)]


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, Prefill):
        return [rows("columns", 0, {"prompt_at": [0], "prompt": [round(event.ms, 3)]})]
    if isinstance(event, Verdict):
        return [rows("columns", event.cycle, _row(event, trace)), *_scaled(trace)]
    if isinstance(event, (ArChunk, Done)) and trace.verdicts:
        return [*_line(trace), *([put("note", note(trace)), *_ranges(trace)] if isinstance(event, Done) else [])]
    return []


def _row(event: Verdict, trace: Trace) -> dict[str, list[Any]]:
    cycle = trace.cycle(event.cycle)
    columns = {
        "cycle": event.cycle + 1,
        "draft": cycle.draft.t_draft_ms,
        "verify": event.t_verify_ms,
        "judge": event.t_judge_ms,
        "host": event.t_host_gap_ms,
        "instr": event.t_instr_ms,
        "kept": cycle.accepted,
        "own": int(event.next_id is not None),
    }
    return {name: [value] for name, value in columns.items()}


def _scaled(trace: Trace) -> list[Change]:
    """Rescale the axis at cycles 1, 2, 4, 8, ..., because finding the longest cycle reads all of them."""
    n = len(trace.verdicts)
    return _ranges(trace) if n & (n - 1) == 0 else []


def _ranges(trace: Trace) -> list[Change]:
    longest = _longest(trace)
    prompt = trace.prefill.ms if trace.prefill else 0.0
    top = max(longest, min(prompt, TALLEST * longest))
    return [put("ranges", {"yaxis": [0, round(1.06 * top, 1)], "xaxis": [-0.7, len(trace.verdicts) + 0.7]})]


def _longest(trace: Trace) -> float:
    return max(cycle.ms + cycle.verdict.t_instr_ms for cycle in trace.cycles if cycle.verdict)


def _line(trace: Trace) -> list[Change]:
    need = break_even(trace)
    if need is None:
        return []
    at = [0.4, len(trace.verdicts) + 0.6]
    return [rows("columns", 0, {"line_at": at, "line": [round(need, 2)] * 2}), put("alone", _alone(trace))]


def _alone(trace: Trace) -> dict[str, float | None]:
    """Plain decoding's times, ms: one token, and the whole text if both lanes wrote it all."""
    metrics = measure(trace)
    whole = metrics.speedup * metrics.total_ms if metrics.speedup else None
    return {"token": round(1e3 / (metrics.ar_tokens_per_s or 1.0), 4), "run": whole and round(whole, 3)}


def note(trace: Trace) -> str:
    """The chart's note in one sentence."""
    need, n = break_even(trace), len(trace.verdicts)
    prompt = f"Reading the prompt took {milliseconds(trace.prefill.ms)}, once." if trace.prefill else ""
    if trace.prefill and trace.prefill.ms > TALLEST * _longest(trace):
        prompt += " Its bar is cut off at the top."
    if need is None:
        return f"{prompt} Break-even is not measured: plain decoding has not run."
    won = sum(verdict.n_commit > need for verdict in trace.verdicts)
    return f"{cost(trace)} {won} of {n} cycles beat plain decoding. {prompt}"
