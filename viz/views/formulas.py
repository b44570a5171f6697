"""The captions' third level: the rule of each phase with this cycle's numbers inserted."""

from __future__ import annotations

import math

from orthrus.events import Done, Draft, Prefill, Verdict
from orthrus.trace import Cycle, Trace
from orthrus.trace.metrics import measure
from viz.format import milliseconds
from viz.views.words import counted, quoted

# how a token is chosen from logits, by the run's coupling; None: greedy
PICK = {
    None: "argmax {view}ᵢ",
    "gumbel": "argmax (ln {view}ᵢ / T + gᵢ), gᵢ the noise of that seed and place",
    "rejection": "a draw from {view}ᵢ",
}


def prefill(event: Prefill, trace: Trace) -> str:
    chosen = f"y₁ = {_pick('p', trace).replace('ᵢ', '₁')} = {quoted(event.first_id, trace)}"
    return f"{chosen}, read after {event.kv_len} tokens; best logit minus second best = {event.p_gap:.2f}."


def draft(event: Draft, trace: Trace) -> str:
    n = event.n_draft
    if n == 0:
        return "n = 0: no qᵢ is computed."
    if event.shape == "lookup":
        return f"x₁ … {_low(n)} = what followed the same tokens earlier; no qᵢ is computed."
    if event.drafted_rows == 0:
        return f"x₁ … {_low(n)} = what the last verify pass guessed behind its cut; no pass of its own."
    rule = f"xᵢ = {_pick('q', trace)} for i = 1 … {n}, all from one pass over the text up to position {event.pos0}"
    if event.q_lp is None:
        return rule + "."
    ends = f"q₁(x₁) = {math.exp(event.q_lp[0]):.2f}, qₙ(xₙ) = {math.exp(event.q_lp[-1]):.2f}"
    entropies = f"; H(q₁) = {event.q_H[0]:.2f}, H(qₙ) = {event.q_H[-1]:.2f} nats" if event.q_H else ""
    return f"{rule}. {ends}, Σ ln qᵢ(xᵢ) = {_signed(sum(event.q_lp))}{entropies}."


def verify(cycle: Cycle, event: Verdict, trace: Trace) -> str:
    n, k = cycle.draft.n_draft, event.n_accept
    if n == 0:
        return f"No guess to test: the next token is {_pick('p', trace).replace('ᵢ', '₁')}."
    if _coupling(trace) == "rejection":
        return _tossed(cycle, event, trace)
    rule = f"k = the longest run of xᵢ = yᵢ, yᵢ = {_pick('p', trace)}. "
    if event.next_id is None:
        return f"{rule}x{_low(cycle.accepted)} = y{_low(cycle.accepted)} is the end token, so nothing behind it counts."
    if k == n:
        return (
            f"{rule}All {n} are equal, so k = n = {n} and y{_low(n + 1)} = {quoted(event.next_id, trace)} comes free."
        )
    at = _low(k + 1)
    guess, own = quoted(cycle.draft.draft_ids[k], trace), quoted(event.ar_ids[k], trace)
    same = "" if k == 0 else f"Equal for i ≤ {k}; "
    return f"{rule}{same}x{at} = {guess}{_p(event.p_lp_draft, k)} ≠ y{at} = {own}{_p(event.p_lp_ar, k)}, so k = {k}."


def _tossed(cycle: Cycle, event: Verdict, trace: Trace) -> str:
    """The acceptance test of speculative sampling at the cut."""
    n, k = cycle.draft.n_draft, event.n_accept
    rule = "xᵢ is kept if uᵢ ≤ min(1, pᵢ(xᵢ) / qᵢ(xᵢ)), uᵢ drawn from 0 … 1. "
    if k == n:
        return f"{rule}That holds for all {n}, so k = n = {n}."
    if event.next_id is None:
        return f"{rule}x{_low(cycle.accepted)} is kept and is the end token, so nothing behind it counts."
    if event.u is None or event.accept_p is None or len(event.u) <= k:
        return f"{rule}It fails first at i = {k + 1}, so k = {k}."
    drawn = f"{quoted(event.next_id, trace)} is drawn from max(0, p − q)"
    return f"{rule}u{_low(k + 1)} = {event.u[k]:.2f} > {event.accept_p[k]:.2f}, so k = {k}; {drawn}."


def commit(cycle: Cycle, event: Verdict, trace: Trace) -> str:
    metrics, accepted, kv = measure(trace), cycle.accepted, event.kv
    own = event.n_commit - accepted
    passes = 1 + (cycle.draft.pass_rows > 0)
    gained = f"{accepted} + {own} = {counted(event.n_commit, 'new-token')} from {counted(passes, 'pass')}"
    cache = f"cache {kv.before} + {kv.written} − {kv.cropped} = {kv.before + kv.kept} rows"
    return (
        f"{gained}; {cache}. So far tokens per cycle "
        f"({metrics.tokens} − 1) / {metrics.cycles} = {metrics.tokens_per_cycle or 0:.2f}, "
        f"TPF {metrics.tokens} / {metrics.passes} = {metrics.tpf or 0:.2f}."
    )


def finish(event: Done, trace: Trace) -> str:
    metrics = measure(trace)
    passes = f"(1 + {event.passes_draft} + {event.passes_verify})"
    text = f"TPF = tokens / passes = {event.n_tokens} / {passes} = {metrics.tpf or 0:.2f}."
    if metrics.speedup is not None and metrics.ar_total_ms is not None:
        times = f"{milliseconds(metrics.ar_total_ms)} / {milliseconds(metrics.total_ms)}"
        text += f" Speed-up = t(AR) / t(Orthrus) = {times} = {metrics.speedup:.2f}."
    return text


def _coupling(trace: Trace) -> str | None:
    return trace.start.params.coupling if trace.start else None


def _pick(view: str, trace: Trace) -> str:
    return PICK[_coupling(trace)].format(view=view)


def _p(log_probs: tuple[float, ...] | None, at: int) -> str:
    if log_probs is None:
        return ""
    p = math.exp(log_probs[at])
    return " (p < 0.01)" if p < 0.005 else f" (p = {p:.2f})"


def _signed(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")


def _low(number: int) -> str:
    """A number as subscript digits."""
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
