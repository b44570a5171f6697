"""Captions: one sentence per phase at three levels: plain, technical, and the rule."""

from __future__ import annotations

import math
import re
from typing import Any

from orthrus.events import Done, Draft, Event, Prefill, Verdict
from orthrus.trace import Cycle, Trace
from orthrus.trace.metrics import measure
from viz.format import milliseconds, number
from viz.patches import Change, put
from viz.views import formulas, headline
from viz.views.words import counted, percent, quoted

NAME = "captions"
SURE = math.log(0.9)
NEAR_TIE = 0.5  # logits; the threshold of the lossless check
BLANKS = 3  # from this many kept whitespace guesses on, the caption mentions them
EARLY = 2  # a cut after at most this many guesses is called early
LEVELS = (("plain", "Plain"), ("technical", "Technical"), ("math", "Math"))
# the verdict in words, by kind of block: plain and technical
VERDICTS = {
    "single": ("The AR view writes one token by itself.", "one row, no proposal."),
    "ended": (
        "The AR view agrees with {kept}, and there the text ends.{rest}",
        "EOS accepted at slot {at}; n_accept {k} of {n}, but proposals after an EOS do not count.",
    ),
    "perfect": ("A perfect block: the AR view agrees with every one of the {all}.", "n_accept {k} of {n}."),
    "first": (
        "It disagrees with the {first}: it wants {own} instead of {guess}.{later}",
        "n_accept 0 of {n}; at slot 1 it takes {own}{odds}.",
    ),
    "early": (
        "An early stop: the AR view agrees with only {kept}, then it wants {own} instead of {guess}.{later}",
        "n_accept {k} of {n}; at the cut it takes {own}{odds}.",
    ),
    "cut": (
        "The AR view agrees with {kept}, then it wants {own} instead of {guess}.{later}",
        "n_accept {k} of {n}; at the cut it takes {own}{odds}.",
    ),
}


def skeleton() -> dict[str, Any]:
    levels = [{"key": key, "label": label} for key, label in LEVELS]
    return {"kind": "captions", "title": "What happens", "levels": levels, "state": {"say": {}}}


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, Prefill):
        return [_say("prefill", *_prefill(event, trace), formulas.prefill(event, trace))]
    if isinstance(event, Draft):
        return [_say("draft", *_draft(event), formulas.draft(event, trace))]
    if isinstance(event, Verdict):
        cycle = trace.cycle(event.cycle)
        return [
            _say("verify", *_verify(cycle, event, trace), formulas.verify(cycle, event, trace)),
            _say("commit", *_commit(cycle, event, trace), formulas.commit(cycle, event, trace)),
        ]
    if isinstance(event, Done):
        return [_say("finish", *_finish(event, trace), formulas.finish(event, trace))]
    return []


def mark(status: str, words: str) -> str:
    """Words of a caption that are about the slots of a status; `segments` finds them again."""
    return f"\x01{status}\x02{words}\x03"


def segments(text: str) -> list[list[str | None]]:
    """A caption as [words, status of the slots they are about, or None] in order; the player links the two."""
    parts = re.split("\x01(.*?)\x02(.*?)\x03", text, flags=re.DOTALL)
    plain = [[words, None] for words in parts[::3]]
    marked = [[words, status] for status, words in zip(parts[1::3], parts[2::3], strict=True)]
    ordered = [piece for pair in zip(plain, [*marked, ["", None]], strict=True) for piece in pair]
    return [piece for piece in ordered if piece[0]]


def spoken(caption: list[list[str | None]]) -> str:
    """The text of a caption's segments."""
    return "".join(words for words, _ in caption)


def _say(phase: str, *texts: str) -> Change:
    return put("say", {key: segments(text) for (key, _), text in zip(LEVELS, texts, strict=True)}, phase)


def _prefill(event: Prefill, trace: Trace) -> tuple[str, str]:
    plain = (
        f"The model read the prompt, {event.kv_len} tokens, and wrote the first token: {quoted(event.first_id, trace)}."
    )
    gap = f"gap between its two best logits {event.p_gap:.2f}"
    return plain, f"Prefill: {event.kv_len} cache rows in {milliseconds(event.ms)}, by the AR view; {gap}."


def _draft(event: Draft) -> tuple[str, str]:
    n = event.n_draft
    if n == 0:
        return "Nothing is guessed this time: the AR view writes one token by itself.", "No draft pass: n_draft is 0."
    if event.shape == "lookup":
        found = mark("pending", counted(n, "token"))
        return (
            f"{found} that followed the same words earlier stand in for a guess.",
            f"Prompt lookup: {n} proposals, no draft pass.",
        )
    if event.drafted_rows == 0:
        made = mark("pending", counted(n, "token"))
        return (
            f"The last check has guessed on, too: {made} are there without a pass.",
            f"One pass: {n} proposals of the lane that stood at the last cut, no draft pass.",
        )
    plain = f"The diffusion view guesses {mark('pending', counted(n, 'token'))} in a single forward pass."
    if event.q_lp is not None:
        sure = next((k for k, value in enumerate(event.q_lp) if value < SURE), n)
        plain += {
            0: " It is unsure from the first one on.",
            n: " It is sure of all of them (90 % and more).",
        }.get(sure, f" It is sure of the first {sure} (90 % and more), then less.")
    entropy = f"; entropy {event.q_H[0]:.2f} to {event.q_H[-1]:.2f} nats across the block" if event.q_H else ""
    return plain, f"Draft pass at position {event.pos0}: {n} proposals in {milliseconds(event.t_draft_ms)}{entropy}."


def kind_of(cycle: Cycle, event: Verdict) -> str:
    """The key into VERDICTS of one verdict."""
    n, agree = cycle.draft.n_draft, event.n_accept
    if n == 0:
        return "single"
    if event.next_id is None:
        return "ended"
    if agree == n:
        return "perfect"
    return "first" if agree == 0 else "early" if agree <= EARLY else "cut"


def _verify(cycle: Cycle, event: Verdict, trace: Trace) -> tuple[str, str]:
    n, agree, at, kind = cycle.draft.n_draft, event.n_accept, cycle.accepted, kind_of(cycle, event)
    values = {"n": n, "k": agree, "at": at, "own": "", "guess": "", "odds": ""}
    values |= {"kept": mark("accepted", counted(at, "guess")), "all": mark("accepted", f"{n} guesses")}
    values["first"] = mark("refused", "very first guess")
    values["later"] = f" The {_after(n - agree - 1)} are never judged." if n - agree > 2 else ""
    values["rest"] = f" The {_after(n - at)} are not used." if n - at > 1 else ""
    drawn = event.next_kind == "resample"  # refused by chance: the AR view's own first choice may be the guess itself
    if kind in ("first", "early", "cut"):
        own = event.next_id if drawn and event.next_id is not None else event.ar_ids[agree]
        guess = cycle.draft.draft_ids[agree]
        values |= {"own": mark("own", quoted(own, trace)), "guess": mark("refused", quoted(guess, trace))}
        values["odds"] = "" if drawn else _odds(event, agree)
    plain, technical = (text.format(**values) for text in VERDICTS[kind])
    if values["own"] and not drawn and event.p_gap is not None and event.p_gap[agree] <= NEAR_TIE:
        plain += " A close call: its two best candidates were almost equally likely."
    if (blanks := sum(_blank(i, trace) for i in cycle.accepted_ids)) >= BLANKS:
        plain += f" {blanks} of those kept are only line ends and indentation, which are easy to guess."
    if event.path:
        plain += f" A branch of the draft agrees further: {counted(len(event.path), 'guess')} more are kept."
    if event.cycle == 0 and n:
        plain += " All in one forward pass: the sweep is only for your eyes."
    return plain, f"Verify pass in {milliseconds(event.t_verify_ms)}: {technical}"


def _after(n: int) -> str:
    return mark("discarded", f"{counted(n, 'guess')} after that")


def _blank(index: int, trace: Trace) -> bool:
    """Whether a token is a line end or indentation; a single space is not."""
    text = trace.glyph(index).s or ""
    return text.isspace() and text != " "


def _odds(event: Verdict, at: int) -> str:
    if event.p_lp_ar is None or event.p_lp_draft is None or event.p_gap is None:
        return ""
    tie = ", a near tie" if event.p_gap[at] <= NEAR_TIE else ""
    own, guess = percent(event.p_lp_ar[at]), percent(event.p_lp_draft[at])
    return f" (p {own}) over the proposal (p {guess}), gap {event.p_gap[at]:.2f}{tie}"


def _commit(cycle: Cycle, event: Verdict, trace: Trace) -> tuple[str, str]:
    n, metrics = cycle.accepted, measure(trace)
    passes = 2 if cycle.draft.pass_rows else 1
    own = mark("own", "one token of the AR view's own")
    guesses = mark("accepted", counted(n, "guess")) if n else counted(n, "guess")
    plain = f"{guesses} and {own}" if event.next_id is not None else guesses
    plain += f": {counted(event.n_commit, 'token')} for {counted(passes, 'forward pass')}."
    if event.kv.cropped:
        rest = mark("discarded", "The rest") if "discarded" in cycle.statuses() else "The rest"
        plain += f" {rest} is thrown away, and its memory with it."
    if event.stop == "eos":
        plain += " The text ends here."
    technical = (
        f"Committed {event.n_commit}; cache keeps {event.kv.kept} of {event.kv.written} rows written, "
        f"{event.kv.cropped} cropped. So far {number(metrics.tokens_per_cycle)} tokens per cycle, "
        f"TPF {number(metrics.tpf)}."
    )
    return plain, technical


def _finish(event: Done, trace: Trace) -> tuple[str, str]:
    metrics = measure(trace)
    plain = headline.summary(trace)
    if trace.lossless and trace.lossless.verdict == "identical":
        plain += " Not one token is different."
    technical = (
        f"{event.cycles} cycles, {event.passes_draft} draft and {event.passes_verify} verify passes; "
        f"acceptance length {number(metrics.acceptance_length)}, TPF {number(metrics.tpf)}; stopped by {event.stop}."
    )
    return plain, technical
