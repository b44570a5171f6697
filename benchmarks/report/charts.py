"""The curves of growth.json as data: `plots.py` draws them, docs/performance.md shows them with their titles."""

from __future__ import annotations

from typing import Any, NamedTuple

from benchmarks.report.tables import counted


class Line(NamedTuple):
    """One curve: its legend text and its points, x ascending."""

    name: str
    points: list[tuple[float, float]]


class Chart(NamedTuple):
    """`level` is a horizontal line that means something."""

    title: str
    x: str
    y: str
    lines: list[Line]
    level: float | None = None


def curves(found: dict[str, Any], part: str, x: str, ys: dict[str, str]) -> list[Line]:
    """A line per number of threads and figure of one part of growth.json; `ys` is figure -> legend text."""
    return [
        Line(f"{counted(threads)}{', ' if words else ''}{words}", [(row[x], row[y]) for row in figures[part]])
        for threads, figures in found["threads"].items()
        for y, words in ys.items()
        if figures.get(part)
    ]


ACCEPTED = "proposals accepted per cycle"
PASSES = {"ar_ms": "AR step", "verify_ms": "verify"}
# file name: title, part of growth.json, x and its label, figures and their legends, their label, level
CHARTS = {
    "context": ("A pass by context", "context", "context", "positions in the cache", PASSES, "ms", None),
    "acceptance": ("Speed-up by acceptance", "acceptance", "accepted", ACCEPTED, {"speedup": ""}, "x AR", 1.0),
    "length": ("Speed-up by length of the answer", "length", "tokens", "tokens", {"speedup": ""}, "x AR", 1.0),
    "size": ("Break-even by model", "size", "millions", "million weights", {"break_even_accepted": ""}, ACCEPTED, None),
}


def charts(growth: dict[str, Any]) -> dict[str, Chart]:
    """File name -> chart, for the parts that were measured."""
    sized = {n: f | {"size": millions(f.get("size", []))} for n, f in growth["threads"].items()}
    found = {}
    for name, (title, part, x, x_label, ys, y_label, level) in CHARTS.items():
        lines = curves({"threads": sized}, part, x, ys)
        if lines:
            found[name] = Chart(title, x_label, y_label, lines, level=level)
    return found


def millions(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"millions": round(row["parameters"] / 1e6)} for row in rows]
