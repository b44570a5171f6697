"""Draw docs/plots/*.svg from growth.json and ablations.json of benchmarks/results/, in the colours of the page.

    python -m benchmarks.report.plots    # needs requirements-bench.txt

A result that is not there yet leaves its plots out. Neither the date nor matplotlib's version is in a file, so that
drawing the same figures twice changes nothing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.harness import ROOT
from benchmarks.report import ablation_figures
from benchmarks.report.ablation_figures import Bar
from benchmarks.report.charts import Chart, charts
from benchmarks.report.tables import read
from viz.theme import PALETTES

PLOTS = ROOT / "docs" / "plots"
COLOUR = PALETTES["light"]
HUES = ("ar", "accepted", "refused", "draft")
STYLE = {
    "axes.edgecolor": COLOUR["line"],
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelcolor": COLOUR["ink"],
    "axes.titlelocation": "left",
    "figure.facecolor": COLOUR["page"],
    "axes.facecolor": COLOUR["page"],
    "font.size": 9,
    "grid.color": COLOUR["line"],
    "svg.fonttype": "none",  # words stay words: small files, text that can be searched
    "svg.hashsalt": "orthrus",  # otherwise every drawing gets new ids
    "text.color": COLOUR["ink"],
    "xtick.color": COLOUR["ink"],
    "ytick.color": COLOUR["ink"],
}


def empty(title: str, height: float, grid: str) -> tuple[Figure, Axes]:
    """A figure with one set of axes: a frame below and to the left, and lines across `grid`."""
    figure = Figure(figsize=(6.4, height), layout="constrained")
    axes = figure.add_subplot(title=title)
    axes.grid(visible=False, axis="x" if grid == "y" else "y")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(which="both", length=0)
    return figure, axes


@rc_context(STYLE)
def lines(chart: Chart) -> Figure:
    """The curves of a chart; x doubles at equal distances from 1 on."""
    figure, axes = empty(chart.title, 3.4, "y")
    for i, line in enumerate(chart.lines):
        dashes = "-" if i < len(HUES) else "--"
        x, y = zip(*line.points, strict=True)
        axes.plot(x, y, dashes, marker="o", ms=4, c=COLOUR[HUES[i % 4]], label=line.name, clip_on=False)
    if chart.level is not None:
        axes.axhline(chart.level, color=COLOUR["soft"], linestyle=":")
    measured = sorted({x for line in chart.lines for x, _ in line.points})
    axes.set_xscale("symlog", base=2, linthresh=1)
    axes.set_xticks(measured, [f"{x:g}" for x in measured])
    if measured[0] == 0:
        axes.set_xlim(left=0)
    axes.set(xlabel=chart.x, ylabel=chart.y, ylim=(0, None))
    axes.legend(framealpha=1, edgecolor="none")
    return figure


@rc_context(STYLE)
def bars(title: str, rows: list[Bar]) -> Figure:
    """A bar per row, the measured values as dots on it."""
    figure, axes = empty(title, 0.6 + 0.24 * len(rows), "x")
    drawn = axes.barh([row.name for row in rows], [row.mean for row in rows], 0.66, color=COLOUR["accepted"])
    for i, (row, patch) in enumerate(zip(rows, drawn, strict=True)):
        patch.set_gid(f"bar-{i}")
        axes.plot(row.values, [i] * len(row.values), "o", ms=4, color=COLOUR["ink"])
    axes.invert_yaxis()  # the first row on top
    return figure


def drawn() -> dict[str, Figure]:
    """File name -> figure of every chart there are results for."""
    made = {f"{name}.svg": lines(chart) for name, chart in charts(read("growth") or {"threads": {}}).items()}
    if result := read("ablations"):
        made["ablations.svg"] = bars(ablation_figures.TITLE, ablation_figures.bars(result))
    return made


@rc_context(STYLE)
def write(figure: Figure, path: Path) -> None:
    unchanging = {"Date": None, "Creator": None, "Title": figure.axes[0].get_title(loc="left")}
    figure.savefig(path, format="svg", metadata=unchanging)
    # matplotlib ends lines of path data with a blank
    path.write_text("".join(f"{line.rstrip()}\n" for line in path.read_text(encoding="utf-8").splitlines()), "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=PLOTS)
    args = parser.parse_args()
    figures = drawn()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        write(figure, args.out / name)
        print(f"written: {name}")
    return 0 if figures else 1


if __name__ == "__main__":
    sys.exit(main())
