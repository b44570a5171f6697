"""A run inside a notebook: the exported page in an iframe of the output, so that no server is needed."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

from orthrus.checks import whole
from orthrus.trace import Trace
from viz.export.html import page

HEIGHTS = (200, 4000)  # pixels


@dataclass(frozen=True)
class ShownRun:
    """What a cell that ends with it displays. Jupyter, Colab and VS Code ask for `_repr_html_`."""

    page: str = field(repr=False)
    height: int

    def _repr_html_(self) -> str:
        style = f"width: 100%; height: {self.height}px; border: 0"
        return (
            f'<iframe title="Orthrus run" allowfullscreen style="{style}" srcdoc="{html.escape(self.page)}"></iframe>'
        )


def show(trace: Trace, height: int = 760, title: str | None = None) -> ShownRun:
    """The page of one run, `height` pixels high. About 6 MB: the page brings Plotly along and asks no network.

    Raises OrthrusError for an empty trace and for a height outside HEIGHTS.
    """
    return ShownRun(page(trace, title), whole("height", height, *HEIGHTS))
