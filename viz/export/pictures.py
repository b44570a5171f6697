"""Figures of views that are not charts: the block, the race and the cache are drawn, the others become tables."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from orthrus.trace import Trace
from viz import theme
from viz.language import say
from viz.views import anatomy, cache_rows, captions, catalogue, drafters, looks, text
from viz.views.scoreboard import entries
from viz.views.words import shown

Picture = tuple[list[dict[str, Any]], dict[str, Any]]
PER_ROW = 16  # slots per row
STRIP = {"prompt": ("@ar", 0.45, ""), "text": ("@ar", 1.0, ""), "temp": ("@draft", 0.6, "|"),
         "written": ("@ar", 0.8, "|"), "cropped": ("@discarded", 0.6, "/")}  # fmt: skip


def picture(name: str, values: dict[str, Any], trace: Trace) -> Picture:
    """(data, layout) of one view's state and facts; all model text is escaped."""
    return DRAWN[name](values, trace)


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Picture:
    """Rows as a Plotly table."""
    cells = [[_text(value) for value in column] for column in zip(*rows, strict=True)]
    look = {"align": "left", "line": {"color": "@line"}, "font": {"color": "@ink"}}
    header = {**look, "values": list(heads), "fill": {"color": "@line"}}
    return [{"type": "table", "header": header, "cells": {**look, "values": cells, "fill": {"color": "@card"}}}], {}


def _text(value: Any) -> str:
    return "–" if value is None else html.escape(str(value))


def _catch(values: dict[str, Any], trace: Trace) -> Picture:
    """Bars by the rows of a pass, a group each; a table of what is said where the run has no end."""
    if values["answer"] is None:
        return table(["answer"], [[say("catch.waiting")]])
    greys = ("@soft", "@line", "@ink", "@discarded")
    bars = [
        {"type": "bar", "name": html.escape(group["name"]), "marker": {"color": colour},
         "x": [f"{rows} rows" if rows > 1 else "1 row" for rows, _ in group["bars"]],
         "y": [multiple for _, multiple in group["bars"]]}
        for group, colour in zip(values["answer"]["groups"], greys, strict=False)
    ]  # fmt: skip
    return bars, {"barmode": "group", "yaxis": {"title": {"text": "multiple of a pass over one row"}}}


def _drafters(values: dict[str, Any], trace: Trace) -> Picture:
    """The recorded race, which is of a prompt of its own."""
    lanes = (drafters.skeleton()["recorded"] or {"lanes": []})["lanes"]
    heads = ("draft", "tokens", "passes", "rows", "tokens_per_cycle", "ms")
    return table(heads, [[lane.get(head) for head in heads] for lane in lanes] or [[None] * len(heads)])


def _pair(values: dict[str, Any], trace: Trace) -> Picture:
    """One run's half of the comparison."""
    return table(["cycle", "tokens"], enumerate((verdict.n_commit for verdict in trace.verdicts), 1))


def _words(values: dict[str, Any], trace: Trace) -> Picture:
    return table(["id", "token"], values["text"].items())


def _badges(values: dict[str, Any], trace: Trace) -> Picture:
    badges = [(name, values[name].get("text")) for name in ("source", "lossless")]
    return table(["what", "value"], [*badges, ("Prompt", values["prompt"]), *values["details"].items()])


def _tour(values: dict[str, Any], trace: Trace) -> Picture:
    beats = values["beats"]
    return table(
        ["beat", "seconds", "text"], ((beat["key"], beat["s"], beat.get("after", beat["text"])) for beat in beats)
    )


def _captions(values: dict[str, Any], trace: Trace) -> Picture:
    return table(
        ["level", "the last sentence"], ((level, captions.spoken(said)) for level, said in values["say"].items())
    )


def _board(values: dict[str, Any], trace: Trace) -> Picture:
    numbers = values["values"]
    return table(
        ["number", "value", "what it is"], ((label, numbers.get(key), about) for key, label, about in entries())
    )


def _inspector(values: dict[str, Any], trace: Trace) -> Picture:
    """Every slot of the last block: each view's top token and its probability in tenths of a percent."""
    block = values["block"] or {"ids": ()}
    n = len(block["ids"])
    columns = [[shown(trace.glyph(index)) for index in block.get(key, ())] or [None] * n for key in ("ids", "own")]
    columns += [block.get(key) or [None] * n for key in ("q", "p", "rank_p")]
    heads = ["slot", "guess", "AR view's choice", "guess, diffusion ‰", "guess, AR ‰", "its rank there, from 0"]
    return table(heads, zip(range(1, n + 1), *columns, strict=True))


def _anatomy(values: dict[str, Any], trace: Trace) -> Picture:
    sizes = values["sizes"]
    counts = {} if sizes is None else anatomy.counts(dict(zip(anatomy.DIMS, sizes, strict=True)))
    return table(["tensor", "parameters"], ([anatomy.PARTS[key].tensor, n] for key, n in counts.items()))


def _looks(values: dict[str, Any], trace: Trace) -> Picture:
    """Who may see whom in the last cycle."""
    heads = [say(f"looks.table.{name}") for name in ("pass", "slot", "sees")]
    if not trace.cycles:
        return table(heads, [["", "", ""]])
    draft, rows = trace.cycles[-1].draft, []
    for name, passed in zip(("draft", "verify"), looks.seen(draft), strict=True):
        told = [say("looks.row", cache=draft.pos0, n=len(seen)) for seen in passed]
        rows += [[say(f"looks.pass.{name}"), slot, text] for slot, text in enumerate(told)]
    return table(heads, rows)


def _inspected(values: dict[str, Any], trace: Trace) -> Picture:
    """What draws the inspector's block is that block here."""
    return _inspector(catalogue.state("inspector", trace)["state"], trace)


def _quiz(values: dict[str, Any], trace: Trace) -> Picture:
    block = values["block"] or {}
    return table(["guesses", "kept", "outcome"], [[block.get(key) for key in ("n", "kept", "outcome")]])


def _record(values: dict[str, Any], trace: Trace) -> Picture:
    return table(["run", "where it comes from"], [[values["run"]["name"], values["run"]["about"]]])


def _output(values: dict[str, Any], trace: Trace) -> Picture:
    columns = (values["tokens"][name] for name in text.TOKENS)
    return table([head for head, _ in text.heads()], zip(*columns, strict=True))


def _neartie(values: dict[str, Any], trace: Trace) -> Picture:
    check = values["check"]
    return table([check["badge"]], ([line] for line in check["say"] if line))


def _block(values: dict[str, Any], trace: Trace) -> Picture:
    """The last block of the run: one square per slot, in rows of 16, the guess above the AR view's choice."""
    block = values["block"]
    if block is None:
        return table(["block"], [["no block yet"]])
    ids, codes = [block["anchor"], *block["ids"]], block["status"]
    data = []
    for name, status in theme.STATUSES.items():
        slots = [slot for slot, code in enumerate(codes) if code == status.code]
        marker = {"symbol": "square", "size": 30, "color": f"@{status.colour}", "opacity": 0.3}
        texts = [html.escape(shown(trace.glyph(ids[slot]))) for slot in slots]
        if slots:
            data.append(_cells(slots, 0.0, texts, f"{status.glyph} {theme.label(name)}", marker) | {"meta": name})
    if block.get("ar") and len(ids) > 1:
        marker = {"symbol": "square-open", "size": 26, "color": "@ar"}
        texts = [html.escape(shown(trace.glyph(index))) for index in block["ar"][: len(ids) - 1]]
        data.append(_cells(range(1, len(ids)), 0.4, texts, "the AR view's own choice", marker))
    hidden = {"visible": False, "fixedrange": True}
    return data, {"xaxis": hidden, "yaxis": {**hidden, "autorange": "reversed"}}


def _cells(slots: Sequence[int], below: float, texts: list[str], name: str, marker: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": [slot % PER_ROW for slot in slots],
        "y": [slot // PER_ROW + below for slot in slots],
        "text": texts,
        "name": name,
        "marker": marker,
        "customdata": list(slots),
        "hovertemplate": "slot %{customdata}: %{text}<extra></extra>",
    }


def _race(values: dict[str, Any], trace: Trace) -> Picture:
    """Both lanes on one axis, the leading clock."""
    clock = values["run"].get("clock", "passes")
    unit, title = {"ms": ("ms", "milliseconds, measured"), "passes": ("passes", "forward passes")}[clock]
    ar, cycles, first = values["ar"][clock], values["cycles"], values["orthrus"][clock][:1]
    draft, verify = cycles["draft"], cycles["verify"]
    if clock == "passes":
        draft, verify = [int(ms > 0) for ms in draft], [1] * len(verify)
    before = [*(first or [0]), *cycles[clock]][: len(cycles[clock])]
    ends = [start + width for start, width in zip(before, draft, strict=True)]
    steps = [end - start for start, end in zip([0, *ar], ar, strict=False)]
    bars = [
        _bar("plain decoding", [0, *ar][: len(ar)], steps, "plain decoding", "@ar", unit),
        _bar("Orthrus", before, draft, "draft pass", "@soft", unit),
        _bar("Orthrus", ends, verify, "verify pass", "@ink", unit),
    ]
    return bars, {"barmode": "overlay", "xaxis": {"title": {"text": title}}}


def _bar(lane: str, base: list[float], width: list[float], name: str, colour: str, unit: str) -> dict[str, Any]:
    marker = {"color": colour, "line": {"width": 1, "color": "@page"}}
    return {"type": "bar", "orientation": "h", "y": [lane] * len(base), "base": base, "x": width, "name": name,
            "marker": marker, "hovertemplate": f"%{{x:.4~g}} {unit} {name}<extra></extra>"}  # fmt: skip


def _cache(values: dict[str, Any], trace: Trace) -> Picture:
    names, bars = cache_rows.skeleton()["parts"], []
    for part, rows in values["bar"]:
        colour, opacity, shape = STRIP[part]
        marker = {"color": colour, "opacity": opacity, "pattern": {"shape": shape}}
        hover = f"%{{x}} rows: {names[part]}<extra></extra>"
        bars.append(
            {
                "type": "bar",
                "orientation": "h",
                "y": ["cache"],
                "x": [rows],
                "name": names[part],
                "marker": marker,
                "hovertemplate": hover,
            }
        )
    return bars, {"barmode": "stack", "xaxis": {"title": {"text": "rows of keys and values"}}}


DRAWN: dict[str, Callable[[dict[str, Any], Trace], Picture]] = {
    "anatomy": _anatomy,
    "words": _words,
    "badges": _badges,
    "tour": _tour,
    "captions": _captions,
    "board": _board,
    "inspector": _inspector,
    "quiz": _quiz,
    "record": _record,
    "output": _output,
    "neartie": _neartie,
    "ribbon": _block,
    "race": _race,
    "cache": _cache,
    "catch": _catch,
    "drafters": _drafters,
    "pair": _pair,
    "lattice": _inspected,
    "looks": _looks,
    "whatif": _inspected,
    "relax": _inspected,
    "coin": _inspected,
}
