"""The files of the player, as the page fetches them.

The address of each holds a version, so a browser keeps them and asks for nothing twice; modules import each other by
relative addresses, which keep the version of the first one.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from orthrus.server.request_filter import PLAYER
from viz.player import frames, modules

BUNDLE = "bundle.js"  # all modules as one script, for a saved page
PLOTLY = "plotly.min.js"
TYPE = "text/javascript"
KEPT = {"cache-control": "public, max-age=31536000, immutable"}


def address(name: str) -> str:
    """Where the page finds a file: relative, without its folder's name, new whenever the player is."""
    return f"{PLAYER[1:]}{modules.version()}/{name}"


def head() -> str:
    """The entry module for the document's head, and a hint for every other one: they are fetched side by side."""
    hints = (f'<link rel="modulepreload" href="{address(name)}">' for name in modules.ordered())
    return "".join([*hints, f'<script type="module" src="{address(modules.ENTRY)}"></script>'])


def route() -> Route:
    """Serves the modules, Plotly and the one script, each by its name, and nothing else."""
    files = {name: modules.STATIC / name for name in modules.ordered()} | {PLOTLY: frames.plotly_file()}

    def script(request: Request) -> Response:
        version, _, name = request.path_params["name"].partition("/")
        if version != modules.version():
            return PlainTextResponse("", 404)
        if name == BUNDLE:
            return Response(modules.bundle(), media_type=TYPE, headers=KEPT)
        return FileResponse(files[name], media_type=TYPE, headers=KEPT) if name in files else PlainTextResponse("", 404)

    return Route(f"{PLAYER}{{name:path}}", script)
