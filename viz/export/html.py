"""HTML export: the page of one trace as a single offline file with skeletons, frames, player and Plotly."""

from __future__ import annotations

import html
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

from orthrus.config import EMBEDDED_MODEL
from orthrus.errors import OrthrusError
from orthrus.trace import Trace
from orthrus.trace.files import SUFFIX, as_recorded, load
from viz.language import current, say, speaking
from viz.player import frames, modules, shell
from viz.views import catalogue, pair
from viz.views.words import title as run_title

__all__ = ["export_html", "page"]
NOTHING: dict[str, Any] = {"lesson": None, "tapes": {}, "address": "", "codes": {}}  # beside its run


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
            "held": frames.dumps_for_html({**(held or NOTHING), "pins": pins(current())}),
            "settings": frames.dumps_for_html(frames.drawing()),
            "headline": frames.dumps_for_html(say("page.headline")),
        }
    )


@cache
def pins(language: str) -> list[dict[str, Any]]:
    """The recorded pair to compare (`O.Pin`), in a language; none where the recorded runs are not installed."""
    with speaking(language):
        paths = [EMBEDDED_MODEL.parent / "traces" / f"{name}{SUFFIX}" for name in (pair.EASY, pair.HARD)]
        return [_pinned(path) for path in paths if path.exists()]


def _pinned(path: Path) -> dict[str, Any]:
    name, trace = path.name.removesuffix(SUFFIX), load(path)
    facts = {view: catalogue.state(view, trace)["facts"] for view in pair.KEPT}
    return {"name": name, "title": run_title(name), **facts}


def export_html(trace: Trace, path: str | PathLike[str], title: str | None = None) -> None:
    Path(path).write_text(page(trace, title), encoding="utf-8")
