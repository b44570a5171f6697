"""One checkpoint under every engine that is asked for; each is warmed up before anything is measured on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from orthrus.checkpoints.loading import LoadedModel
from orthrus.config import DecodeConfig
from orthrus.decoding.engine import run_both


class Engines:
    """A loaded model by the engine it was asked for ("auto", "numba", ...); others are loaded when first asked for.

    `lent`: the GPU is one that a forked process has for the time of one call. Its engine is then chosen in that
    process.
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
        """The model under an engine; raises as `orthrus.checkpoints.loading.load_model` does."""
        if engine not in self._by_engine:
            self._by_engine[engine] = self._settled(engine) if self._is_zerogpu else self._loaded(engine)
        return self._by_engine[engine]

    def _loaded(self, engine: str) -> LoadedModel:
        lm = self._load(engine)
        warm_up(lm)
        return lm

    def _settled(self, engine: str) -> LoadedModel:
        """Not warmed up: the process's seconds are counted, and a captured run was rehearsed."""
        from orthrus.gpu.support import settled

        model, check, why = settled(self.loaded.model, engine)
        return replace(self.loaded, model=model, check=check, fallback=why)


def warm_up(lm: LoadedModel) -> None:
    """The first passes of each size pay for memory and code paths; no run that is looked at should."""
    limit = min(lm.config.block_size + 8, lm.config.max_position_embeddings)
    for _ in run_both(lm, "Hello", DecodeConfig(limit, detail=1)):
        pass
