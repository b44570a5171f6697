"""One checkpoint under every engine that is asked for; each is warmed up before anything is measured on it."""

from __future__ import annotations

from collections.abc import Callable

from orthrus.checkpoint import LoadedModel
from orthrus.config import DecodeConfig
from orthrus.lossless import run_both


class Engines:
    """A loaded model by the engine it was asked for ("auto", "numba", ...); others are loaded when first asked for."""

    def __init__(
        self, loaded: LoadedModel, load: Callable[[str], LoadedModel], asked: str = "auto", warm: bool = True
    ) -> None:
        if warm:
            warm_up(loaded)
        self.loaded, self._load = loaded, load
        self._known = {asked: loaded, "auto": loaded, loaded.engine: loaded}

    def get(self, engine: str) -> LoadedModel:
        """The model under an engine; raises as `orthrus.checkpoint.load_model` does."""
        if engine not in self._known:
            lm = self._load(engine)
            warm_up(lm)
            self._known[engine] = lm
        return self._known[engine]


def warm_up(lm: LoadedModel) -> None:
    """The first passes of each size pay for memory and code paths; no run that is looked at should."""
    limit = min(lm.config.block_size + 8, lm.config.max_position_embeddings)
    for _ in run_both(lm, "Hello", DecodeConfig(limit, detail=1)):
        pass
