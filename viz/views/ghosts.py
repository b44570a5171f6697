"""Ghosts: guesses that were thrown away unjudged, against what was written later at their places."""

from __future__ import annotations

from typing import Any

from orthrus.events import Done, Event
from orthrus.trace import Cycle, Trace
from viz.format import percent
from viz.language import say
from viz.patches import Change, put
from viz.views.words import counted

NAME = "early"
NEAR = 3  # places to either side at which a guess counts as shifted
KINDS = (
    ("exact", {"color": "@ink"}),
    ("shifted", {"color": "@soft"}),
    ("other", {"color": "@card", "line": {"color": "@discarded", "width": 1},
     "pattern": {"shape": "/", "fgcolor": "@discarded", "size": 6}}),
)  # fmt: skip


def skeleton() -> dict[str, Any]:
    names = {key: say(f"early.kind.{key}", near=NEAR) for key, _ in KINDS}
    bars = [_bar(key, names[key], marker) for key, marker in KINDS]
    behind = say("early.behind")
    layout = {
        "barmode": "stack",
        "bargap": 0.15,
        "xaxis": {"title": {"text": behind}, "tickformat": "d"},
        "yaxis": {"title": {"text": say("early.guesses")}, "rangemode": "tozero"},
    }
    table = [[behind, "behind"], *([name, key] for key, name in names.items())]
    return {
        "kind": "plot",
        "title": say("early.title"),
        "hint": say("early.hint"),
        "variants": [{"label": "", "data": bars, "layout": layout, "table": table}],
        "facts": {"columns": {name: [] for name in ("behind", *names)}, "note": ""},
    }


def _bar(key: str, name: str, marker: dict[str, Any]) -> dict[str, Any]:
    hover = say("early.hover", x="%{x}", y="%{y}", kind=name) + "<extra></extra>"
    return {"type": "bar", "name": name, "x": "$behind", "y": f"${key}", "marker": {"line": {"width": 0}, **marker},
            "hovertemplate": hover}  # fmt: skip


def patch(event: Event, trace: Trace) -> list[Change]:
    if not isinstance(event, Done):
        return []
    counts = tally(trace)
    most = max(counts, default=0)
    columns: dict[str, list[int]] = {"behind": list(range(1, most + 1))}
    columns |= {key: [counts.get(k, {}).get(key, 0) for k in columns["behind"]] for key, _ in KINDS}
    return [put("columns", columns), put("note", note(columns))]


def tally(trace: Trace) -> dict[int, dict[str, int]]:
    """Places behind the refused guess -> kind -> guesses. Guesses beyond the end of the text are left out: nothing was
    written at their places.
    """
    counts: dict[int, dict[str, int]] = {}
    first = trace.prefill.kv_len if trace.prefill else 0  # the position of the first generated token
    text = trace.token_ids
    for cycle in trace.cycles:
        for behind, slot in enumerate(_unjudged(cycle), 1):
            at = cycle.draft.pos0 + slot - first
            if at >= len(text):
                break
            kinds = counts.setdefault(behind, {})
            kind = _kind(cycle.draft.draft_ids[slot - 1], at, text)
            kinds[kind] = kinds.get(kind, 0) + 1
    return counts


def _unjudged(cycle: Cycle) -> list[int]:
    """The slots behind a refusal; none if the text ended, because no text followed."""
    statuses = cycle.statuses()
    return [slot for slot, status in enumerate(statuses) if status == "discarded"] if "refused" in statuses else []


def _kind(guess: int, at: int, text: tuple[int, ...]) -> str:
    if text[at] == guess:
        return "exact"
    return "shifted" if guess in text[max(0, at - NEAR) : at + NEAR + 1] else "other"


def note(columns: dict[str, list[int]]) -> str:
    """The shares in a sentence."""
    sums = {key: sum(columns[key]) for key, _ in KINDS}
    if not (n := sum(sums.values())):
        return say("early.none")
    exact, shifted = (f"{sums[key]} ({percent(sums[key] / n)})" for key in ("exact", "shifted"))
    return say("early.note", guesses=counted(n, "guess"), exact=exact, shifted=shifted, near=NEAR)
