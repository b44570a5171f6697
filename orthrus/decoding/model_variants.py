"""One checkpoint under each requested engine, warmed up before anything is measured on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from orthrus.checkpoints.loading import LoadedModel
from orthrus.config import DecodeConfig
from orthrus.decoding.engine import run_both

if TYPE_CHECKING:
    from orthrus.model.dual_view import Orthrus


class Engines:
    """Loaded models by requested engine ("auto", "numba", ...); others are loaded on first use.

    `is_zerogpu`: a forked process gets the GPU for one call at a time. The engine is then chosen in that process.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        load: Callable[[str], LoadedModel],
        engine: str = "auto",
        warm: bool = True,
        is_zerogpu: bool = False,
    ) -> None:
        if warm and not is_zerogpu:
            warm_up(loaded)
        self.loaded, self._load, self._is_zerogpu = loaded, load, is_zerogpu
        self._by_engine = {} if is_zerogpu else {engine: loaded, "auto": loaded, loaded.engine: loaded}

    def get(self, engine: str) -> LoadedModel:
        """The model for an engine; raises as `orthrus.checkpoints.loading.load_model` does."""
        if engine not in self._by_engine:
            self._by_engine[engine] = self._settled(engine) if self._is_zerogpu else self._loaded(engine)
        return self._by_engine[engine]

    def _loaded(self, engine: str) -> LoadedModel:
        lm = self._load(engine)
        warm_up(lm)
        return lm

    def _settled(self, engine: str) -> LoadedModel:
        """No warm-up: the process's GPU seconds are limited, and a captured run was rehearsed."""
        from orthrus.gpu.support import settled

        model, check, why = settled(cast("Orthrus", self.loaded.model), engine)
        return replace(self.loaded, model=model, check=check, fallback=why)


def warm_up(lm: LoadedModel) -> None:
    """Run once, so that memory and code paths of each pass size are set up before a measured run."""
    limit = min(lm.config.block_size + 8, lm.config.max_position_embeddings)
    for _ in run_both(lm, "Hello", DecodeConfig(limit, detail=1)):
        pass
