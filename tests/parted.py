"""Traces whose two lanes part, for tests only: a synthetic run with another AR text behind one token."""

from __future__ import annotations

from dataclasses import replace

from orthrus.events import ArChunk, Event, Lossless, TopLogit
from tests import synthetic


def events(at: int = 41, verdict: str = "near_tie", **changes) -> list[Event]:
    """Both lanes agree on the first `at` tokens; the judgement is made up to fit."""
    found, near = synthetic.events(**{"seed": 1, "tokens": 90} | changes), verdict == "near_tie"
    text, close = synthetic.TEXT_IDS, 0.0117 if near else 2.75
    ours, theirs, third = text[at % len(text)], text[3], text[7]
    block = _top(14.25, close, ours, theirs, third)
    single = _top(14.2461, close / 3, theirs, ours, third)
    facts = {"n_compared": at + 1, "identical": at, "first_div": at, "rows_compared": at + 1, "rows_equal": 3}
    facts |= {"block_top3": block, "single_top3": single, "verdict": verdict}
    facts |= {"gap_block": round(close, 4), "gap_single": round(close / 3, 4)}
    for i, event in enumerate(found):
        if isinstance(event, Lossless):
            found[i] = replace(event, **facts)
        elif isinstance(event, ArChunk):
            found[i] = replace(event, ids=tuple(_other(event.i0 + k, at, x) for k, x in enumerate(event.ids)))
    return found


def _top(best: float, close: float, *ids: int) -> tuple[TopLogit, ...]:
    logits = (best, best - close, best - 5)
    return tuple(TopLogit(id=index, logit=round(logit, 4)) for index, logit in zip(ids, logits, strict=True))


def _other(index: int, at: int, token: int) -> int:
    """The AR lane's token: another one at the parting, then the text shifted by one."""
    if index < at:
        return token
    return synthetic.TEXT_IDS[3 if index == at else (index + 1) % len(synthetic.TEXT_IDS)]
