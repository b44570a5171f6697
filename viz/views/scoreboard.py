"""The scoreboard: measured numbers only, each with its definition. Nothing in it contains animation time."""

from __future__ import annotations

from typing import Any

from orthrus.events import ArChunk, Done, Event, Prefill, Verdict
from orthrus.trace import Trace
from orthrus.trace.metrics import Metrics, measure
from viz.format import milliseconds, not_measured, number, per_second, percent, times
from viz.language import say
from viz.patches import Change, merge, put
from viz.views import headline

NAME = "board"
ENTRIES = (
    "passes",
    "speedup",
    "rate",
    "rate_ar",
    "per_cycle",
    "even",
    "length",
    "share",
    "tpf",
    "tokens",
    "cycles",
    "ttft",
)
WATCHED, WEAK = 8, 1.2  # fewer tokens per cycle than this after so many cycles: drafting pays on no machine


def entries() -> list[tuple[str, str, str]]:
    """Each number's key, its name and its definition."""
    return [(key, say(f"board.name.{key}"), say(f"board.about.{key}")) for key in ENTRIES]


def skeleton() -> dict[str, Any]:
    return {
        "kind": "board",
        "title": say("board.title"),
        "entries": [{"key": key, "label": label, "about": about} for key, label, about in entries()],
        "state": {"values": {}},
        "facts": {"values": dict.fromkeys(("speedup", "even", "rate_ar"), not_measured()), "lead": "passes"},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, Prefill):
        return [merge("values", {"ttft": milliseconds(event.ms), **_counts(measure(trace))}, "prefill")]
    if isinstance(event, Verdict):
        return [merge("values", {**_counts(measure(trace)), **_alarm(measure(trace))}, "commit")]
    if isinstance(event, ArChunk):
        return [merge("values", {"rate_ar": per_second(measure(trace).ar_tokens_per_s_total)})]
    if isinstance(event, Done):
        lead = "speedup" if headline.axis(trace) == "ms" else "passes"
        return [merge("values", _against(trace)), put("lead", lead)]
    return []


def final(trace: Trace) -> dict[str, str]:
    """The scoreboard's values at the end of a run."""
    metrics = measure(trace)
    numbers = {"speedup": not_measured(), **_counts(metrics), **_against(trace)}
    return numbers if metrics.ttft_ms is None else {**numbers, "ttft": milliseconds(metrics.ttft_ms)}


def _against(trace: Trace) -> dict[str, str]:
    """The values that need both lanes."""
    metrics, even = measure(trace), headline.break_even(trace)
    numbers = {
        "rate_ar": per_second(metrics.ar_tokens_per_s_total),
        "even": not_measured() if even is None else number(even),
    }
    return numbers if metrics.speedup is None else {**numbers, "speedup": times(metrics.speedup)}


def _counts(metrics: Metrics) -> dict[str, str]:
    return {
        "tokens": str(metrics.tokens),
        "passes": f"{metrics.passes} : {metrics.tokens}",
        "cycles": str(metrics.cycles),
        "per_cycle": number(metrics.tokens_per_cycle),
        "tpf": number(metrics.tpf),
        "length": number(metrics.acceptance_length),
        "share": "–" if metrics.accepted_share is None else percent(metrics.accepted_share),
        "rate": per_second(metrics.tokens_per_s_total),
    }


def _alarm(metrics: Metrics) -> dict[str, str]:
    """A warning if nearly every first guess is refused; an empty text clears it."""
    mean = metrics.tokens_per_cycle
    if metrics.cycles < WATCHED or mean is None:
        return {}
    if mean >= WEAK:
        return {"alarm": ""}
    return {"alarm": say("board.alarm", mean=number(mean, 2), cycles=metrics.cycles)}
