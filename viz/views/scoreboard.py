"""The scoreboard: measured numbers only, each with its definition. Nothing in it contains animation time."""

from __future__ import annotations

from typing import Any

from orthrus.events import ArChunk, Done, Event, Prefill, Verdict
from orthrus.trace import Trace
from orthrus.trace.metrics import Metrics, measure
from viz.format import milliseconds, not_measured, number, per_second, times
from viz.patches import Change, merge, put
from viz.views import headline

NAME = "board"
ENTRIES = (
    ("passes", "Forward passes, Orthrus : plain", "Orthrus: 1 for the prompt, which also writes the first token, then "
     "2 per cycle, or 1 without guesses. Plain decoding: 1 per token. The same on every machine."),
    ("speedup", "Speed, plain decoding = 1", "Time of plain decoding divided by time of Orthrus for the same tokens, "
     "prompt included. Below 1× Orthrus took longer."),
    ("rate", "Orthrus, tokens per second", "All tokens divided by all time, prompt included."),
    ("rate_ar", "Plain decoding, tokens per second", "All tokens divided by all time, prompt included."),
    ("per_cycle", "Tokens per cycle", "Tokens without the first one, divided by cycles."),
    ("even", "Break-even, tokens per cycle", "Time of a cycle divided by time of a plain token. A run that writes more "
     "per cycle saves time here."),
    ("length", "Acceptance length, guesses per cycle", "Guesses kept per cycle. The AR view's own token comes on top."),
    ("share", "Accepted share", "Guesses kept, of all guesses made. Most of the rest was never judged."),
    ("tpf", "TPF: tokens per forward pass", "All tokens divided by all forward passes. Plain decoding has 1."),
    ("tokens", "Tokens", "Words or parts of words: the first one from the prompt's pass, the others from cycles."),
    ("cycles", "Cycles", "One draft and its verdict each."),
    ("ttft", "Time to the first token", "The prompt's forward pass, the same in both ways."),
)  # fmt: skip


WATCHED, WEAK = 8, 1.2  # fewer tokens per cycle than this after so many cycles: drafting pays on no machine


def skeleton() -> dict[str, Any]:
    entries = [{"key": key, "label": label, "about": about} for key, label, about in ENTRIES]
    return {
        "kind": "board",
        "title": "Measured",
        "entries": entries,
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
        "share": "–" if metrics.accepted_share is None else f"{100 * metrics.accepted_share:.0f} %",
        "rate": per_second(metrics.tokens_per_s_total),
    }


def _alarm(metrics: Metrics) -> dict[str, str]:
    """A warning if nearly every first guess is refused; an empty text clears it."""
    mean = metrics.tokens_per_cycle
    if metrics.cycles < WATCHED or mean is None:
        return {}
    if mean >= WEAK:
        return {"alarm": ""}
    return {
        "alarm": f"The drafter is not firing: {mean:.2f} tokens per cycle over {metrics.cycles} cycles. Likely causes: "
        "a diffusion view that was not trained with this model, or text unlike anything it was trained on."
    }
