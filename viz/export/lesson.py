"""A lesson as one offline file: its steps, the runs that it leads through, and the codes of its moments' addresses."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from orthrus.errors import OrthrusError
from orthrus.trace import Trace
from orthrus.trace.files import SUFFIX, load
from viz.export import html
from viz.player import frames, lessons, qr


def held(lesson: dict[str, Any], traces: dict[str, Trace], address: str) -> dict[str, Any]:
    """`O.Held` in viz/static/player/types.d.ts. `address`: of a page that other devices can open; "" for none."""
    hashes = [f"#{urlencode({'lesson': lesson['name'], 'step': i})}" for i in range(1, len(lesson["steps"]) + 1)]
    codes = {mark: qr.rows(address + mark) for mark in hashes} if address else {}
    tapes = {name: frames.whole(trace, name) for name, trace in traces.items()}
    return {"lesson": lesson, "tapes": tapes, "address": address, "codes": {k: v for k, v in codes.items() if v}}


def page(name: str, assets: Path, address: str = "") -> str:
    """The file's text. `assets` has the folders lessons/ and traces/; OrthrusError if there is no such lesson."""
    known = dict(lessons.files(assets / "lessons"))
    if name not in known:
        raise OrthrusError("unknown-choice", f"there is no lesson {name!r}; there are {', '.join(known) or 'none'}")
    traces: dict[str, Trace] = {}

    def trace_of(run: str) -> Trace:
        traces[run] = load(assets / "traces" / f"{run}{SUFFIX}")
        return traces[run]

    lesson = lessons.read(lessons.spoken(known[name]))
    filled = lessons.filled(name, lesson, trace_of)
    shown = {step.trace: traces[step.trace] for step in lesson.steps}
    return html.page(shown[lesson.steps[0].trace], f"Orthrus: {lesson.title}", held(filled, shown, address))


def export_lesson(name: str, path: str | PathLike[str], assets: str | PathLike[str], address: str = "") -> None:
    Path(path).write_text(page(name, Path(assets), address), encoding="utf-8")
