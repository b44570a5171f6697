"""The player's input: events as frames of changes, and the player's own files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from orthrus.events import Done, Draft, Event, Prefill, Verdict
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz import language, theme
from viz.player import lesson_words, messages, modules, shell
from viz.views import catalogue

STYLES = (
    "stage.css",
    "inspector.css",
    "quiz.css",
    "tour.css",
    "lesson.css",
    "worksheet.css",
    "views.css",
    "explain.css",
    "extras.css",
    "drafters.css",
    "pair.css",
    "anatomy.css",
    "looks.css",
    "judge.css",
    "contrast.css",
    "print.css",
)
Frame = dict[str, Any]


def frames(event: Event, trace: Trace) -> list[Frame]:
    """The frames of one event that is already in the trace.

    A frame {p: phase, c: cycle, ms, w: tokens committed, x: changes} is a stop of the playhead; one without p carries
    facts. A change is [view, op, key, value, at].
    """
    beats: dict[str, Frame] = {
        phase: {"p": phase, "c": cycle, "ms": ms, "w": weight, "x": []}
        for phase, cycle, ms, weight in _beats(event, trace)
    }
    facts: Frame = {"x": []}
    for name, view in catalogue.VIEWS.items():
        for change in view.patch(event, trace):
            target = facts if change.phase is None else beats[change.phase]
            target["x"].append([name, change.op, change.key, change.value, change.at])
    return ([facts] if facts["x"] else []) + list(beats.values())


def _beats(event: Event, trace: Trace) -> list[tuple[str, int, float, int]]:
    """The playhead's stops in one event: (phase, cycle, measured ms, tokens committed)."""
    if isinstance(event, Prefill):
        return [("prefill", -1, event.ms, 1)]
    if isinstance(event, Draft):
        return [("draft", event.cycle, event.t_draft_ms, 0)]
    if isinstance(event, Verdict):
        after = round(event.t_judge_ms + event.t_host_gap_ms, 3)
        return [("verify", event.cycle, event.t_verify_ms, 0), ("commit", event.cycle, after, event.n_commit)]
    if isinstance(event, Done):
        metrics = measure(trace)
        return [("finish", len(trace.verdicts), round(max(0.0, (metrics.ar_total_ms or 0.0) - metrics.total_ms), 3), 0)]
    return []


def tape(trace: Trace) -> list[Frame]:
    """All frames of a trace."""
    tape_frames: list[Frame] = []
    partial = Trace()
    for event in trace.events:
        partial = partial.add(event)
        tape_frames += frames(event, partial)
    return tape_frames


def whole(trace: Trace, run: str) -> dict[str, Any]:
    """The single message for a finished trace, which then plays by itself."""
    return {"run": run, "seq": 0, "live": False, "autoplay": True, "end": True, "frames": tape(trace)}


def settings() -> dict[str, Any]:
    """What a page gives its player: how to draw, and the shell for making a file of itself."""
    return {**drawing(), "shell": shell.settings()}


def drawing() -> dict[str, Any]:
    """The player's static data: skeletons, statuses with glyphs, the charts' base layout, messages."""
    statuses = {
        s.code: {"name": name, "glyph": s.glyph, "label": theme.label(name)} for name, s in theme.STATUSES.items()
    }
    legend = [theme.CODES[name] for name in theme.LEGEND]
    words = {"language": language.current(), "messages": messages.said()}
    look = {"statuses": statuses, "legend": legend, "layout": theme.layout()}
    tabs = catalogue.tabs()
    views = {"views": catalogue.skeletons(), "places": list(catalogue.PLACES), "tabs": tabs}
    return {**views, "lesson": lesson_words.words(), **look, **words}


def stylesheet() -> str:
    """The stage's CSS, between the markers by which a page finds it again."""
    begin, end = shell.STYLE_MARKS
    rules = (modules.read(f"css/{name}") for name in STYLES)
    return "\n".join((begin, theme.css(), *rules, end))


def plotly_file() -> Path:
    """plotly.min.js of the installed plotly package."""
    import plotly

    return Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def dumps_for_html(value: Any) -> str:
    """JSON that is safe inside a <script> element: no '<' can end it or open a comment."""
    return dumps(value).replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
