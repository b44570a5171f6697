"""Where both views look: who may see whom in a cycle, and on request the shares of attention.

The browser reads the cycle from the recorded file, which the page holds once the run has ended, so nothing is patched.
"""

from __future__ import annotations

from typing import Any

from orthrus.events import Draft, Event
from orthrus.trace import Trace
from viz.language import say
from viz.patches import Change

NAME = "looks"


def skeleton() -> dict[str, Any]:
    return {"kind": "looks", "title": say("looks.title"), "hint": say("looks.hint")}


def patch(event: Event, trace: Trace) -> list[Change]:
    return []


def seen(draft: Draft) -> tuple[list[list[int]], list[list[int]]]:
    """Which rows of its block each row of the draft pass, and of the verify pass, may see; the cache both see whole."""
    both_ways = [list(range(draft.pass_rows)) for _ in range(draft.pass_rows)]
    causal = [list(range(row + 1)) for row in range(draft.block)]
    for row, parent in enumerate(draft.branch_parents or (), draft.block):
        causal.append([*causal[parent], row])
    return both_ways, causal
