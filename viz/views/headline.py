"""The leading metric of a run, forward passes or wall time, chosen from the run's own measurements.

Forward passes do not depend on the machine, so they lead. Wall time leads if wide passes were cheap enough, that is
if a cycle wrote more tokens than plain decoding writes in the same time, and if the run was clearly faster.
"""

from __future__ import annotations

from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.format import milliseconds, number, times
from viz.language import say
from viz.views.words import counted

KINDS = ("cpu", "cuda")
CLEAR = 1.1  # two timings of one run differ by some per cent, so a win by less is none to lead with


def break_even(trace: Trace) -> float | None:
    """Tokens a cycle must commit to be as fast as plain decoding; None before both lanes were measured."""
    metrics = measure(trace)
    if not metrics.cycles or not metrics.ar_tokens_per_s:
        return None
    return metrics.decode_ms / metrics.cycles * metrics.ar_tokens_per_s / 1e3


def axis(trace: Trace) -> str:
    """The clock that leads: "ms" if a cycle beat plain decoding and the whole run did so clearly, else "passes"."""
    need, metrics = break_even(trace), measure(trace)
    if need is None or metrics.speedup is None or metrics.tokens_per_cycle is None:
        return "passes"
    return "ms" if need < metrics.tokens_per_cycle and metrics.speedup > CLEAR else "passes"


def passes(trace: Trace) -> str:
    """'11 forward passes instead of 111': plain decoding needs one per token."""
    metrics = measure(trace)
    ours = counted(metrics.passes, "forward-pass")
    fewer = metrics.passes < metrics.tokens
    return say("headline.instead" if fewer else "headline.against", ours=ours, theirs=metrics.tokens)


def time(trace: Trace) -> str:
    """Both lanes' wall time, prompt included; '' if plain decoding was not measured. The badge names the device."""
    metrics = measure(trace)
    both = metrics.compared
    if both is None or trace.start is None:
        return ""
    values = {"ours": milliseconds(both.ms), "theirs": milliseconds(both.ar_ms), "speed": times(metrics.speedup)}
    return say("headline.time" if both.whole else "headline.time.first", n=both.tokens, device=device(trace), **values)


def device(trace: Trace) -> str:
    host = trace.start.host if trace.start else None
    return say(f"headline.device.{host.kind if host and host.kind in KINDS else 'other'}")


def summary(trace: Trace) -> str:
    """The run in one or two sentences, the leading clock first."""
    sentences = [say("headline.tokens", tokens=counted(measure(trace).tokens, "token"), passes=passes(trace))]
    if duration := time(trace):
        leads = axis(trace) == "ms"
        sentences.append(say("headline.measured" if leads else "headline.in-time", time=duration))
    return " ".join(sentences[::-1] if axis(trace) == "ms" else sentences)


def slower(trace: Trace) -> str:
    """Wall time second: what the passes came to on the device; '' if plain decoding was not measured."""
    metrics, duration = measure(trace), time(trace)
    if not duration or metrics.speedup is None:
        return ""
    if metrics.speedup >= 1:
        return say("headline.in-time", time=duration)
    return say("headline.fewer-slower" if metrics.passes < metrics.tokens else "headline.slower", time=duration)


def cost(trace: Trace) -> str:
    """What a cycle costs on the device, and what it brought; '' before both lanes were measured."""
    need, metrics = break_even(trace), measure(trace)
    if need is None or trace.start is None:
        return ""
    values = {"even": number(need), "rows": trace.block, "wrote": number(metrics.tokens_per_cycle)}
    return say("headline.cost.two" if trace.sums.passes_draft else "headline.cost.one", **values)


def theory(trace: Trace) -> str:
    """The same run where every pass costs the same: tokens per cycle over passes per cycle."""
    metrics = measure(trace)
    if not metrics.cycles or metrics.tokens_per_cycle is None:
        return ""
    per_cycle = (trace.sums.passes_draft + metrics.cycles) / metrics.cycles
    gain = number(metrics.tokens_per_cycle / per_cycle)
    return say("headline.theory", gain=gain)


def reason(trace: Trace) -> str:
    """Why the passes came to that time: what a cycle costs, and what would change it."""
    price = cost(trace)
    if not price or trace.start is None or trace.start.host.kind != "cpu":
        return price
    if axis(trace) == "passes" and trace.block > 1:
        return f"{price} {say('headline.reads-once', rows=trace.block)}"
    return f"{price} {say('headline.uncompiled')}" if trace.start.model.mode == "fast" else price
