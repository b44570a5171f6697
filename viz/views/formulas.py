"""The captions' third level: the rule of each phase with this cycle's numbers inserted."""

from __future__ import annotations

import math

from orthrus.events import Done, Draft, Prefill, Verdict
from orthrus.trace import Cycle, Trace
from orthrus.trace.metrics import measure
from viz.format import milliseconds, number
from viz.language import say
from viz.views.words import counted, quoted


def prefill(event: Prefill, trace: Trace) -> str:
    chosen = _pick("p", trace).replace("ᵢ", "₁")
    values = {"chosen": chosen, "token": quoted(event.first_id, trace), "n": event.kv_len}
    return say("formulas.prefill", **values, gap=number(event.p_gap, 2))


def draft(event: Draft, trace: Trace) -> str:
    n = event.n_draft
    if n == 0:
        return say("formulas.draft.none")
    if event.shape == "lookup":
        return say("formulas.draft.lookup", last=_low(n))
    if event.drafted_rows == 0:
        return say("formulas.draft.one-pass", last=_low(n))
    values = {"chosen": _pick("q", trace), "n": n, "pos": event.pos0}
    if event.q_lp is None:
        return say("formulas.draft.bare", **values)
    first, last, total = math.exp(event.q_lp[0]), math.exp(event.q_lp[-1]), sum(event.q_lp)
    values |= {"first": number(first, 2), "last": number(last, 2), "sum": number(total).replace("-", "−")}
    if not event.q_H:
        return say("formulas.draft.known", **values)
    return say("formulas.draft.entropy", **values, h1=number(event.q_H[0], 2), hn=number(event.q_H[-1], 2))


def verify(cycle: Cycle, event: Verdict, trace: Trace) -> str:
    n, k = cycle.draft.n_draft, event.n_accept
    if n == 0:
        return say("formulas.verify.none", chosen=_pick("p", trace).replace("ᵢ", "₁"))
    if _coupling(trace) == "rejection":
        return _tossed(cycle, event, trace)
    rule = say("formulas.verify.rule", chosen=_pick("p", trace))
    if event.next_id is None:
        return f"{rule} {say('formulas.verify.ended', at=_low(cycle.accepted))}"
    if k == n:
        return f"{rule} {say('formulas.verify.all', n=n, next=_low(n + 1), own=quoted(event.next_id, trace))}"
    guess = quoted(cycle.draft.draft_ids[k], trace) + _p(event.p_lp_draft, k)
    own = quoted(event.ar_ids[k], trace) + _p(event.p_lp_ar, k)
    cut = say("formulas.verify.cut" if k else "formulas.verify.first", at=_low(k + 1), guess=guess, own=own, k=k)
    return f"{rule} {cut}"


def _tossed(cycle: Cycle, event: Verdict, trace: Trace) -> str:
    """The acceptance test of speculative sampling at the cut."""
    n, k, rule = cycle.draft.n_draft, event.n_accept, say("formulas.tossed.rule")
    if k == n:
        return f"{rule} {say('formulas.tossed.all', n=n)}"
    if event.next_id is None:
        return f"{rule} {say('formulas.tossed.ended', at=_low(cycle.accepted))}"
    if event.u is None or event.accept_p is None or len(event.u) <= k:
        return f"{rule} {say('formulas.tossed.bare', at=k + 1, k=k)}"
    values = {"at": _low(k + 1), "u": number(event.u[k], 2), "chance": number(event.accept_p[k], 2), "k": k}
    return f"{rule} {say('formulas.tossed.cut', **values, token=quoted(event.next_id, trace))}"


def commit(cycle: Cycle, event: Verdict, trace: Trace) -> str:
    metrics, accepted, kv = measure(trace), cycle.accepted, event.kv
    passes = 1 + (cycle.draft.pass_rows > 0)
    values = {"kept": accepted, "own": event.n_commit - accepted, "before": kv.before, "written": kv.written}
    values |= {"cropped": kv.cropped, "rows": kv.before + kv.kept, "tokens": metrics.tokens, "cycles": metrics.cycles}
    return say(
        "formulas.commit",
        **values,
        new=counted(event.n_commit, "new-token"),
        passes=counted(passes, "pass"),
        per_cycle=number(metrics.tokens_per_cycle or 0, 2),
        all_passes=metrics.passes,
        tpf=number(metrics.tpf or 0, 2),
    )


def finish(event: Done, trace: Trace) -> str:
    metrics = measure(trace)
    values = {"draft": event.passes_draft, "verify": event.passes_verify, "tpf": number(metrics.tpf or 0, 2)}
    text = say("formulas.finish", tokens=event.n_tokens, **values)
    both = metrics.compared
    if both is None:
        return text
    values = {"ar": milliseconds(both.ar_ms), "ours": milliseconds(both.ms), "speed": number(metrics.speedup, 2)}
    return f"{text} {say('formulas.speed' if both.whole else 'formulas.speed.first', n=both.tokens, **values)}"


def _coupling(trace: Trace) -> str | None:
    return trace.start.params.coupling if trace.start else None


def _pick(view: str, trace: Trace) -> str:
    return say(f"formulas.pick.{_coupling(trace) or 'greedy'}", view=view)


def _p(log_probs: tuple[float, ...] | None, at: int) -> str:
    if log_probs is None:
        return ""
    p = math.exp(log_probs[at])
    return f" (p < {number(0.01, 2)})" if p < 0.005 else f" (p = {number(p, 2)})"


def _low(number: int) -> str:
    """A number as subscript digits."""
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
