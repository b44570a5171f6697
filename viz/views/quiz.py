"""Predict the cut: the draft is shown, the visitor says which guess will be refused first, then the verdict comes."""

from __future__ import annotations

from typing import Any

from orthrus.events import Draft, Event, Verdict
from orthrus.trace import Trace
from viz.patches import Change, merge, put

NAME = "quiz"
HINTS = {
    "none": ("No hint", "The guesses alone."),
    "sure": ("How sure", "Filled boxes: how sure the diffusion view is. Bars below: its entropy, full at 5 nats."),
    "top": ("Alternatives", "As before, and the inspector shows what else the diffusion view thought of."),
}
SAID = "You said {guess}."
RESULTS = {
    "refused": "The AR view refused slot {cut}: it wanted {own}, not {guess}.",
    "all": "The AR view agreed with them all.",
    "ended": "Nothing was refused: the text ended after slot {kept}.",
}


def skeleton() -> dict[str, Any]:
    hints = [{"key": key, "label": label, "about": about} for key, (label, about) in HINTS.items()]
    return {
        "kind": "quiz",
        "title": "Where will it stop?",
        "question": "Which of the {n} guesses will the AR view refuse first? Click it, or say that it takes them all.",
        "unsure": "inspector",  # the view whose state has the entropies for the hint
        "keys": "Arrow keys move, Enter answers, * takes all, N is the next question, Q ends the quiz.",
        "rule": "A hit is 15 points and one more for each hit before it in a row; else 10 less the distance in slots.",
        "hints": hints,
        "said": SAID,
        "results": RESULTS,
        "picture": "One dot per question. Across: the slot you said. Up: where it stopped. On the line is a hit.",
        "state": {"block": None},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, Draft):
        return [put("block", {"n": event.n_draft}, "draft")]
    if isinstance(event, Verdict):
        return [merge("block", _answer(event, trace), "verify")]
    return []


def _answer(event: Verdict, trace: Trace) -> dict[str, Any]:
    """`cut`: the slots [from, to] that count as a hit; slot n + 1 means 'it takes all'."""
    cycle = trace.cycle(event.cycle)
    n, accepted = cycle.draft.n_draft, cycle.on_chain
    if event.next_id is None:  # the text ended inside the block: any guess of no earlier refusal is right
        return {"cut": [accepted + 1, n + 1], "kept": accepted, "outcome": "ended"}
    cut = {"cut": [accepted + 1, accepted + 1], "kept": accepted}
    if accepted == n:
        return {**cut, "outcome": "all"}
    why = [event.ar_ids[accepted], cycle.draft.draft_ids[accepted]]
    return {**cut, "outcome": "refused", "why": why}
