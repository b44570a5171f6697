"""The lossless check: what was compared and, at a divergence, both texts and the logit gap."""

from __future__ import annotations

from typing import Any

from orthrus.events import Event, Lossless, RunStart, TopLogit
from orthrus.events.detokenize import spell
from orthrus.trace import Trace
from viz.format import number
from viz.patches import Change, put
from viz.views.captions import NEAR_TIE, counted, quoted
from viz.views.provenance import DISTRIBUTION, compared

NAME = "neartie"
BEFORE, AFTER = 12, 16  # tokens shown around the divergence
PROMISE = {
    "fast": "Plain PyTorch decoded this run: the last bits of a row of logits may depend on how many rows are computed "
    "with it, so equal tokens are a measurement, not a promise.",
    "exact": "The engine of this run computes each row by itself: its bits depend on that row alone, so the tokens are "
    "equal by construction.",
}

REPEAT = "Run it again on the compiled engine (Advanced): there the two texts cannot part by rounding."


def skeleton() -> dict[str, Any]:
    waiting = "Both texts are compared once plain decoding has answered the same prompt."
    unchecked = {"tone": "quiet", "badge": "not compared yet", "say": [waiting]}
    return {
        "kind": "neartie",
        "title": "Is it the same text?",
        "hint": "Plain decoding answers the same prompt with the same weights. Both texts are compared token by token, "
        "and their logits row by row.",
        "heads": ["rank", "token", "logit"],
        "facts": {"check": unchecked},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, RunStart) and event.params.coupling == "rejection":
        say = [DISTRIBUTION["about"]]
        return [put("check", {"tone": DISTRIBUTION["tone"], "badge": DISTRIBUTION["text"], "say": say})]
    if not isinstance(event, Lossless):
        return []
    badge = compared(event, trace)
    check: dict[str, Any] = {"tone": badge["tone"], "badge": badge["text"], "say": _say(event, trace)}
    if event.first_div is not None:
        check |= {"lists": _lists(event), "texts": _texts(event.first_div, trace)}
    return [put("check", check)]


def _say(event: Lossless, trace: Trace) -> list[str]:
    if event.first_div is None:
        return [f"All {counted(event.identical, 'token')} are equal.", _rows(event), _promise(trace)]
    again = [REPEAT] if trace.start and trace.start.model.mode == "fast" else []
    return [*_parting(event, trace), _judgement(event), *again, _rows(event), _promise(trace)]


def _rows(event: Lossless) -> str:
    if not event.rows_compared:
        return "Rows of logits were not compared."
    until = "" if event.first_div is None else ", up to the place where the texts part"
    begin = f"{counted(event.rows_compared, 'row')} of logits compared{until}:"
    rest = event.rows_compared - event.rows_equal
    if not rest:
        return f"{begin} all of them equal in every bit."
    return f"{begin} {event.rows_equal} equal in every bit; rounding changed the last bits of the other {rest}."


def _promise(trace: Trace) -> str:
    return PROMISE.get(trace.start.model.mode, "") if trace.start else ""


def _parting(event: Lossless, trace: Trace) -> list[str]:
    at = event.first_div or 0
    begin = f"The first {counted(at, 'token')} are equal." if at else "The texts differ from their first token on."
    ours, theirs = (_word(ids, at, trace) for ids in (trace.token_ids, trace.ar_ids))
    return [begin, f"As token {at + 1} Orthrus wrote {ours}, plain decoding {theirs}."]


def _word(ids: Any, at: int, trace: Trace) -> str:
    return quoted(ids[at], trace) if at < len(ids) else "nothing more"


def _judgement(event: Lossless) -> str:
    """A sentence that calls the divergence a near tie or a bug, with the event's gaps."""
    gaps = [gap for gap in (event.gap_block, event.gap_single) if gap is not None]
    if not gaps:
        return "How close the choice was is not known: the rows of this place were not kept."
    seen = f"In the block the two best were {number(event.gap_block, 4)} logits apart, alone "
    seen += f"{number(event.gap_single, 4)}"
    if event.verdict == "near_tie":
        return f"{seen}: a near tie (below {NEAR_TIE}). Rounding decided, and both are the model's own choice."
    return f"{seen}: no near tie ({NEAR_TIE} and more). Rounding does not explain it: please report it as a bug."


def _lists(event: Lossless) -> list[dict[str, Any]]:
    return [
        _list("Orthrus, in a block", event.block_top3, event.gap_block),
        _list("Plain decoding", event.single_top3, event.gap_single),
    ]


def _list(name: str, top: tuple[TopLogit, ...], gap: float | None) -> dict[str, Any]:
    rows = [[each.id, round(each.logit, 3)] for each in top]
    return {"name": name, "rows": rows, "gap": None if gap is None else f"gap {number(gap, 4)} logits"}


def _texts(at: int, trace: Trace) -> dict[str, Any]:
    """Both texts around the divergence: the end of the common prefix, then each continuation."""

    def text(ids: Any) -> str:
        return "".join(span.text for span in spell([trace.data([index]) for index in ids]))

    ours, theirs = trace.token_ids, tuple(trace.ar_ids)
    shared = {"cut": at > BEFORE, "shared": text(ours[max(0, at - BEFORE) : at])}
    tails = [["Orthrus", ours], ["Plain decoding", theirs]]
    return {**shared, "tails": [[name, text(ids[at : at + AFTER]), len(ids) > at + AFTER] for name, ids in tails]}
