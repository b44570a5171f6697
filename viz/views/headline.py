"""The leading metric of a run, forward passes or wall time, chosen from the run's own measurements.

Forward passes do not depend on the machine, so they lead. Wall time leads if wide passes were cheap enough, that is
if a cycle wrote more tokens than plain decoding writes in the same time.
"""

from __future__ import annotations

from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.format import milliseconds, number, times
from viz.views.words import counted

KINDS = {"cpu": "CPU", "cuda": "GPU"}
READS_ONCE = (
    "On a GPU a pass over {rows} rows should take about as long as one over 1 row, because the weights are read once."
)
UNCOMPILED = (
    "Both lanes ran in plain PyTorch, where calling the operators costs more than their arithmetic. Compiled passes "
    "over one row are several times faster."
)


def break_even(trace: Trace) -> float | None:
    """Tokens a cycle must commit to be as fast as plain decoding; None before both lanes were measured."""
    metrics = measure(trace)
    if not metrics.cycles or not metrics.ar_tokens_per_s:
        return None
    return metrics.decode_ms / metrics.cycles * metrics.ar_tokens_per_s / 1e3


def axis(trace: Trace) -> str:
    """The clock that leads: "ms" if a cycle beat plain decoding and so did the whole run, else "passes"."""
    need, metrics = break_even(trace), measure(trace)
    if need is None or metrics.speedup is None or metrics.tokens_per_cycle is None:
        return "passes"
    return "ms" if need < metrics.tokens_per_cycle and metrics.speedup > 1 else "passes"


def passes(trace: Trace) -> str:
    """'11 forward passes instead of 111': plain decoding needs one per token."""
    metrics = measure(trace)
    other = "instead of" if metrics.passes < metrics.tokens else "against"
    return f"{counted(metrics.passes, 'forward-pass')} {other} {metrics.tokens}"


def time(trace: Trace) -> str:
    """Both lanes' wall time, prompt included; '' if plain decoding was not measured. The badge names the device."""
    metrics = measure(trace)
    if metrics.speedup is None or trace.start is None:
        return ""
    ours, theirs = milliseconds(metrics.total_ms), milliseconds(trace.ar_ms[metrics.tokens - 1])
    return f"{ours} against {theirs} on {device(trace)}, {times(metrics.speedup)} the speed of plain decoding"


def device(trace: Trace) -> str:
    host = trace.start.host if trace.start else None
    return f"this {KINDS.get(host.kind, 'device')}" if host else "this device"


def summary(trace: Trace) -> str:
    """The run in one or two sentences, the leading clock first."""
    sentences = [f"{counted(measure(trace).tokens, 'token')} in {passes(trace)}."]
    if duration := time(trace):
        sentences.append(f"{'Measured' if axis(trace) == 'ms' else 'In time'}: {duration}.")
    return " ".join(sentences[::-1] if axis(trace) == "ms" else sentences)


def slower(trace: Trace) -> str:
    """Wall time second: what the passes came to on the device; '' if plain decoding was not measured."""
    metrics, duration = measure(trace), time(trace)
    if not duration or metrics.speedup is None:
        return ""
    fewer = metrics.passes < metrics.tokens
    begin = "In time" if metrics.speedup >= 1 else "Fewer passes, but not less time" if fewer else "Not less time"
    return f"{begin}: {duration}."


def cost(trace: Trace) -> str:
    """What a cycle costs on the device, and what it brought; '' before both lanes were measured."""
    need, metrics = break_even(trace), measure(trace)
    if need is None or trace.start is None:
        return ""
    even, rows = number(need), f" (two passes over up to {trace.block} rows)" if trace.sums.passes_draft else ""
    return (
        f"A cycle{rows} takes as long here as {even} passes over one row, so break-even is {even} tokens per cycle. "
        f"This run wrote {number(metrics.tokens_per_cycle)}."
    )


def theory(trace: Trace) -> str:
    """The same run where every pass costs the same: tokens per cycle over passes per cycle."""
    metrics = measure(trace)
    if not metrics.cycles or metrics.tokens_per_cycle is None:
        return ""
    per_cycle = (trace.sums.passes_draft + metrics.cycles) / metrics.cycles
    gain = number(metrics.tokens_per_cycle / per_cycle)
    return (
        "If a wide pass cost no more than a narrow one, as in theory it nearly does on a GPU, this run would be up to "
        f"{gain} times as fast."
    )


def reason(trace: Trace) -> str:
    """Why the passes came to that time: what a cycle costs, and what would change it."""
    price = cost(trace)
    if not price or trace.start is None or trace.start.host.kind != "cpu":
        return price
    if axis(trace) == "passes" and trace.block > 1:
        return f"{price} {READS_ONCE.format(rows=trace.block)}"
    return f"{price} {UNCOMPILED}" if trace.start.model.mode == "fast" else price
