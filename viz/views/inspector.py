"""The inspector: one slot's alternatives as the diffusion view and as the AR view rank them."""

from __future__ import annotations

import math
from typing import Any

from orthrus.events import Draft, Event, Verdict
from orthrus.trace import Cycle, Trace
from viz.language import say
from viz.patches import Change, merge, put
from viz.theme import codes
from viz.views.captions import NEAR_TIE, SURE

NAME = "inspector"
SHOWN = 5  # alternatives shown per view: later ones are mostly below a percent, and cost as many bytes
# of slots by their status; the player fills the braces
SENTENCES = (
    "anchor", "pending", "accepted", "refused", "tossed", "discarded", "ended", "bare", "near_tie", "found", "unscored",
)  # fmt: skip
NUMBERS = ("q", "p", "q_H", "p_H", "rank_q", "rank_p", "gap", "overlap", "accept")


def filters() -> dict[str, Any]:
    sliders = [
        {"key": "temperature", "from": 0.1, "to": 2, "step": 0.1, "value": 1},
        {"key": "k", "from": 1, "to": SHOWN, "step": 1, "value": SHOWN, "off": SHOWN},
        {"key": "p", "from": 0.05, "to": 1, "step": 0.05, "value": 1, "off": 1},
    ]
    return {
        "label": say("inspector.filters.label"),
        "sliders": [{**each, "label": say(f"inspector.filters.slider.{each['key']}")} for each in sliders],
        "reset": say("inspector.filters.reset"),
        "about": say("inspector.filters.about", n=SHOWN),
        "mark": say("inspector.filters.mark"),
    }


def skeleton() -> dict[str, Any]:
    return {
        "kind": "inspector",
        "title": say("inspector.title"),
        "hint": say("inspector.hint"),
        "heads": [say("inspector.head.diffusion"), say("inspector.head.ar")],
        "sentences": {status: say(f"inspector.sentence.{status}") for status in SENTENCES},
        "numbers": {
            key: {"label": say(f"inspector.number.{key}"), "about": say(f"inspector.about.{key}")} for key in NUMBERS
        },
        "near_tie": NEAR_TIE,
        "filters": filters(),
        "later": say("inspector.later"),
        "after_end": say("inspector.after-end"),
        "state": {"block": None},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, Draft):
        return [put("block", _drafted(event, trace.cycle(event.cycle)), "draft")]
    if isinstance(event, Verdict):
        return [merge("block", _judged(event, trace.cycle(event.cycle)), "verify")]
    return []


def _drafted(event: Draft, cycle: Cycle) -> dict[str, Any]:
    block: dict[str, Any] = {
        "status": codes(cycle.statuses()),
        "anchor": event.anchor_id,
        "ids": event.draft_ids,
        "look": _first_unsure(event),
    }
    if event.drafter == "lookup":
        block["found"] = True
    if event.q_lp is not None:
        block["q"] = tenths(event.q_lp)
    if event.q_top_ids is not None and event.q_top_lp is not None:
        block |= {
            "q_H": event.q_H,
            "q_top": heads(event.q_top_ids),
            "q_topp": [tenths(x[:SHOWN]) for x in event.q_top_lp],
        }
    return block


def _judged(event: Verdict, cycle: Cycle) -> dict[str, Any]:
    n, statuses = cycle.draft.n_draft, cycle.statuses()
    block: dict[str, Any] = {
        "status": codes(statuses),
        "own": event.ar_ids[:n],
        "look": statuses.index("refused") if "refused" in statuses else cycle.on_chain,  # the most telling slot
        "refused": "refused",
        "unjudged": "ended" if event.next_id is None else "discarded",
    }
    if event.p_lp_draft is not None and event.p_lp_ar is not None and event.p_gap is not None:
        block |= {"p": tenths(event.p_lp_draft), "own_p": tenths(event.p_lp_ar[:n]), "gap": rounded(event.p_gap[:n])}
    if event.p_top_ids is not None and event.p_top_lp is not None:
        block |= {"p_top": heads(event.p_top_ids[:n]), "p_topp": [tenths(x[:SHOWN]) for x in event.p_top_lp[:n]]}
    if event.p_H is not None and event.overlap is not None:
        block |= {"p_H": rounded(event.p_H[:n]), "overlap": rounded(event.overlap)}
        block |= {"rank_p": event.rank_p_of_draft, "rank_q": event.rank_q_of_ar}
    if event.accept_p is not None and event.u is not None:  # the coupling with random acceptance
        block |= {"accept": rounded(event.accept_p), "u": rounded(event.u), "refused": "tossed"}
    return block


def _first_unsure(event: Draft) -> int:
    """The slot worth looking at before the verdict: the first guess below 90 %."""
    unsure = (slot for slot, value in enumerate(event.q_lp or (), 1) if value < SURE)
    return next(unsure, min(1, event.n_draft))


def heads(rows: tuple[tuple[int, ...], ...]) -> list[tuple[int, ...]]:
    return [row[:SHOWN] for row in rows]


def tenths(log_probs: tuple[float, ...]) -> list[int]:
    """Log-probs -> tenths of a percent, rounded down so that only certainty shows 100."""
    return [math.floor(1000 * math.exp(value) + 1e-9) for value in log_probs]


def rounded(values: tuple[float, ...]) -> list[float]:
    return [round(value, 2) for value in values]
