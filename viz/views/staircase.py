"""The staircase: one row per cycle, one cell per position. Long treads are easy text, steep steps hard text.

The same rows can show the diffusion view's entropy per guess. Below them is the text, at its positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orthrus.events import Done, Draft, Event, Prefill, RunStart, Verdict
from orthrus.events.detokenize import spell
from orthrus.trace import Trace
from viz.language import say
from viz.patches import Change, put, rows
from viz.views import shapes

NAME = "staircase"
BARS = {
    "anchor": {"color": "@card", "line": {"color": "@ar", "width": 1}},
    "accepted": {"color": "@accepted"},
    "own": {"color": "@ar"},
}
HATCHED = {"color": "@card", "pattern": {"shape": "/", "fgcolor": "@discarded", "size": 6}}  # as in the block
LONGEST = 60  # most characters of a cycle's text
FULL_NATS = 5  # the entropy with the strongest colour, as in the quiz
TABLE = ("y", "s", "pos", "acceptedn", "ownn", "refused", "discardedn", "text")
CELLS = ("at", "of", "nats")  # position and cycle of a guess, its entropy
POSITIONS, CYCLES = 64, 8  # the axes grow in these steps while a run is live


def skeleton() -> dict[str, Any]:
    columns = [
        "y",
        "text",
        "pos",
        "refused",
        "s",
        *(f"{name}{part}" for name in ("anchor", "accepted", "own", "discarded") for part in ("0", "n")),
    ]
    others = [f"{shapes.sign(each)} {shapes.name(each)}" for each in shapes.SIGNS if each != shapes.CHAIN]
    return {
        "kind": "plot",
        "title": say("staircase.title"),
        "hint": say("staircase.hint", signs=", ".join(others)),
        "variants": [
            _variant("author", _traces(), TABLE),
            _variant("unsure", _unsure(), CELLS),
        ],
        "ruler": {"from": "accepted0", "sizes": ["acceptedn", "ownn"], "text": "text", "first": "first"},
        "seek": "y",
        "zoom": True,
        "state": {"columns": {name: [] for name in (*columns, *CELLS)}, "first": None},
        "facts": {"ranges": {"xaxis": [0, POSITIONS], "yaxis": [CYCLES + 0.5, 0.5]}, "note": ""},
    }


def _variant(name: str, data: list[dict[str, Any]], table: tuple[str, ...]) -> dict[str, Any]:
    heads = [[say(f"staircase.table.{column}"), column] for column in table]
    return {"label": say(f"staircase.variant.{name}"), "data": data, "layout": _layout(), "table": heads}


def _traces() -> list[dict[str, Any]]:
    return [_bar("discarded", HATCHED), *(_bar(*bar) for bar in BARS.items()), _refused(), _shapes()]


def _refused() -> dict[str, Any]:
    cross = {"symbol": "x-thin", "size": 7, "line": {"width": 2, "color": "@refused"}}
    refused = {"type": "scatter", "mode": "markers", "x": "$refused", "y": "$y", "marker": cross}
    words = {"name": say("staircase.part.refused"), "hovertemplate": f"{say('staircase.hover.refused')}<extra></extra>"}
    return {**refused, **words}


def _shapes() -> dict[str, Any]:
    """The sign of each draft's shape, on its anchor."""
    marks = {"type": "scatter", "mode": "text", "x": "$pos", "y": "$y", "text": "$s"}
    return {
        **marks,
        "name": say("staircase.part.shape"),
        "hoverinfo": "skip",
        "textfont": {"size": 10, "color": "@ink"},
        "cliponaxis": False,
    }


def _unsure() -> list[dict[str, Any]]:
    """The diffusion view's entropy of every guess as a heat map, with the anchors and what was refused."""
    small = {"color": "@soft", "size": 11}
    nats = {"text": say("staircase.nats"), "font": small, "side": "right"}
    heat = {
        "type": "heatmap",
        "name": say("staircase.part.entropy"),
        "x": "$at",
        "y": "$of",
        "z": "$nats",
        "zmin": 0,
        "zmax": FULL_NATS,
        "colorscale": [[0, "@card"], [1, "@draft"]],
        "ygap": 2,
        "hoverongaps": False,
        "colorbar": {"title": nats, "tickfont": small, "thickness": 10, "outlinewidth": 0},
        "hovertemplate": f"{say('staircase.hover.entropy')}<extra></extra>",
    }
    return [heat, _bar("anchor", BARS["anchor"]), _refused()]


def _bar(name: str, marker: dict[str, Any]) -> dict[str, Any]:
    part = say(f"staircase.part.{name}")
    return {
        "type": "bar",
        "orientation": "h",
        "name": part,
        "y": "$y",
        "base": f"${name}0",
        "x": f"${name}n",
        "width": 0.86,
        "marker": {"line": {"width": 0}, **marker},
        "customdata": "$text",
        "hovertemplate": f"{say('staircase.hover.part', part=part)}<br>%{{customdata}}<extra></extra>",
    }


def _layout() -> dict[str, Any]:
    return {
        "barmode": "overlay",
        "xaxis": {"title": {"text": say("staircase.axis.position")}},
        "yaxis": {"title": {"text": say("staircase.axis.cycle")}, "dtick": None},
        "hovermode": "closest",
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, RunStart):
        ranges = _ranges(len(event.prompt.ids), len(event.prompt.ids), 0, event.config.block)
        return [put("ranges", ranges), put("note", "" if event.params.detail >= 1 else say("staircase.bare"))]
    if isinstance(event, Prefill):
        return [put("first", [event.kv_len - 0.5, _spelled([event.first_id], trace)], "prefill")]
    if isinstance(event, Draft):
        return _grown(event, trace)
    if isinstance(event, Verdict):
        row = {name: [value] for name, value in _row(event, trace).items()}
        return [rows("columns", event.cycle, row, "commit"), *_cells(event, trace)]
    if isinstance(event, Done) and trace.prefill and trace.verdicts:
        first, last = trace.prefill.kv_len, trace.drafts[-1]
        return [put("ranges", {"xaxis": [first - 1, last.pos0 + last.block], "yaxis": [len(trace.drafts) + 0.5, 0.5]})]
    return []


def written(event: Verdict, trace: Trace) -> str:
    """A cycle's appended text, shortened to one line."""
    ids = [token.id for token in trace.tokens.since(len(trace.tokens) - event.n_commit)]
    text = _spelled(ids, trace)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _spelled(ids: Sequence[int], trace: Trace) -> str:
    return "".join(span.text for span in spell([trace.data([index]) for index in ids])).replace("\n", "⏎")


def _row(event: Verdict, trace: Trace) -> dict[str, Any]:
    """Start and length of each part of a cycle; cells are centred on their position."""
    cycle = trace.cycle(event.cycle)
    statuses, begin = cycle.statuses(), cycle.draft.pos0 - 0.5
    own, accepted = int(event.next_id is not None), cycle.accepted
    refused = "refused" in statuses
    tail, kind = statuses.count("discarded"), cycle.draft.drafter
    return {
        "y": event.cycle + 1,
        "text": written(event, trace),
        "pos": cycle.draft.pos0,
        "anchor0": begin,
        "anchorn": 1,
        "accepted0": begin + 1,
        "acceptedn": accepted,
        "own0": begin + 1 + accepted,
        "ownn": own,
        "discarded0": begin + 1 + accepted + refused,
        "discardedn": tail,
        "refused": begin + 1.5 + accepted if refused else None,
        "s": "" if kind == shapes.CHAIN else shapes.sign(kind),
    }


def _cells(event: Verdict, trace: Trace) -> list[Change]:
    """The entropy of each guess of one cycle, at the position it was for; None if it was not recorded.

    A cycle without guesses has one empty cell: a heat map stretches the rows beside one that is missing.
    """
    if trace.start is None or trace.start.params.detail < 1:
        return []
    draft, sums = trace.cycle(event.cycle).draft, trace.sums
    n, alone = draft.n_draft, event.cycle + 1 - sum(sums.offered[:1])  # cycles without guesses, this one included
    before = sums.proposals + alone - max(1, n)
    nats = [round(value, 1) for value in draft.q_H] if draft.q_H else [None] * max(1, n)
    at = range(draft.pos0 + 1, draft.pos0 + 1 + len(nats))
    return [rows("columns", before, {"at": at, "of": [event.cycle + 1] * len(nats), "nats": nats}, "commit")]


def _grown(event: Draft, trace: Trace) -> list[Change]:
    if event.cycle == 0 or trace.prefill is None:
        return []
    first, block = trace.prefill.kv_len, trace.block
    before = _ranges(first, trace.drafts[event.cycle - 1].pos0, event.cycle - 1, block)
    now = _ranges(first, event.pos0, event.cycle, block)
    return [put("ranges", now)] if now != before else []


def _ranges(first: int, pos0: int, cycle: int, block: int) -> dict[str, list[float]]:
    steps = -(-(pos0 + block - first) // POSITIONS)
    return {"xaxis": [first - 1, first + steps * POSITIONS], "yaxis": [(cycle // CYCLES + 1) * CYCLES + 0.5, 0.5]}
