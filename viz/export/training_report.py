"""Training charts from a run's metrics.jsonl, in the page's colours.

python -m viz.export.training_report runs/mini --out learning.html
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orthrus.console import Parser, run_command
from orthrus.errors import OrthrusError
from orthrus.files import check_output, numbered_lines
from viz import theme

if TYPE_CHECKING:
    import plotly.graph_objects as go

Record = dict[str, Any]
MAX_LINE = 2**20  # most bytes per record
STAGES = ("ar", "annealing", "practice", "diffusion")
DASHES = ("solid", "dot", "dash", "dashdot")
TINTS = ("accepted", "ar", "refused")


def read_run(folder: Path) -> list[Record]:
    """The records of all stages in the order they were written; OrthrusError says which file or line is wrong.

    The rounds of a stage are one stage: the steps of a round count on from those of the one before.
    """
    records: list[Record] = []
    for stage in STAGES:
        before = 0
        for path in (folder / stage / "metrics.jsonl", *sorted(folder.glob(f"{stage}-*/metrics.jsonl"))):
            new = [r | {"step": before + r["step"]} for r in _lines(path)] if path.exists() else []
            before = max((r["step"] for r in new), default=before)
            records += new
    if not records:
        raise OrthrusError("run-missing", f"{folder} has no records, neither in {STAGES[0]}/metrics.jsonl nor later")
    return records


def _lines(path: Path) -> Iterable[Record]:
    with path.open("rb") as file:
        for number, line in numbered_lines(file, str(path), MAX_LINE):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            if not isinstance(record, dict) or not {"stage", "step"} <= record.keys():
                raise OrthrusError("record-invalid", f"{path}, line {number}: not a training record")
            yield record


def figures(records: list[Record], mode: str = "light") -> dict[str, go.Figure]:
    """The charts that the records allow, by title; colours of theme `mode` ("light" or "dark")."""
    drawn = {
        "Loss": _loss(records),
        "Accepted in a row, on held-out answers": _accepted(records),
        "Accepted in a row, by domain": _by_domain(records),
        "Agreement by position in the block": _by_position(records),
    }
    return {title: _figure(traces, axes, mode) for title, (traces, axes) in drawn.items() if traces}


def _figure(traces: list[dict[str, Any]], axes: tuple[str, str], mode: str) -> go.Figure:
    import plotly.graph_objects as go

    layout = theme.layout(mode)
    for axis, name in zip(("xaxis", "yaxis"), axes, strict=True):
        layout[axis] = {**layout[axis], "title": {**layout[axis]["title"], "text": name}, "rangemode": "tozero"}
    layout["paper_bgcolor"] = layout["plot_bgcolor"] = theme.PALETTES[mode]["page"]
    return go.Figure(data=theme.resolve(traces, mode), layout={**layout, "template": "none"})


def _line(name: str, x: list[Any], y: list[Any], colour: str, **line: Any) -> dict[str, Any]:
    return {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": y,
            "line": {"color": "@" + colour, "width": 2, **line}}  # fmt: skip


def _column(records: list[Record], stage: str, key: str) -> tuple[list[int], list[Any]]:
    rows = [r for r in records if r["stage"] == stage and key in r]
    return [r["step"] for r in rows], [r[key] for r in rows]


def _loss(records: list[Record]) -> tuple[list[dict[str, Any]], tuple[str, str]]:
    wanted = (
        ("AR view, training", "ar", "ar_loss", "soft", {"width": 1}),
        ("AR view, held out", "ar", "valid_loss", "ar", {}),
        ("diffusion view reading ahead, held out", "ar", "valid_block_loss", "draft", {}),
        ("AR view, held out, annealing", "annealing", "valid_loss", "ar", {"dash": "dash"}),
        ("reading ahead, held out, annealing", "annealing", "valid_block_loss", "draft", {"dash": "dash"}),
        ("AR view, held out, practice", "practice", "valid_loss", "ar", {"dash": "dot"}),
        ("reading ahead, held out, practice", "practice", "valid_block_loss", "draft", {"dash": "dot"}),
        ("distillation: forward KL, held out", "diffusion", "valid_kl", "accepted", {}),
    )
    lines = [
        _line(name, x, y, colour, **line)
        for name, stage, key, colour, line in wanted
        for x, y in [_column(records, stage, key)]
        if x
    ]
    return lines, ("step of its stage", "nats a token")


def _accepted(records: list[Record]) -> tuple[list[dict[str, Any]], tuple[str, str]]:
    lines = []
    for stage, name, colour in (
        ("ar", "pretraining", "draft"),
        ("annealing", "annealing", "soft"),
        ("practice", "practice", "refused"),
        ("diffusion", "distillation", "accepted"),
    ):
        rows = [r for r in records if r["stage"] == stage and "score" in r and "accepted" in r]
        if rows:
            lines.append(_line(name, [r["step"] for r in rows], [r["accepted"] for r in rows], colour))
    return lines, ("step of its stage", "guesses confirmed in a row")


def _by_domain(records: list[Record]) -> tuple[list[dict[str, Any]], tuple[str, str]]:
    """One line per domain, distinguished by colour and dash: three colours times four dashes."""
    steps, rows = _column(records, "diffusion", "accepted_by_domain")
    domains = sorted(rows[-1], key=rows[-1].get, reverse=True) if rows else []
    lines = [
        _line(name, steps, [r[name] for r in rows], TINTS[i % len(TINTS)], dash=DASHES[i // len(TINTS) % len(DASHES)])
        for i, name in enumerate(domains)
    ]
    return lines, ("step of the distillation", "guesses confirmed in a row")


def _by_position(records: list[Record]) -> tuple[list[dict[str, Any]], tuple[str, str]]:
    """The first, a middle and the last validation: the curve moves up and to the right."""
    steps, rows = _column(records, "diffusion", "agreement_by_position")
    chosen = sorted({0, len(rows) // 2, len(rows) - 1}) if rows else []
    lines = [
        _line(f"after step {steps[i]}", [*range(1, len(rows[i]) + 1)], rows[i], colour, dash=dash)
        for i, colour, dash in zip(chosen, ("soft", "draft", "accepted"), DASHES[2::-1], strict=False)
    ]
    return lines, ("position of the guess", "share that equals the AR view's token")


PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>How orthrus-mini learnt</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;padding:0 1rem}}</style></head>
<body><h1>How orthrus-mini learnt</h1>{charts}</body></html>
"""


def page(records: list[Record]) -> str:
    """All charts as one HTML file that needs no network."""
    parts, library = [], True
    for title, figure in figures(records).items():
        chart = figure.to_html(full_html=False, include_plotlyjs=library, default_height="380px")
        parts.append(f"<h2>{title}</h2>{chart}")
        library = False
    return PAGE.format(charts="\n".join(parts))


def main() -> int:
    return run_command(_main)


def _main() -> int:
    parser = Parser(prog="python -m viz.export.training_report", description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="folder of a training run")
    parser.add_argument("--out", type=Path, default=Path("learning.html"))
    args = parser.parse_args()
    check_output(args.out).write_text(page(read_run(args.run)), encoding="utf-8")
    print(args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
