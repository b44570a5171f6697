"""Predict the cut: the draft is shown, the visitor says which guess will be refused first, then the verdict comes."""

from __future__ import annotations

from typing import Any

from orthrus.events import Draft, Event, Verdict
from orthrus.trace import Trace
from viz.language import say
from viz.patches import Change, merge, put

NAME = "quiz"
HINTS = ("none", "sure", "top")
RESULTS = ("refused", "all", "ended")


def skeleton() -> dict[str, Any]:
    hints = [{"key": key, "label": say(f"quiz.hint.{key}"), "about": say(f"quiz.about.{key}")} for key in HINTS]
    return {
        "kind": "quiz",
        "title": say("quiz.title"),
        "question": say("quiz.question"),
        "unsure": "inspector",  # the view whose state has the entropies for the hint
        "keys": say("quiz.keys"),
        "rule": say("quiz.rule"),
        "hints": hints,
        "said": say("quiz.said"),
        "results": {outcome: say(f"quiz.result.{outcome}") for outcome in RESULTS},
        "picture": say("quiz.picture"),
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
