"""Draw docs/plots/*.svg from growth.json and ablations.json of benchmarks/results/, in the colours of the page.

    python -m benchmarks.report.plots

The SVG is written by hand: no browser, no drawing library. A result that is not there yet leaves its plots out.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.report.speed_figures import counted
from viz.theme import PALETTES

ROOT = Path(__file__).resolve().parent.parent
RESULTS, PLOTS = ROOT / "benchmarks" / "results", ROOT / "docs" / "plots"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 340, 64, 20, 56, 48
COLOUR = PALETTES["light"]
HUES = ("ar", "accepted", "refused", "draft")


class Line(NamedTuple):
    """One curve: its legend text and its points, x ascending."""

    name: str
    points: list[tuple[float, float]]


class Chart(NamedTuple):
    """x doubles at equal distances; `level` is a horizontal line that means something."""

    title: str
    x: str
    y: str
    lines: list[Line]
    level: float | None = None


def svg(chart: Chart) -> str:
    """The chart as one SVG text."""
    xs = sorted({x for line in chart.lines for x, _ in line.points})
    ys = [y for line in chart.lines for _, y in line.points] + [chart.level or 0.0]
    low, high, top = math.log2(xs[0] + 1), math.log2(xs[-1] + 1), ceiling(max(ys))

    def across(x: float) -> float:
        return LEFT + (math.log2(x + 1) - low) / ((high - low) or 1) * (WIDTH - LEFT - RIGHT)

    def up(y: float) -> float:
        return HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM)

    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{COLOUR["page"]}"/>', text(LEFT, 20, chart.title, "start")]
    for i in range(5):
        y = top * i / 4
        parts += [rule(up(y), COLOUR["line"]), text(LEFT - 8, up(y) + 4, f"{y:g}", "end")]
    parts += [text(across(x), HEIGHT - BOTTOM + 18, f"{x:g}") for x in apart(xs, across)]
    parts += [text(WIDTH / 2, HEIGHT - 10, chart.x), text(LEFT, TOP - 8, chart.y, "start")]
    if chart.level is not None:
        parts.append(rule(up(chart.level), COLOUR["soft"], 'stroke-dasharray="5 4"'))
    for i, line in enumerate(chart.lines):
        colour = COLOUR[HUES[i % len(HUES)]]
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line.points)
        dashes = ' stroke-dasharray="7 3"' * (i >= len(HUES))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3" fill="{colour}"/>' for x, y in line.points]
        parts.append(text(WIDTH - RIGHT, 20 + 15 * i, line.name, "end", colour))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui, sans-serif"'
    return "\n".join([f'{head} font-size="12" role="img" aria-label="{escape(chart.title)}">', *parts, "</svg>\n"])


def text(x: float, y: float, words: str, anchor: str = "middle", colour: str = COLOUR["ink"]) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def rule(y: float, colour: str, more: str = "") -> str:
    return f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" {more}/>'


def ceiling(value: float) -> float:
    """The next of 1, 2, 4, 5, 8, 10, 20, ... at or above a positive value."""
    unit = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return next(unit * step for step in (1, 2, 4, 5, 8, 10) if unit * step >= value * 0.9999)


def apart(xs: list[float], across, least: float = 34) -> list[float]:
    """Those of `xs` whose labels do not touch."""
    kept: list[float] = []
    for x in xs:
        if not kept or across(x) - across(kept[-1]) >= least:
            kept.append(x)
    return kept


def curves(found: dict[str, Any], part: str, x: str, ys: dict[str, str]) -> list[Line]:
    """A line per number of threads and figure of one part of growth.json; `ys` is figure -> legend text."""
    return [
        Line(f"{counted(threads)}{', ' if words else ''}{words}", [(row[x], row[y]) for row in figures[part]])
        for threads, figures in found["threads"].items()
        for y, words in ys.items()
        if figures.get(part)
    ]


ACCEPTED = "proposals accepted a cycle"
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


def drawn(results: Path = RESULTS) -> dict[str, str]:
    """File name -> SVG text of every chart there are figures for."""
    from benchmarks.report import ablation_figures

    made = {}
    if (path := results / "growth.json").exists():
        growth = json.loads(path.read_text(encoding="utf-8"))
        made = {f"{name}.svg": svg(chart) for name, chart in charts(growth).items()}
    if (path := results / "ablations.json").exists():
        made["ablations.svg"] = ablation_figures.svg(json.loads(path.read_text(encoding="utf-8")))
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=PLOTS)
    args = parser.parse_args()
    found = drawn()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, content in found.items():
        (args.out / name).write_text(content, encoding="utf-8")
        print(f"written: {name}")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
