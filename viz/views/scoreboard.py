"""The scoreboard: measured numbers only, each with its definition. Nothing in it contains animation time."""

from __future__ import annotations

from typing import Any

from orthrus.events import ArChunk, Done, Event, Prefill, Verdict
from orthrus.trace import Trace
from orthrus.trace.metrics import Metrics, measure
from viz.format import NOT_MEASURED, milliseconds, number, per_second, times
from viz.patches import Change, merge, put
from viz.views import headline

NAME = "board"
ENTRIES = (
    ("passes", "Forward passes, Orthrus : plain", "Orthrus: 1 for the prompt, which gives the first token, 2 "
     "for a cycle with guesses, 1 for one without. Plain decoding: 1 per token. They are the same on every machine."),
    ("speedup", "Speed against plain decoding", "Time of plain decoding divided by time of Orthrus for as many tokens, "
     "prompt included. Same process, same weights; both measured alone. Below 1× Orthrus took longer on this device."),
    ("per_cycle", "Tokens per cycle", "Tokens written by cycles, divided by cycles. A cycle is one draft and one "
     "verdict."),
    ("even", "Break-even, tokens per cycle", "Time of a cycle divided by plain decoding's time for one token. A "
     "run that writes more per cycle saves time on this device."),
    ("tpf", "Tokens per forward pass", "Generated tokens divided by all forward passes. Plain decoding has 1."),
    ("length", "Acceptance length", "Guesses accepted per cycle. The token the AR view writes itself is not counted."),
    ("share", "Accepted share", "Guesses accepted, of all that were made. Most of the rest was never judged."),
    ("tokens", "Tokens", "Tokens generated so far, the first one included."),
    ("cycles", "Cycles", "Drafts that were judged."),
    ("rate", "Orthrus, tokens/s", "Tokens per second of the cycles alone, without the prompt."),
    ("rate_total", "Orthrus with prompt, tokens/s", "Tokens per second with the reading of the prompt included."),
    ("rate_ar", "Plain decoding, tokens/s", "Tokens per second of plain decoding after its first token."),
    ("ttft", "First token after", "Time to the first token. It comes from the AR view in both cases."),
)  # fmt: skip


WATCHED, WEAK = 8, 1.2  # fewer tokens per cycle than this after so many cycles: drafting pays on no machine


def skeleton() -> dict[str, Any]:
    entries = [{"key": key, "label": label, "about": about} for key, label, about in ENTRIES]
    return {
        "kind": "board",
        "title": "Measured",
        "entries": entries,
        "state": {"values": {}},
        "facts": {"values": dict.fromkeys(("speedup", "even", "rate_ar"), NOT_MEASURED), "lead": "passes"},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, Prefill):
        return [merge("values", {"ttft": milliseconds(event.ms), **_counts(measure(trace))}, "prefill")]
    if isinstance(event, Verdict):
        return [merge("values", {**_counts(measure(trace)), **_alarm(measure(trace))}, "commit")]
    if isinstance(event, ArChunk):
        return [merge("values", {"rate_ar": per_second(measure(trace).ar_tokens_per_s)})]
    if isinstance(event, Done):
        lead = "speedup" if headline.axis(trace) == "ms" else "passes"
        return [merge("values", _against(trace)), put("lead", lead)]
    return []


def final(trace: Trace) -> dict[str, str]:
    """The scoreboard's values at the end of a run."""
    metrics = measure(trace)
    numbers = {"speedup": NOT_MEASURED, **_counts(metrics), **_against(trace)}
    return numbers if metrics.ttft_ms is None else {**numbers, "ttft": milliseconds(metrics.ttft_ms)}


def _against(trace: Trace) -> dict[str, str]:
    """The values that need both lanes."""
    metrics, even = measure(trace), headline.break_even(trace)
    numbers = {"rate_ar": per_second(metrics.ar_tokens_per_s), "even": NOT_MEASURED if even is None else number(even)}
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
        "rate": per_second(metrics.tokens_per_s),
        "rate_total": per_second(metrics.tokens_per_s_total),
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
