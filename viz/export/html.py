"""HTML export: the page of one trace as a single offline file with skeletons, frames, player and Plotly."""

from __future__ import annotations

import html
from os import PathLike
from pathlib import Path
from typing import Any

from orthrus.errors import OrthrusError
from orthrus.trace import Trace
from orthrus.trace.files import as_recorded
from viz.language import say
from viz.player import frames, modules, shell

__all__ = ["export_html", "page"]


def page(trace: Trace, title: str | None = None, held: dict[str, Any] | None = None) -> str:
    """The file's text, with the run marked as recorded; raises ValueError for an empty trace.

    `held`: a lesson with its runs (`O.Held` in viz/static/player/types.d.ts), as viz/export/lesson.py makes it.
    """
    if trace.start is None:
        raise OrthrusError("trace-empty", "the trace is empty; there is nothing to show")
    recorded = Trace.of(as_recorded(event) for event in trace.events)
    return shell.filled(
        {
            "title": html.escape(title or f"Orthrus: {trace.start.model.id}"),
            "style": frames.stylesheet(),
            "plotly": frames.plotly_file().read_text(encoding="utf-8"),
            "script": modules.bundle(),
            "tape": frames.dumps_for_html(frames.whole(recorded, trace.start.run)),
            "held": frames.dumps_for_html(held),
            "settings": frames.dumps_for_html(frames.drawing()),
            "headline": frames.dumps_for_html(say("page.headline")),
        }
    )


def export_html(trace: Trace, path: str | PathLike[str], title: str | None = None) -> None:
    Path(path).write_text(page(trace, title), encoding="utf-8")
