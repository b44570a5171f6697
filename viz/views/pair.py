"""Two runs side by side: pinned as A and B, replayed in step, with what differs in their settings.

The browser keeps of a run what the race and the badges say of it, so nothing here is patched.
"""

from __future__ import annotations

from typing import Any

from orthrus.events import Event
from orthrus.trace import Trace
from viz.language import say
from viz.patches import Change
from viz.views import provenance

NAME = "pair"
EASY, HARD = "01-word-problem", "02-short-story"  # of one model, machine and sampling rule: only the text differs
KEPT = ("race", "badges")  # views whose facts are a pinned run


def skeleton() -> dict[str, Any]:
    return {
        "kind": "pair",
        "title": say("pair.title"),
        "hint": say("pair.hint"),
        "first": [EASY, HARD],
        "kept": list(KEPT),
        "alike": provenance.machine(),
        "unsaid": provenance.uncompared(),
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    return []
