"""The inspector: one slot's alternatives as the diffusion view and as the AR view rank them."""

from __future__ import annotations

import math
from typing import Any

from orthrus.events import Draft, Event, Verdict
from orthrus.trace import Cycle, Trace
from viz.patches import Change, merge, put
from viz.theme import codes
from viz.views.captions import NEAR_TIE, SURE

NAME = "inspector"
SHOWN = 5  # alternatives shown per view: later ones are mostly below a percent, and cost as many bytes
# sentences about a slot by its status; the player fills the braces
SENTENCES = {
    "anchor": "Slot 0 is the anchor {guess}: the last token that is already certain. Nobody guesses it.",
    "pending": "The diffusion view guesses {guess}{q}. The AR view has not checked it yet.",
    "accepted": "The AR view agrees: {guess} is kept{both}.",
    "refused": "The AR view wants {own}{own_p}. The guess {guess} is {rank}{p}. This is the first disagreement, so the "
    "block is cut here.",
    "tossed": "The guess {guess} had a chance of {accept} to be accepted, and the number drawn, {u}, was above it. The "
    "block is cut here.",
    "discarded": "Never judged: the AR view's numbers here follow a refused token, so they are about another text. "
    "Even if both views name the same token, the guess {guess} is thrown away.",
    "ended": "Not used: the text ended before this slot.",
    "bare": "This run was recorded without alternatives, so there are no lists to compare.",
    "near_tie": "A near tie: the AR view's two best are only {gap} logits apart.",
}
NUMBERS = {
    "q": ("ln q of the guess", "diffusion view; 0 is certain"),
    "p": ("ln p of the guess", "AR view; 0 is certain"),
    "q_H": ("Entropy, diffusion view", "nats; 0 is certain"),
    "p_H": ("Entropy, AR view", "nats; 0 is certain"),
    "rank_q": ("AR's choice, as the diffusion view ranks it", "1 is its first choice"),
    "rank_p": ("The guess, as the AR view ranks it", "1 is its first choice"),
    "gap": ("AR's gap", "logits between its two best"),
    "overlap": ("Overlap", "how much of the two distributions is the same"),
    "accept": ("Chance to be accepted", "min(1, p/q); the number drawn was {u}"),
}

FILTERS = {
    "label": "What would sampling see?",
    "sliders": [
        {"key": "temperature", "label": "Temperature", "from": 0.1, "to": 2, "step": 0.1, "value": 1},
        {"key": "k", "label": "Top-k", "from": 1, "to": SHOWN, "step": 1, "value": SHOWN, "off": SHOWN},
        {"key": "p", "label": "Top-p", "from": 0.05, "to": 1, "step": 0.05, "value": 1, "off": 1},
    ],
    "reset": "Back to what was recorded",
    "about": f"Worked out from the {SHOWN} stored alternatives, so it is approximate where others would have a share. "
    "The run itself is not changed.",
    "mark": "worked out",
}


def skeleton() -> dict[str, Any]:
    return {
        "kind": "inspector",
        "title": "Two views of one slot",
        "hint": "Point at a slot of the block, tap it or walk there with the arrow keys. Shift-click or Shift-Enter "
        "pins a slot, I opens and closes this.",
        "heads": ["Diffusion view would say", "AR view would say"],
        "sentences": SENTENCES,
        "numbers": {key: {"label": label, "about": about} for key, (label, about) in NUMBERS.items()},
        "near_tie": NEAR_TIE,
        "filters": FILTERS,
        "later": "It checks in the next phase.",
        "after_end": "after the end of the text",
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
