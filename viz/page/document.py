"""The framework's document as it is served: our scripts and the stage first in it, and a sentence for browsers that run
none. The stage plays before the framework, which brings the form, has begun."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from viz.page import player_files
from viz.player import frames, modules
from viz.player.shell import HEADLINE

# the framework's own entry; viz/static/page/boot.js begins it behind the stage
ENTRY = re.compile(rb'<script type="module"([^>]*?) src="(\./assets/[^"]+)"></script>')
SCRIPT = modules.STATIC / "page" / "page.js"
NO_SCRIPT = "This page is drawn by JavaScript, which is off in this browser. Please allow it for this address."
INTRO = (
    "A language model writes <b>tokens</b>, words or parts of words, one per <b>forward pass</b>. Orthrus adds a "
    "<b>diffusion view</b> to the model, which guesses a whole block of tokens in one pass. The model's own "
    "autoregressive (<b>AR</b>) view checks all guesses in a second pass and keeps exactly what it would have written."
)
HEAD = (
    f'<div id="frame"><header id="head"><h1>{HEADLINE}</h1><p>{INTRO}</p></header>'
    '<div id="early" aria-hidden="true"><i></i><i></i><i></i></div>'  # the form's room until it is there
)
# behind the form, as the keyboard goes
STAGE = '<section id="stage" class="waits" aria-label="The run"><div class="stage"></div></section></div>'


def first(page: dict[str, Any]) -> bytes:
    """The head's own part: scripts, style, icon, and a hint for the first run's file."""
    script = f"<script>{SCRIPT.read_text(encoding='utf-8')}</script>"
    icon = '<link rel="icon" href="./favicon.ico">'  # else the browser asks the root of the host
    style = f"<style>{frames.stylesheet()}{modules.read('css/page.css')}{modules.read('css/classroom.css')}</style>"
    hints = "".join(f'<link rel="preload" as="fetch" crossorigin href="{run["file"]}">' for run in page["runs"][:1])
    return f"{script}{icon}{hints}{player_files.head()}{style}".encode()


def amending(page: dict[str, Any]) -> Callable[[bytes], bytes]:
    """A function that adds the scripts, the stage and the sentence, and takes addresses out that hold at the root of a
    host only. `page` is what the document tells its scripts (`O.Page` in viz/static/player/types.d.ts)."""
    head = first(page)
    told = f'<script type="application/json" id="o-page">{frames.dumps_for_html(page)}</script>'
    begin = f"<noscript><p>{NO_SCRIPT}</p></noscript>{told}{HEAD}".encode()

    def amended(document: bytes) -> bytes:
        document = re.sub(rb"<head(?:\s[^>]*)?>", lambda tag: tag[0] + head, document, count=1)
        document = re.sub(rb"<body(?:\s[^>]*)?>", lambda tag: tag[0] + begin, document, count=1)
        document = document.replace(b"</body>", STAGE.encode() + b"</body>", 1)
        document = ENTRY.sub(rb'<link rel="modulepreload" id="framework"\1 href="\2">', document, count=1)
        document = document.replace(b'href="/manifest.json"', b'href="./manifest.json"')
        return re.sub(rb'const root = "[^"]*";', b'const root = "./";', document, count=1)

    return amended
