"""The coin toss: each guess's chance to be accepted and the number drawn for it, if acceptance is random.

min(1, p/q) and max(0, p - q) are those of Leviathan et al. 2023, as orthrus/decoding/acceptance.py applies them.
"""

from __future__ import annotations

from typing import Any

from orthrus.events import Draft, Event, RunStart, Verdict
from orthrus.trace import Trace
from viz.language import say
from viz.patches import Change, put
from viz.views.inspector import NAME as SOURCE
from viz.views.inspector import tenths

NAME = "coin"
EXAMPLE = "12-story-by-coin-toss"  # a recorded run with random acceptance
LISTED = 4  # tokens of the residual


def skeleton() -> dict[str, Any]:
    return {
        "kind": "coin",
        "title": say("coin.title"),
        "hint": say("coin.hint"),
        "source": SOURCE,
        "example": EXAMPLE,
        "state": {"toss": None},
        "facts": {"coupling": None},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, RunStart):
        return [put("coupling", event.params.coupling)] if event.params.coupling else []
    if trace.start is None or trace.start.params.coupling != "rejection":
        return []
    if isinstance(event, Draft):
        return [put("toss", None, "draft")]
    if isinstance(event, Verdict):
        return [put("toss", _toss(event, trace.cycle(event.cycle).draft), "verify")]
    return []


def _toss(event: Verdict, draft: Draft) -> dict[str, Any] | None:
    """Chances of all guesses, numbers and both probabilities (tenths of a percent) of the judged ones."""
    if event.accept_p is None or event.u is None:
        return None
    judged = len(event.u)
    toss: dict[str, Any] = {
        "accept": [round(value, 3) for value in event.accept_p],
        "u": [round(value, 3) for value in event.u],
    }
    if event.p_f is not None and draft.q_f is not None:
        toss |= {"p": tenths(event.p_f[:judged]), "q": tenths(draft.q_f[:judged])}
    resampled = event.next_kind == "resample"
    if resampled and event.residual_top_ids and event.residual_top_p and event.residual_mass is not None:
        toss["rest"] = event.residual_top_ids[:LISTED]
        toss["rest_p"] = [round(1000 * value) for value in event.residual_top_p[:LISTED]]
        toss["mass"] = round(1000 * event.residual_mass)
    return toss
