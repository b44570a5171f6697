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
from viz.language import say
from viz.patches import Change, put, rows
from viz.theme import layout
from viz.views.headline import break_even, cost

NAME = "timeline"
PARTS = (
    ("draft", {"color": "@soft"}),
    ("verify", {"color": "@ink"}),
    ("judge", {"color": "@line"}),
    ("host", {"color": "@line", "pattern": {"shape": ".", "fgcolor": "@ink", "size": 4}}),
    ("instr", {"color": "@page", "line": {"color": "@discarded", "width": 1},
     "pattern": {"shape": "/", "fgcolor": "@discarded", "size": 6}}),
)  # fmt: skip
COMMITTED = {"kept": "@accepted", "own": "@ar"}
TALLEST = 2.5  # the prefill's bar is cut at this many times the longest cycle, so that cycles stay readable


def simulated() -> dict[str, Any]:
    """The visitor's options and their notes; the player fills in {…}."""
    words = {word: say(f"timeline.simulate.{word}") for word in ("label", "reset", "mark", "say", "whole", "unknown")}
    sliders = [
        {"key": key, "label": say(f"timeline.slider.{key}"), "from": 0.25, "to": 4, "step": 0.05}
        for key in ("draft", "verify")
    ]
    return {"kind": "simulate", "sliders": sliders, **words}


def skeleton() -> dict[str, Any]:
    columns = ["cycle", *(key for key, _ in PARTS), *COMMITTED, "prompt_at", "prompt", "line_at", "line"]
    return {
        "kind": "plot",
        "title": say("timeline.title"),
        "hint": say("timeline.hint"),
        "variants": [{"label": "", "data": _traces(), "layout": _layout(), "table": _table(), "cursor": "cycle"}],
        "seek": "x",
        "extra": simulated(),
        "facts": {"columns": {name: [] for name in columns}, "ranges": {}, "note": "", "alone": None},
    }


def _traces() -> list[dict[str, Any]]:
    prompt = {**_bar("prompt", {"color": "@soft", "opacity": 0.45}), "x": "$prompt_at"}
    times = [prompt, *(_bar(key, marker) for key, marker in PARTS)]
    tokens = [_bar(key, {"color": colour}, "y2") for key, colour in COMMITTED.items()]
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": say("timeline.break-even"),
        "x": "$line_at",
        "y": "$line",
        "yaxis": "y2",
        "line": {"color": "@ink", "width": 2, "dash": "dash"},
        "hovertemplate": say("timeline.hover.line", y="%{y:.1f}") + "<extra></extra>",
    }
    return [*times, *tokens, line]


def _bar(key: str, marker: dict[str, Any], axis: str = "y") -> dict[str, Any]:
    values = {"x": "%{x}", "y": "%{y:.2f}" if axis == "y" else "%{y}", "name": say(f"timeline.part.{key}")}
    hover = say("timeline.hover.time" if axis == "y" else "timeline.hover.tokens", **values)
    return {
        "type": "bar",
        "name": say(f"timeline.part.{key}"),
        "x": "$cycle",
        "y": f"${key}",
        "yaxis": axis,
        "marker": {"line": {"width": 0}, **marker},
        "hovertemplate": f"{hover}<extra></extra>",
        **({"showlegend": False} if axis == "y2" else {}),
    }


def _layout() -> dict[str, Any]:
    axis = layout()["yaxis"]
    title = {**axis["title"], "text": say("timeline.tokens")}
    below = {**axis, "domain": [0, 0.42], "rangemode": "tozero", "title": title}
    return {
        "barmode": "stack",
        "bargap": 0.12,
        "hovermode": "closest",
        "legend": {"traceorder": "normal"},
        "xaxis": {"title": {"text": say("timeline.cycle")}, "tickformat": "d", "anchor": "y2"},
        "yaxis": {"title": {"text": "ms"}, "domain": [0.5, 1], "rangemode": "tozero"},
        "yaxis2": below,
    }


def _table() -> list[list[str]]:
    times = [[say("timeline.column", name=say(f"timeline.part.{key}")), key] for key, _ in PARTS]
    return [[say("timeline.cycle"), "cycle"], *times, *([say(f"timeline.part.{key}"), key] for key in COMMITTED)]


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
    both = metrics.compared
    whole = round(both.ar_ms, 3) if both and both.whole else None
    return {"token": round(1e3 / (metrics.ar_tokens_per_s or 1.0), 4), "run": whole}


def note(trace: Trace) -> str:
    """The chart's note in one sentence."""
    need, n = break_even(trace), len(trace.verdicts)
    prompt = say("timeline.note.prompt", time=milliseconds(trace.prefill.ms)) if trace.prefill else ""
    if trace.prefill and trace.prefill.ms > TALLEST * _longest(trace):
        prompt += f" {say('timeline.note.cut')}"
    if need is None:
        return f"{prompt} {say('timeline.note.unmeasured')}"
    won = sum(verdict.n_commit > need for verdict in trace.verdicts)
    return f"{cost(trace)} {say('timeline.note.won', won=won, n=n)} {prompt}"
