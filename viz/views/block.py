"""The block ribbon: the diffusion view's guesses, the AR view's verdict, and what is kept."""

from __future__ import annotations

import math
from typing import Any

from orthrus.events import Draft, Event, Verdict
from orthrus.trace import Cycle, Trace
from viz.language import say
from viz.patches import Change, merge, put
from viz.theme import CODES, codes

NAME = "ribbon"
TABLE = ("slot", "status", "guess", "q", "own", "p")


def skeleton() -> dict[str, Any]:
    return {
        "kind": "cells",
        "title": say("ribbon.title"),
        "hint": say("ribbon.hint"),
        "rows": [say("ribbon.row.diffusion"), say("ribbon.row.ar")],
        "found": {"hint": say("ribbon.found.hint"), "rows": [say("ribbon.found.row"), say("ribbon.row.ar")]},
        "table": [[say(f"slots.{name}"), name] for name in TABLE],
        "notes": {why: say(f"ribbon.note.{why}") for why in ("discarded", "ended")},
        "state": {"block": None},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, Draft):
        return [put("block", _drafted(event, trace), "draft")]
    if isinstance(event, Verdict):
        cycle = trace.cycle(event.cycle)
        unjudged = "ended" if event.next_id is None else "discarded"  # why slots after the kept ones do not count
        judged = {"status": codes(cycle.statuses()), "ar": event.ar_ids, "unjudged": unjudged}
        if cycle.draft.branch_ids:
            judged["twigs"] = codes(_twigs(cycle))
        if event.p_lp_draft is not None:
            judged["p"] = percents(event.p_lp_draft)
        own = None if event.next_id is None else [event.next_id, CODES[cycle.next_status or "correction"]]
        return [
            merge("block", judged, "verify"),
            merge("block", {"next": own, "kept": cycle.accepted, "committed": event.n_commit}, "commit"),
        ]
    return []


def _drafted(event: Draft, trace: Trace) -> dict[str, Any]:
    block = {
        "pos0": event.pos0,
        "anchor": event.anchor_id,
        "ids": event.draft_ids,
        "status": codes(trace.cycle(event.cycle).statuses()),
    }
    if event.drafter == "lookup":
        block["found"] = True
    if event.q_lp is not None:
        block["q"] = percents(event.q_lp)
    if event.branch_ids:
        block["branches"] = [[depth, token] for depth, token in zip(event.branch_depths, event.branch_ids, strict=True)]
    return block


def _twigs(cycle: Cycle) -> tuple[str, ...]:
    """The status of each branch: kept, refused behind a kept row, or never judged."""
    assert cycle.verdict is not None
    path = cycle.verdict.path or ()
    walked = {*range(cycle.verdict.n_accept + 1), *path}
    rows = enumerate(cycle.draft.branch_parents or (), cycle.draft.block)
    return tuple("accepted" if row in path else "refused" if parent in walked else "discarded" for row, parent in rows)


def percents(log_probs: tuple[float, ...]) -> list[int]:
    """Log-probs -> whole percent, rounded down so that only certainty shows 100."""
    return [math.floor(100 * math.exp(value) + 1e-9) for value in log_probs]
