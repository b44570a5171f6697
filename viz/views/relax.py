"""Relax the judge: what the block on show would keep by other rules than the exact one.

The browser works it out from what the inspector holds of each block, so nothing here is patched.
"""

from __future__ import annotations

from typing import Any

from orthrus.events import Event
from orthrus.trace import Trace
from viz.language import say
from viz.patches import Change
from viz.views.inspector import NAME as SOURCE

NAME = "relax"


def skeleton() -> dict[str, Any]:
    return {
        "kind": "relax",
        "title": say("relax.title"),
        "hint": say("relax.hint"),
        "source": SOURCE,
        "end": say("words.end"),
        "share": {"from": 1, "to": 50, "step": 1, "value": 10},  # percent
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    return []
