"""The scoreboard: measured numbers only, each with its definition. Nothing in it contains animation time."""

from __future__ import annotations

from typing import Any

from orthrus.events import ArChunk, Done, Event, Prefill, Verdict
from orthrus.metrics import Metrics
from orthrus.trace import Trace
from viz.changes import Change, merge

NAME = "board"
NOT_MEASURED = "not measured"
ENTRIES = (
    ("speedup", "Speed-up", "Time of plain decoding divided by time of Orthrus for as many tokens, prompt included. "
     "Same process, same weights; both measured alone."),
    ("per_cycle", "Tokens per cycle", "Tokens written by cycles, divided by cycles. A cycle is one draft and one "
     "verdict."),
    ("tpf", "Tokens per forward pass", "Generated tokens divided by all forward passes: 1 for the prompt, 2 for a "
     "cycle with guesses, 1 for one without. Plain decoding has 1."),
    ("length", "Acceptance length", "Guesses accepted per cycle. The token the AR view writes itself is not counted."),
    ("share", "Accepted share", "Guesses accepted, of all that were made. Most of the rest was never judged."),
    ("tokens", "Tokens", "Tokens generated so far, the first one included."),
    ("cycles", "Cycles", "Drafts that were judged."),
    ("rate", "Orthrus, tokens/s", "Tokens per second of the cycles alone, without the prompt."),
    ("rate_total", "Orthrus with prompt, tokens/s", "Tokens per second with the reading of the prompt included."),
    ("rate_ar", "Plain decoding, tokens/s", "Tokens per second of plain decoding after its first token."),
    ("ttft", "First token after", "Time to the first token. It comes from the AR view in both cases."),
)  # fmt: skip


WATCHED, WEAK = 8, 1.2  # below this many tokens per cycle after so many cycles, guessing does not pay anywhere


def skeleton() -> dict[str, Any]:
    entries = [{"key": key, "label": label, "about": about} for key, label, about in ENTRIES]
    return {
        "kind": "board",
        "title": "Measured",
        "entries": entries,
        "state": {"values": {}},
        "facts": {"values": {"speedup": NOT_MEASURED, "rate_ar": NOT_MEASURED}},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, Prefill):
        return [merge("values", {"ttft": milliseconds(event.ms), **_counts(trace.metrics())}, "prefill")]
    if isinstance(event, Verdict):
        return [merge("values", {**_counts(trace.metrics()), **_alarm(trace.metrics())}, "commit")]
    if isinstance(event, (ArChunk, Done)):
        metrics = trace.metrics()
        found = {"rate_ar": per_second(metrics.ar_tokens_per_s)}
        if metrics.speedup is not None:
            found["speedup"] = times(metrics.speedup)
        return [merge("values", found)]
    return []


def final(trace: Trace) -> dict[str, str]:
    """What the board shows at the end of a run."""
    metrics = trace.metrics()
    found = {**_counts(metrics), "rate_ar": per_second(metrics.ar_tokens_per_s), "speedup": times(metrics.speedup)}
    return found if metrics.ttft_ms is None else {**found, "ttft": milliseconds(metrics.ttft_ms)}


def _counts(metrics: Metrics) -> dict[str, str]:
    return {
        "tokens": str(metrics.tokens),
        "cycles": str(metrics.cycles),
        "per_cycle": number(metrics.tokens_per_cycle),
        "tpf": number(metrics.tpf),
        "length": number(metrics.acceptance_length),
        "share": "–" if metrics.accepted_share is None else f"{100 * metrics.accepted_share:.0f} %",
        "rate": per_second(metrics.tokens_per_s),
        "rate_total": per_second(metrics.tokens_per_s_total),
    }


def _alarm(metrics: Metrics) -> dict[str, str]:
    """What is wrong where nearly every first guess is refused; an empty text takes an alarm back."""
    mean = metrics.tokens_per_cycle
    if metrics.cycles < WATCHED or mean is None:
        return {}
    if mean >= WEAK:
        return {"alarm": ""}
    return {
        "alarm": f"The drafter is not firing: {mean:.2f} tokens per cycle over {metrics.cycles} cycles. Likely causes: "
        "a diffusion view that was not trained with this model, or text unlike anything it was trained on."
    }


def number(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def times(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:.2f}×" if value < 10 else f"{value:.1f}×"


def per_second(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:,.0f}"


def milliseconds(value: float) -> str:
    return f"{value:.1f} ms" if value < 100 else f"{value:,.0f} ms" if value < 10_000 else f"{value / 1e3:.1f} s"
