"""The generated text, token by token: who wrote it, both views' probabilities, and what was discarded."""

from __future__ import annotations

from typing import Any

from orthrus.events import Event, Prefill, Verdict
from orthrus.events.detokenize import LOOK_BACK, respelled
from orthrus.trace import Cycle, Trace
from viz.language import say
from viz.patches import Change, rows
from viz.theme import CODES
from viz.views.block import percents

NAME = "output"
GHOSTS = 9  # the refused guess and up to 8 that were never judged
TOKENS = ("text", "by", "cycle", "q", "p", "H", "gap")  # columns
# key, hue, the values of the palest and strongest colour
COLOURS = (
    ("author", None, None),
    ("cycle", None, None),
    ("q", "draft", (0, 100)),
    ("p", "ar", (0, 100)),
    ("H", "soft", (0, 3)),
    ("gap", "soft", (3, 0)),
    ("ms", "ar", None),
)


def heads() -> list[list[str]]:
    """The titles of the columns in a table, each with its column."""
    return [[say(f"output.table.{name}"), name] for name in TOKENS]


def skeleton() -> dict[str, Any]:
    shades = [
        {
            "key": key,
            "label": say(f"output.colour.{key}"),
            "about": say(f"output.about.{key}"),
            "hue": hue,
            "range": limits,
        }
        for key, hue, limits in COLOURS
    ]
    return {
        "kind": "output",
        "title": say("output.title"),
        "hint": say("output.hint"),
        "colours": shades,
        "ghosts": {"refused": say("output.refused"), "discarded": say("output.discarded")},
        "table": heads(),
        "state": {"tokens": {name: [] for name in TOKENS}, "cycles": {"ms": [], "ghosts": []}},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, Prefill):
        return _landed(trace, [_first(event)], "prefill")
    if isinstance(event, Verdict):
        cycle = trace.cycle(event.cycle)
        row = {"ms": [round(trace.ends_ms[-1], 1)], "ghosts": [_ghosts(cycle)]}
        return [*_landed(trace, _sureness(cycle, event), "commit"), rows("cycles", event.cycle, row, "commit")]
    return []


def _landed(trace: Trace, sure: list[dict[str, Any]], phase: str) -> list[Change]:
    """The newest tokens, as many as there are entries in `sure`, and the texts they complete."""
    fresh, n = len(sure), len(trace.tokens)
    tokens = trace.tokens.since(n - fresh)
    columns: dict[str, list[Any]] = {name: [each.get(name) for each in sure] for name in ("q", "p", "H", "gap")}
    columns |= {"by": [CODES[token.status] for token in tokens], "cycle": [token.cycle for token in tokens]}
    tail = [token.id for token in trace.tokens.since(max(0, n - fresh - LOOK_BACK))]
    begin, texts = respelled([trace.data([index]) for index in tail], fresh)
    return [rows("tokens", n - len(tail) + begin, {"text": texts}, phase), rows("tokens", n - fresh, columns, phase)]


def _first(event: Prefill) -> dict[str, Any]:
    numbers: dict[str, Any] = {"gap": round(event.p_gap, 2)}
    if event.p_top_ids is not None and event.p_top_lp is not None and event.first_id in event.p_top_ids:
        numbers["p"] = percents((event.p_top_lp[event.p_top_ids.index(event.first_id)],))[0]
    return numbers if event.p_H is None else {**numbers, "H": round(event.p_H, 2)}


def _sureness(cycle: Cycle, event: Verdict) -> list[dict[str, Any]]:
    """Both views' numbers for every token this cycle appended; row i of the verdict chose token i."""
    numbers: list[dict[str, Any]] = [{} for _ in range(event.n_commit)]
    n = min(event.n_commit, cycle.on_chain + 1)  # behind that the text stands on a branch, whose numbers are not kept
    if event.p_lp_ar is not None and event.p_gap is not None:
        for each, p, gap in zip(numbers, percents(event.p_lp_ar[:n]), event.p_gap[:n], strict=False):
            each |= {"p": p, "gap": round(gap, 2)}
    if event.p_H is not None:
        for each, entropy in zip(numbers, event.p_H[:n], strict=False):
            each["H"] = round(entropy, 2)
    if cycle.draft.q_lp is not None:
        for each, q in zip(numbers, percents(cycle.draft.q_lp[: cycle.on_chain]), strict=False):
            each["q"] = q
        _own(cycle, event, numbers)
    return numbers


def _own(cycle: Cycle, event: Verdict, numbers: list[dict[str, Any]]) -> None:
    """The diffusion view's probability of the AR view's own token, if it is among the kept alternatives."""
    draft, at = cycle.draft, cycle.on_chain
    if event.next_id is None or event.path or draft.q_top_ids is None or draft.q_top_lp is None or at >= draft.n_draft:
        return
    if event.next_id in draft.q_top_ids[at]:
        numbers[-1]["q"] = percents((draft.q_top_lp[at][draft.q_top_ids[at].index(event.next_id)],))[0]


def _ghosts(cycle: Cycle) -> list[int]:
    """The refused guess and the first few after it; empty if every guess was kept or the text ended."""
    if "refused" not in cycle.statuses():
        return []
    return list(cycle.draft.draft_ids[cycle.on_chain : cycle.on_chain + GHOSTS])
