"""The framework's document as it is served: our scripts and the stage first in it, and a sentence for browsers that run
none. The stage plays before the framework, which brings the form, has begun."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from orthrus.server.request_filter import Scope
from viz import language
from viz.language import say
from viz.page import player_files
from viz.player import frames, modules

# the framework's own entry; viz/static/page/boot.js begins it behind the stage
ENTRY = re.compile(rb'<script type="module"([^>]*?) src="(\./assets/[^"]+)"></script>')
SCRIPT = modules.STATIC / "page" / "page.js"
HTML = re.compile(rb"<html(?:\s+lang=(?:\"[^\"]*\"|\w+))?")


def head() -> str:
    """The page's own head, the choice of a language in it."""
    named = [(language.tag(each), each, name) for each, name in language.LANGUAGES.items()]
    now = language.current()
    options = "".join(
        f'<option lang="{tag}" value="{each}"{" selected" * (each == now)}>{name}</option>' for tag, each, name in named
    )
    name = html.escape(say("page.language"))
    return (
        f'<div id="frame"><header id="head"><h1>{say("page.headline")}</h1><p>{say("page.intro")}</p>'
        f'<div id="corner"><select id="language" aria-label="{name}" translate="no">{options}</select></div></header>'
        '<div id="early" aria-hidden="true"><i></i><i></i><i></i></div>'  # the form's room until it is there
    )


def stage() -> str:
    """Behind the form, as the keyboard goes."""
    name = html.escape(say("page.stage"))
    return f'<section id="stage" class="waits" aria-label="{name}"><div class="stage"></div></section></div>'


def first(page: dict[str, Any]) -> bytes:
    """The head's own part: scripts, style, icon, and a hint for the first run's file."""
    script = f"<script>{SCRIPT.read_text(encoding='utf-8')}</script>"
    icon = '<link rel="icon" href="./favicon.ico">'  # else the browser asks the root of the host
    style = f"<style>{frames.stylesheet()}{modules.read('css/page.css')}{modules.read('css/classroom.css')}</style>"
    hints = "".join(f'<link rel="preload" as="fetch" crossorigin href="{run["file"]}">' for run in page["runs"][:1])
    return f"{script}{icon}{hints}{player_files.head()}{style}".encode()


def amending(page: Callable[[], dict[str, Any]]) -> Callable[[bytes, Scope], bytes]:
    """A function that adds the scripts, the stage and the sentence to a document, all in the language that its request
    asks for, and takes addresses out that hold at the root of a host only. `page` makes what the document tells its
    scripts (`O.Page` in viz/static/player/types.d.ts), in the current language."""

    @lru_cache(maxsize=len(language.LANGUAGES))
    def parts(spoken: str) -> tuple[bytes, bytes, bytes]:
        with language.speaking(spoken):
            told = page()
            held = f'<script type="application/json" id="o-page">{frames.dumps_for_html(told)}</script>'
            begin = f"<noscript><p>{say('page.no-script')}</p></noscript>{held}{head()}"
            return first(told), begin.encode(), stage().encode()

    parts(language.ENGLISH)  # before anybody asks for it

    def amended(document: bytes, request: Scope) -> bytes:
        spoken = asked(request)
        top, begin, end = parts(spoken)
        tag = f'<html lang="{language.tag(spoken)}" dir="{language.direction(spoken)}"'.encode()
        document = HTML.sub(tag, document, count=1)
        document = re.sub(rb"<head(?:\s[^>]*)?>", lambda found: found[0] + top, document, count=1)
        document = re.sub(rb"<body(?:\s[^>]*)?>", lambda found: found[0] + begin, document, count=1)
        document = document.replace(b"</body>", end + b"</body>", 1)
        document = ENTRY.sub(rb'<link rel="modulepreload" id="framework"\1 href="\2">', document, count=1)
        document = document.replace(b'href="/manifest.json"', b'href="./manifest.json"')
        return re.sub(rb'const root = "[^"]*";', b'const root = "./";', document, count=1)

    return amended


def asked(request: Scope) -> str:
    """The language that a request for the document asks for."""
    accepted = [value for name, value in request.get("headers", ()) if name == b"accept-language"]
    return language.chosen(request.get("query_string", b"").decode("latin-1"), b",".join(accepted).decode("latin-1"))
