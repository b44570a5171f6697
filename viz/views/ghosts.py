"""Ghosts: guesses that were thrown away unjudged, against what was written later at their places."""

from __future__ import annotations

from typing import Any

from orthrus.events import Done, Event
from orthrus.trace import Cycle, Trace
from viz.patches import Change, put
from viz.views.words import counted

NAME = "early"
NEAR = 3  # places to either side at which a guess counts as shifted
KINDS = (
    ("exact", "right, but too early", {"color": "@ink"}),
    ("shifted", f"right token, up to {NEAR} places off", {"color": "@soft"}),
    ("other", "another token came", {"color": "@card", "line": {"color": "@discarded", "width": 1},
     "pattern": {"shape": "/", "fgcolor": "@discarded", "size": 6}}),
)  # fmt: skip


def skeleton() -> dict[str, Any]:
    bars = [_bar(key, name, marker) for key, name, marker in KINDS]
    layout = {
        "barmode": "stack",
        "bargap": 0.15,
        "xaxis": {"title": {"text": "places behind the refused guess"}, "tickformat": "d"},
        "yaxis": {"title": {"text": "guesses"}, "rangemode": "tozero"},
    }
    table = [["places behind the refused guess", "behind"], *([name, key] for key, name, _ in KINDS)]
    return {
        "kind": "plot",
        "title": "Right, but too early",
        "hint": "Guesses behind a refused one are thrown away unjudged. Here each is compared with the token that was "
        "written at its place later. Even a right one could not be kept: until then nobody had checked it behind "
        "the right text.",
        "variants": [{"label": "", "data": bars, "layout": layout, "table": table}],
        "facts": {"columns": {name: [] for name in ("behind", *(key for key, _, _ in KINDS))}, "note": ""},
    }


def _bar(key: str, name: str, marker: dict[str, Any]) -> dict[str, Any]:
    hover = f"%{{x}} places behind: %{{y}} guesses, {name}<extra></extra>"
    return {"type": "bar", "name": name, "x": "$behind", "y": f"${key}", "marker": {"line": {"width": 0}, **marker},
            "hovertemplate": hover}  # fmt: skip


def patch(event: Event, trace: Trace) -> list[Change]:
    if not isinstance(event, Done):
        return []
    counts = tally(trace)
    most = max(counts, default=0)
    columns: dict[str, list[int]] = {"behind": list(range(1, most + 1))}
    columns |= {key: [counts.get(k, {}).get(key, 0) for k in columns["behind"]] for key, _, _ in KINDS}
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
    sums = {key: sum(columns[key]) for key, _, _ in KINDS}
    if not (n := sum(sums.values())):
        return "In this run no guess was thrown away unjudged before the end of the text."
    exact, shifted = (f"{sums[key]} ({100 * sums[key] / n:.0f} %)" for key in ("exact", "shifted"))
    return (
        f"{counted(n, 'guess')} thrown away unjudged: {exact} were the very token that came later at that place, "
        f"{shifted} came within {NEAR} places of it."
    )
