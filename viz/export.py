"""The whole page of one trace as a single HTML file: skeletons, frames, player and Plotly; it needs no network."""

from __future__ import annotations

import html
from os import PathLike
from pathlib import Path

from orthrus.trace import Trace
from viz import player

HEADLINE = "Same model. Same words. Two ways to write them."
# nothing may be fetched: the page is one file and stays one
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}"><title>{title}</title>
<style>{style}
body {{ margin: 0; }} .orthrus {{ padding: 24px max(16px, calc(50vw - 620px)) 48px; min-height: 100vh; }}
.o-head h1 {{ font-size: 26px; line-height: 1.2; margin: 0 0 4px; }}</style></head>
<body><main id="stage"></main>
<script>{plotly}</script>
<script>{script}</script>
<script type="application/json" id="tape">{message}</script>
<script type="application/json" id="settings">{settings}</script>
<script>(function () {{
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const stage = document.getElementById("stage");
  const player = OrthrusStage.mount(stage, read("settings"), {{}});
  const head = document.createElement("header");
  head.className = "o-head";
  head.append(OrthrusStage.el("h1", "", {headline}));
  stage.prepend(head);
  player.feed(read("tape"));
  window.orthrusPlayer = player;
}})();</script></body></html>
"""


def page(trace: Trace, title: str | None = None) -> str:
    """The file's text; ValueError for a trace without a run in it."""
    if trace.start is None:
        raise ValueError("the trace is empty; there is nothing to show")
    return PAGE.format(
        policy=html.escape(POLICY),
        title=html.escape(title or f"Orthrus: {trace.start.model.id}"),
        style=player.stylesheet(),
        plotly=player.plotly_file().read_text(encoding="utf-8"),
        script=player.script(),
        message=player.dumps_for_html(player.whole(trace, trace.start.run)),
        settings=player.dumps_for_html(player.settings()),
        headline=player.dumps_for_html(HEADLINE),
    )


def export_html(trace: Trace, path: str | PathLike[str], title: str | None = None) -> None:
    Path(path).write_text(page(trace, title), encoding="utf-8")
