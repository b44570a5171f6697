"""Amends the framework's HTML document: adds our script first, and a sentence for browsers without scripts."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[1] / "static" / "page.js"
NO_SCRIPT = "This page is drawn by JavaScript, which is off in this browser. Please allow it for this address."


@lru_cache
def first() -> bytes:
    icon = '<link rel="icon" href="./favicon.ico">'  # else the browser requests it from the host's root
    return f"<script>{SCRIPT.read_text(encoding='utf-8')}</script>{icon}".encode()


def amended(document: bytes) -> bytes:
    """The document with the script and the sentence, and without URLs that only work at a host's root."""
    document = re.sub(rb"<head(?:\s[^>]*)?>", lambda head: head[0] + first(), document, count=1)
    document = re.sub(
        rb"<body(?:\s[^>]*)?>",
        lambda body: body[0] + f"<noscript><p>{NO_SCRIPT}</p></noscript>".encode(),
        document,
        count=1,
    )
    document = document.replace(b'href="/manifest.json"', b'href="./manifest.json"')
    return re.sub(rb'const root = "[^"]*";', b'const root = "./";', document, count=1)
