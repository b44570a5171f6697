"""Captions: one sentence per phase at three levels: plain, technical, and the rule."""

from __future__ import annotations

import math
import re
from typing import Any

from orthrus.events import Done, Draft, Event, Prefill, Verdict
from orthrus.trace import Cycle, Trace
from orthrus.trace.metrics import measure
from viz.format import milliseconds, number
from viz.language import say
from viz.patches import Change, put
from viz.views import formulas, headline
from viz.views.words import counted, percent, quoted

NAME = "captions"
SURE = math.log(0.9)
NEAR_TIE = 0.5  # logits; the threshold of the lossless check
BLANKS = 3  # from this many kept whitespace guesses on, the caption mentions them
EARLY = 2  # a cut after at most this many guesses is called early
LEVELS = ("plain", "technical", "math")


def skeleton() -> dict[str, Any]:
    levels = [{"key": key, "label": say(f"captions.level.{key}")} for key in LEVELS]
    return {"kind": "captions", "title": say("captions.title"), "levels": levels, "state": {"say": {}}}


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
    return put("say", {key: segments(text) for key, text in zip(LEVELS, texts, strict=True)}, phase)


def _prefill(event: Prefill, trace: Trace) -> tuple[str, str]:
    values = {"rows": event.kv_len, "ms": milliseconds(event.ms), "gap": number(event.p_gap, 2)}
    plain = say("captions.prefill.plain", n=event.kv_len, token=quoted(event.first_id, trace))
    return plain, say("captions.prefill.technical", **values)


def _draft(event: Draft) -> tuple[str, str]:
    n = event.n_draft
    if n == 0:
        return _both("draft.none")
    tokens = mark("pending", counted(n, "token"))
    if event.shape == "lookup":
        return _both("draft.lookup", tokens=tokens, n=n)
    if event.drafted_rows == 0:
        return _both("draft.one-pass", tokens=tokens, n=n)
    values: dict[str, Any] = {"tokens": tokens, "sure": "", "pos": event.pos0, "n": n, "entropy": ""}
    values["ms"] = milliseconds(event.t_draft_ms)
    if event.q_lp is not None:
        sure = next((k for k, value in enumerate(event.q_lp) if value < SURE), n)
        how = {0: "unsure", n: "sure"}.get(sure, "partly")
        values["sure"] = say(f"captions.draft.{how}", n=sure)
    if event.q_H:
        ends = {"first": number(event.q_H[0], 2), "last": number(event.q_H[-1], 2)}
        values["entropy"] = say("captions.draft.entropy", **ends)
    return _both("draft.guessed", **values)


def _both(what: str, **values: Any) -> tuple[str, str]:
    """A sentence's plain and its technical words."""
    return say(f"captions.{what}.plain", **values), say(f"captions.{what}.technical", **values)


def kind_of(cycle: Cycle, event: Verdict) -> str:
    """How one verdict is told: captions.verify.KIND."""
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
    values: dict[str, Any] = {"n": n, "k": agree, "at": at, "own": "", "guess": "", "odds": ""}
    values |= {"kept": mark("accepted", counted(at, "guess")), "all": mark("accepted", say("captions.verify.all", n=n))}
    values["first"] = mark("refused", say("captions.verify.very-first"))
    values["later"] = " " + _after("unjudged", n - agree - 1) if n - agree > 2 else ""
    values["rest"] = " " + _after("unused", n - at) if n - at > 1 else ""
    drawn = event.next_kind == "resample"  # refused by chance: the AR view's own first choice may be the guess itself
    if kind in ("first", "early", "cut"):
        own = event.next_id if drawn and event.next_id is not None else event.ar_ids[agree]
        guess = cycle.draft.draft_ids[agree]
        values |= {"own": mark("own", quoted(own, trace)), "guess": mark("refused", quoted(guess, trace))}
        values["odds"] = "" if drawn else _odds(event, agree)
    plain, technical = _both(f"verify.{kind}", **values)
    if values["own"] and not drawn and event.p_gap is not None and event.p_gap[agree] <= NEAR_TIE:
        plain += " " + say("captions.verify.close-call")
    if (blanks := sum(_blank(i, trace) for i in cycle.accepted_ids)) >= BLANKS:
        plain += " " + say("captions.verify.blanks", n=blanks)
    if event.path:
        plain += " " + say("captions.verify.branch", guesses=counted(len(event.path), "guess"))
    if event.cycle == 0 and n:
        plain += " " + say("captions.verify.sweep")
    return plain, say("captions.verify.technical", ms=milliseconds(event.t_verify_ms), rest=technical)


def _after(what: str, n: int) -> str:
    later = mark("discarded", say("captions.verify.after", n=n))
    return say(f"captions.verify.{what}", guesses=later)


def _blank(index: int, trace: Trace) -> bool:
    """Whether a token is a line end or indentation; a single space is not."""
    text = trace.glyph(index).s or ""
    return text.isspace() and text != " "


def _odds(event: Verdict, at: int) -> str:
    if event.p_lp_ar is None or event.p_lp_draft is None or event.p_gap is None:
        return ""
    tie = say("captions.verify.near-tie") if event.p_gap[at] <= NEAR_TIE else ""
    own, guess = percent(event.p_lp_ar[at]), percent(event.p_lp_draft[at])
    return say("captions.verify.odds", own=own, guess=guess, gap=number(event.p_gap[at], 2), tie=tie)


def _commit(cycle: Cycle, event: Verdict, trace: Trace) -> tuple[str, str]:
    n, metrics = cycle.accepted, measure(trace)
    guesses = mark("accepted", counted(n, "guess")) if n else counted(n, "guess")
    values: dict[str, Any] = {"guesses": guesses, "own": mark("own", say("captions.commit.own"))}
    values["tokens"] = counted(event.n_commit, "token")
    values["passes"] = counted(2 if cycle.draft.pass_rows else 1, "forward-pass")
    plain = say("captions.commit.plain" if event.next_id is not None else "captions.commit.ended", **values)
    if event.kv.cropped:
        rest = say("captions.commit.rest")
        rest = mark("discarded", rest) if "discarded" in cycle.statuses() else rest
        plain += " " + say("captions.commit.cropped", rest=rest)
    if event.stop == "eos":
        plain += " " + say("captions.commit.end")
    numbers = {"kept": event.kv.kept, "written": event.kv.written, "cropped": event.kv.cropped}
    rates = {"rate": number(metrics.tokens_per_cycle), "tpf": number(metrics.tpf)}
    return plain, say("captions.commit.technical", tokens=event.n_commit, **numbers, **rates)


def _finish(event: Done, trace: Trace) -> tuple[str, str]:
    metrics = measure(trace)
    plain = headline.summary(trace)
    if trace.lossless and trace.lossless.verdict == "identical":
        plain += " " + say("captions.finish.identical")
    counts = {"cycles": event.cycles, "drafts": event.passes_draft, "verifies": event.passes_verify}
    rates = {"length": number(metrics.acceptance_length), "tpf": number(metrics.tpf), "stop": event.stop}
    return plain, say("captions.finish.technical", **counts, **rates)
