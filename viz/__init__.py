"""Views of a trace. A view is a skeleton and a pure patch; the same player shows it on the page and in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from orthrus.trace import Trace
    from viz.export.notebook import ShownRun

__all__ = ["export_html", "figure", "show"]


def figure(name: str, trace: Trace, mode: str = "light", variant: int = 0, others: Sequence[Trace] = ()) -> go.Figure:
    """One view as a Plotly figure; `others` are up to three runs to compare it with."""
    from viz.export import figures

    return figures.figure(name, trace, mode, variant, others)


def export_html(trace: Trace, path: str, title: str | None = None) -> None:
    """Export the page as one HTML file that plays offline."""
    from viz.export import html

    html.export_html(trace, path, title)


def show(trace: Trace, height: int = 760, title: str | None = None) -> ShownRun:
    """The page of one run in a notebook, `height` pixels high: the last line of a cell displays it without a server."""
    from viz.export import notebook

    return notebook.show(trace, height, title)
