"""The lossless check: what was compared and, at a divergence, both texts and the logit gap."""

from __future__ import annotations

from typing import Any

from orthrus.events import Event, Lossless, RunStart, TopLogit
from orthrus.events.detokenize import spell
from orthrus.trace import Trace
from viz.format import general, number
from viz.language import say
from viz.patches import Change, put
from viz.views.captions import NEAR_TIE, counted, quoted
from viz.views.provenance import compared, in_distribution

NAME = "neartie"
BEFORE, AFTER = 12, 16  # tokens shown around the divergence


def skeleton() -> dict[str, Any]:
    unchecked = {"tone": "quiet", "badge": say("neartie.unchecked"), "say": [say("neartie.waiting")]}
    return {
        "kind": "neartie",
        "title": say("neartie.title"),
        "hint": say("neartie.hint"),
        "heads": [say(f"neartie.head.{head}") for head in ("rank", "token", "logit")],
        "facts": {"check": unchecked},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, RunStart) and event.params.coupling == "rejection":
        badge = in_distribution()
        return [put("check", {"tone": badge["tone"], "badge": badge["text"], "say": [badge["about"]]})]
    if not isinstance(event, Lossless):
        return []
    badge = compared(event, trace)
    check: dict[str, Any] = {"tone": badge["tone"], "badge": badge["text"], "say": _say(event, trace)}
    if event.first_div is not None:
        check |= {"lists": _lists(event), "texts": _texts(event.first_div, trace)}
    return [put("check", check)]


def _say(event: Lossless, trace: Trace) -> list[str]:
    if event.first_div is None:
        return [say("neartie.all", tokens=counted(event.identical, "token")), _rows(event), _promise(trace)]
    again = [say("neartie.repeat")] if trace.start and trace.start.model.mode == "fast" else []
    return [*_parting(event, trace), _judgement(event), *again, _rows(event), _promise(trace)]


def _rows(event: Lossless) -> str:
    if not event.rows_compared:
        return say("neartie.rows.none")
    part, rest = "whole" if event.first_div is None else "until", event.rows_compared - event.rows_equal
    values = {"rows": counted(event.rows_compared, "row"), "equal": event.rows_equal, "rest": rest}
    return say(f"neartie.rows.{part}.{'some' if rest else 'all'}", **values)


def _promise(trace: Trace) -> str:
    mode = trace.start.model.mode if trace.start else ""
    return say(f"neartie.promise.{mode}") if mode in ("fast", "exact") else ""


def _parting(event: Lossless, trace: Trace) -> list[str]:
    at = event.first_div or 0
    begin = say("neartie.parting.later", tokens=counted(at, "token")) if at else say("neartie.parting.first")
    ours, theirs = (_word(ids, at, trace) for ids in (trace.token_ids, trace.ar_ids))
    return [begin, say("neartie.parting.words", at=at + 1, ours=ours, theirs=theirs)]


def _word(ids: Any, at: int, trace: Trace) -> str:
    return quoted(ids[at], trace) if at < len(ids) else say("neartie.nothing")


def _judgement(event: Lossless) -> str:
    """A sentence that calls the divergence a near tie or a bug, with the event's gaps."""
    gaps = [gap for gap in (event.gap_block, event.gap_single) if gap is not None]
    if not gaps:
        return say("neartie.judged.unknown")
    values = {"block": number(event.gap_block, 4), "alone": number(event.gap_single, 4), "tie": general(NEAR_TIE)}
    return say("neartie.judged.tie" if event.verdict == "near_tie" else "neartie.judged.bug", **values)


def _lists(event: Lossless) -> list[dict[str, Any]]:
    return [
        _list(say("neartie.list.block"), event.block_top3, event.gap_block),
        _list(say("neartie.list.plain"), event.single_top3, event.gap_single),
    ]


def _list(name: str, top: tuple[TopLogit, ...], gap: float | None) -> dict[str, Any]:
    rows = [[each.id, round(each.logit, 3)] for each in top]
    return {"name": name, "rows": rows, "gap": None if gap is None else say("neartie.gap", gap=number(gap, 4))}


def _texts(at: int, trace: Trace) -> dict[str, Any]:
    """Both texts around the divergence: the end of the common prefix, then each continuation."""

    def text(ids: Any) -> str:
        return "".join(span.text for span in spell([trace.data([index]) for index in ids]))

    ours, theirs = trace.token_ids, tuple(trace.ar_ids)
    shared = {"cut": at > BEFORE, "shared": text(ours[max(0, at - BEFORE) : at])}
    tails = [["Orthrus", ours], [say("neartie.list.plain"), theirs]]
    return {**shared, "tails": [[name, text(ids[at : at + AFTER]), len(ids) > at + AFTER] for name, ids in tails]}
