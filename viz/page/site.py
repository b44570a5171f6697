"""What the page stands on: runs, the model, classes, recordings, and what is served beside the framework's own."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from orthrus.errors import OrthrusError
from orthrus.server import zerogpu
from orthrus.server.class_routes import ClassRoutes
from orthrus.server.classes import Classes
from orthrus.server.model_service import Service
from orthrus.server.request_filter import API
from orthrus.server.run_manager import RunManager
from orthrus.server.settings import Settings
from orthrus.server.updates import sentence
from orthrus.server.worker_pool import Workers
from viz.language import HEADER, known, speaking
from viz.page import player_files
from viz.page.contents import Contents
from viz.page.server_words import translated


class Site(NamedTuple):
    """One page's parts. Only the workers import torch, not this process.

    On ZeroGPU, which forks this process for each run, the model is here.
    """

    manager: RunManager
    backend: Service | Workers
    classes: Classes
    contents: Contents

    @classmethod
    def of(cls, settings: Settings) -> Site:
        service, limits = Service(settings), settings.limits
        backend, at_once = (service, 1) if zerogpu.is_zerogpu() else (Workers(settings), settings.workers)
        manager = RunManager(backend, limits, service.keep if settings.records else None, at_once)
        return cls(manager, backend, Classes(limits), Contents(Path(settings.traces)))

    def routes(self) -> list[Route]:
        """The player's files, classes, and what an operator's tools ask for."""

        def healthz(_: Request) -> JSONResponse:
            well, words = self.manager.health()
            return JSONResponse({"status": words}, 200 if well else 503)

        def metrics(_: Request) -> PlainTextResponse:
            return PlainTextResponse(self.manager.metrics(), media_type="text/plain; version=0.0.4")

        # below the API, too: a Node server in front passes on nothing else, and shows the page in its stead
        asked = [Route(f"{below}/{each.__name__}", each) for below in ("", API) for each in (healthz, metrics)]
        files = player_files.route(self.contents.runs, self.contents.draws)
        return [*asked, *ClassRoutes(self.classes, _refusal).routes(), files]


def language_of(request: Request | None) -> str:
    """The language of the page that asks; English for any other client."""
    return known(request.headers.get(HEADER) if request else None)


def _refusal(error: OrthrusError, request: Request) -> str:
    """A class's refusal in the language of the page that asks."""
    with speaking(language_of(request)):
        return translated(sentence(str(error)), error.code)
