"""The files of the player and of the recorded runs, as the page fetches them.

The address of each holds a version, so a browser keeps them and asks for nothing twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from orthrus.server.request_filter import PLAYER
from viz import language
from viz.player import frames, modules, qr

BUNDLE = "bundle.js"  # all modules as one script, the same as in a saved page
PLOTLY = "plotly.min.js"
CODE = "code.json"  # the QR code of an address, which stands in the query
TYPE = "text/javascript"
OTHER = re.compile(r"(runs/\w+)\.(\w+)\.json")
MOST = 120  # messages kept in other languages than English, 0.3 MB each on average
KEPT = {"cache-control": "public, max-age=31536000, immutable"}


def address(name: str) -> str:
    """Where the page finds a file: relative, without its folder's name, new whenever the player is."""
    return f"{PLAYER[1:]}{modules.version()}/{name}"


def head() -> str:
    """The player for the document's head. One file: fifty modules, fetched one by one, take half a second more."""
    return f'<script defer src="{address(BUNDLE)}"></script>'


def run_file(message: str) -> str:
    """A recorded run's name below the player's folder, by its message in English: another one whenever that is, and
    one for each language."""
    return f"runs/{hashlib.sha256(message.encode()).hexdigest()[:16]}{_ending()}"


def _ending() -> str:
    now = language.current()
    return ".json" if now == language.ENGLISH else f".{now}.json"


def route(runs: Mapping[str, str], draws: Mapping[str, Callable[[], str]]) -> Route:
    """Serves the player's one script, Plotly, QR codes, and messages by `run_file`; nothing else.

    `draws` make the messages of the same names in the current language; each is asked once a language.
    """
    texts = {BUNDLE: (modules.bundle(), TYPE)} | {name: (text, "application/json") for name, text in runs.items()}

    @lru_cache(maxsize=MOST)
    def translated(name: str, spoken: str) -> str:
        with language.speaking(spoken):
            return draws[name]()

    def file(request: Request) -> Response:
        version, _, name = request.path_params["name"].partition("/")
        if version != modules.version():
            return PlainTextResponse("", 404)
        if name == PLOTLY:
            return FileResponse(frames.plotly_file(), media_type=TYPE, headers=KEPT)
        if name == CODE:
            rows = qr.rows(request.query_params.get("text", ""))
            return JSONResponse(rows) if rows else PlainTextResponse("", 404)
        if name in texts:
            text, kind = texts[name]
            return Response(text, media_type=kind, headers=KEPT)
        if (found := OTHER.fullmatch(name)) and f"{found[1]}.json" in draws and found[2] in language.LANGUAGES:
            text = translated(f"{found[1]}.json", found[2])
            return Response(text, media_type="application/json", headers=KEPT)
        return PlainTextResponse("", 404)

    return Route(f"{PLAYER}{{name:path}}", file)
