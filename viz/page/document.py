"""The framework's document as it is served: our scripts first in it, and a sentence for browsers that run none."""

from __future__ import annotations

import re
from functools import lru_cache

from viz.page import player_files
from viz.player import modules

SCRIPT = modules.STATIC / "page" / "page.js"
NO_SCRIPT = "This page is drawn by JavaScript, which is off in this browser. Please allow it for this address."


@lru_cache
def first() -> bytes:
    icon = '<link rel="icon" href="./favicon.ico">'  # else the browser asks the root of the host
    return f"<script>{SCRIPT.read_text(encoding='utf-8')}</script>{icon}{player_files.head()}".encode()


def amended(document: bytes) -> bytes:
    """With the scripts and the sentence, and without addresses that hold at the root of a host only."""
    document = re.sub(rb"<head(?:\s[^>]*)?>", lambda head: head[0] + first(), document, count=1)
    document = re.sub(
        rb"<body(?:\s[^>]*)?>",
        lambda body: body[0] + f"<noscript><p>{NO_SCRIPT}</p></noscript>".encode(),
        document,
        count=1,
    )
    document = document.replace(b'href="/manifest.json"', b'href="./manifest.json"')
    return re.sub(rb'const root = "[^"]*";', b'const root = "./";', document, count=1)
