"""One sentence per phase, filled with what happened: for everybody, and for those who know the terms."""

from __future__ import annotations

import math
from typing import Any

from orthrus.events import Done, Draft, Event, Prefill, Verdict
from orthrus.trace import Cycle, Trace
from viz.board import milliseconds, number, times
from viz.changes import Change, put
from viz.words import shown

NAME = "captions"
SURE = math.log(0.9)
NEAR_TIE = 0.5  # logits; the threshold of the lossless check


def skeleton() -> dict[str, Any]:
    levels = [{"key": "plain", "label": "Plain"}, {"key": "technical", "label": "Technical"}]
    return {"kind": "captions", "title": "What happens", "levels": levels, "state": {"say": {}}}


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, Prefill):
        return [_say("prefill", *_prefill(event, trace))]
    if isinstance(event, Draft):
        return [_say("draft", *_draft(event))]
    if isinstance(event, Verdict):
        cycle = trace.cycle(event.cycle)
        return [_say("verify", *_verify(cycle, event, trace)), _say("commit", *_commit(cycle, event, trace))]
    if isinstance(event, Done):
        return [_say("finish", *_finish(event, trace))]
    return []


def _say(phase: str, plain: str, technical: str) -> Change:
    return put("say", {"plain": plain, "technical": technical}, phase)


def _prefill(event: Prefill, trace: Trace) -> tuple[str, str]:
    plain = (
        f"The model read the prompt, {event.kv_len} tokens, and wrote the first token: {quoted(event.first_id, trace)}."
    )
    gap = f"gap between its two best logits {event.p_gap:.2f}"
    return plain, f"Prefill: {event.kv_len} cache rows in {milliseconds(event.ms)}, by the AR view; {gap}."


def _draft(event: Draft) -> tuple[str, str]:
    n = event.n_draft
    if n == 0:
        return "Only one token is left, so there is nothing to guess.", "No draft pass: n_draft is 0."
    plain = f"The diffusion view guesses {counted(n, 'token')} in a single look."
    if event.q_lp is not None:
        sure = next((k for k, value in enumerate(event.q_lp) if value < SURE), n)
        plain += {
            0: " It is unsure from the first one on.",
            n: " It is sure of all of them (90 % and more).",
        }.get(sure, f" It is sure of the first {sure} (90 % and more), then less.")
    entropy = f"; entropy {event.q_H[0]:.2f} to {event.q_H[-1]:.2f} nats across the block" if event.q_H else ""
    return plain, f"Draft pass at position {event.pos0}: {n} proposals in {milliseconds(event.t_draft_ms)}{entropy}."


def _verify(cycle: Cycle, event: Verdict, trace: Trace) -> tuple[str, str]:
    n, agree = cycle.draft.n_draft, event.n_accept
    took = f"Verify pass in {milliseconds(event.t_verify_ms)}: "
    if n == 0:
        return "The AR view writes the last token itself.", took + "one row, no proposal."
    sweep = " All in one look: the sweep is only for your eyes." if event.cycle == 0 else ""
    if agree == n:
        return f"The AR view agrees with every one of the {n} guesses.{sweep}", took + f"n_accept {n} of {n}."
    own, guess = quoted(event.ar_ids[agree], trace), quoted(cycle.draft.draft_ids[agree], trace)
    start = "It disagrees with the very first guess" if agree == 0 else f"The AR view agrees with {agree}"
    later = f" The {counted(n - agree - 1, 'guess')} after that are never judged." if n - agree > 2 else ""
    plain = f"{start}, then it wants {own} instead of {guess}.{later}{sweep}"
    if agree == 0:
        plain = f"{start}: it wants {own} instead of {guess}.{later}{sweep}"
    technical = took + f"n_accept {agree} of {n}; at the cut it takes {own}{_odds(event, agree)}."
    return plain, technical


def _odds(event: Verdict, at: int) -> str:
    if event.p_lp_ar is None or event.p_lp_draft is None or event.p_gap is None:
        return ""
    tie = ", a near tie" if event.p_gap[at] <= NEAR_TIE else ""
    own, guess = percent(event.p_lp_ar[at]), percent(event.p_lp_draft[at])
    return f" (p {own}) over the proposal (p {guess}), gap {event.p_gap[at]:.2f}{tie}"


def _commit(cycle: Cycle, event: Verdict, trace: Trace) -> tuple[str, str]:
    kept, metrics = cycle.accepted, trace.metrics()
    looks = 2 if cycle.draft.n_draft else 1
    own = " and one token of the AR view's own" if event.next_id is not None else ""
    plain = f"{counted(kept, 'guess')}{own}: {counted(event.n_commit, 'token')} for {counted(looks, 'look')}."
    if event.kv.cropped:
        plain += " The rest is thrown away, and its memory with it."
    if event.stop == "eos":
        plain += " The text ends here."
    technical = (
        f"Committed {event.n_commit}; cache keeps {event.kv.kept} of {event.kv.written} rows written, "
        f"{event.kv.cropped} cropped. So far {number(metrics.tokens_per_cycle)} tokens per cycle, "
        f"TPF {number(metrics.tpf)}."
    )
    return plain, technical


def _finish(event: Done, trace: Trace) -> tuple[str, str]:
    metrics = trace.metrics()
    plain = f"{counted(event.n_tokens, 'token')} in {counted(metrics.passes, 'look')} instead of {event.n_tokens}."
    if metrics.speedup is not None:
        slower = "slower here, " if metrics.speedup < 1 else ""
        plain += f" Measured: {slower}{times(metrics.speedup)} the speed of plain decoding."
    if trace.lossless and trace.lossless.verdict == "identical":
        plain += " Not one token is different."
    technical = (
        f"{event.cycles} cycles, {event.passes_draft} draft and {event.passes_verify} verify passes; "
        f"acceptance length {number(metrics.acceptance_length)}, TPF {number(metrics.tpf)}; stopped by {event.stop}."
    )
    return plain, technical


def quoted(index: int, trace: Trace) -> str:
    """A token in a sentence: its outer spaces only matter where it has nothing else."""
    text = shown(trace.glyph(index)).replace("\n", "⏎")
    return f"“{text.strip() or '␣' * len(text)}”"


def percent(log_prob: float) -> str:
    return f"{100 * math.exp(log_prob):.0f} %"


def counted(n: int, noun: str) -> str:
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{n} {noun if n == 1 else plural}"
