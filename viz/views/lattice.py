"""The lattice: a block's alternatives, slot by slot, as the diffusion view ranks them, and both views' ways through.

It shows what the inspector holds for every slot. Its own state says only that a new stop was reached.
"""

from __future__ import annotations

from typing import Any

from orthrus.events import Draft, Event, Verdict
from orthrus.trace import Trace
from viz.language import say
from viz.patches import Change, put
from viz.views.inspector import NAME as SOURCE
from viz.views.inspector import SHOWN

NAME = "lattice"
LEGEND = ("both", "guess", "own", "unjudged")


def skeleton() -> dict[str, Any]:
    return {
        "kind": "lattice",
        "title": say("lattice.title"),
        "hint": say("lattice.hint"),
        "source": SOURCE,
        "rows": SHOWN,
        "beyond": say("lattice.beyond", n=SHOWN),
        "legend": [[each, say(f"lattice.legend.{each}")] for each in LEGEND],
        "bare": say("lattice.bare"),
        "none": say("lattice.none"),
        "state": {"stop": None},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, Draft):
        return [put("stop", event.cycle, "draft")]
    if isinstance(event, Verdict):
        return [put("stop", event.cycle, "verify")]
    return []
