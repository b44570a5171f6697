"""A view of a recorded run as a Plotly figure; writes no file: `python -m examples.figure_in_notebook`.

A notebook shows the figure if `drawn()` is the last line of a cell.
"""

from pathlib import Path

import plotly.graph_objects as go

from orthrus.trace.files import load
from viz import figure

RECORDING = Path(__file__).parent.parent / "assets" / "traces" / "01-word-problem.jsonl.gz"


def drawn(view: str = "staircase") -> go.Figure:
    return figure(view, load(RECORDING), mode="light")


if __name__ == "__main__":
    made = drawn()
    print(f"{made.layout.title.text}: {len(made.data)} traces, {sum(len(each.x) for each in made.data)} points")
