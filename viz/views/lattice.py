"""The lattice: a block's alternatives, slot by slot, as the diffusion view ranks them, and both views' ways through.

It shows what the inspector holds for every slot. Its own state says only that a new stop was reached.
"""

from __future__ import annotations

from typing import Any

from orthrus.events import Draft, Event, Verdict
from orthrus.trace import Trace
from viz.patches import Change, put
from viz.views.inspector import NAME as SOURCE
from viz.views.inspector import SHOWN

NAME = "lattice"


def skeleton() -> dict[str, Any]:
    return {
        "kind": "lattice",
        "title": "The ways through a block",
        "hint": "A column per slot: what the diffusion view thought of, its first choice on top, stronger if surer. A "
        "draft is one way through it, mostly along the top. The others are alternatives that were not drafted.",
        "source": SOURCE,
        "rows": SHOWN,
        "beyond": f"not among the first {SHOWN}",
        "legend": [
            ["both", "both views: kept"],
            ["guess", "the draft's way"],
            ["own", "the AR view's way"],
            ["unjudged", "never judged"],
        ],
        "bare": "This run was recorded without alternatives, so there are no other ways to show.",
        "none": "Nothing was drafted in this cycle, so there is only the AR view's own way.",
        "state": {"stop": None},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, Draft):
        return [put("stop", event.cycle, "draft")]
    if isinstance(event, Verdict):
        return [put("stop", event.cycle, "verify")]
    return []
