"""One set of weights in every mode that is asked for; each is warmed up before anything is measured in it."""

from __future__ import annotations

from dataclasses import replace

from orthrus.checkpoint import LoadedModel
from orthrus.config import DecodeConfig
from orthrus.lossless import run_both


class Modes:
    """The modes of a loaded model by the name they were asked for (auto, fast, exact), made when first asked.

    `lent`: the GPU is one that a forked process has for the time of one call. Modes are then made in that process.
    """

    def __init__(self, loaded: LoadedModel, asked: str = "auto", warm: bool = True, lent: bool = False) -> None:
        if warm and not lent:
            warm_up(loaded)
        self.loaded, self._lent = loaded, lent
        self._known = {} if lent else {asked: loaded}

    def get(self, mode: str) -> LoadedModel:
        """The model in a mode; raises as `orthrus.exact.choose` does."""
        if mode not in self._known:
            self._known[mode] = self._settled(mode) if self._lent else self._as_known(self.loaded.in_mode(mode))
        return self._known[mode]

    def _as_known(self, lm: LoadedModel) -> LoadedModel:
        """auto and the mode it amounts to are one model, with one packed copy of the weights."""
        same = next((known for known in self._known.values() if known.mode == lm.mode), None)
        if same is None:
            warm_up(lm)
        return same or lm

    def _settled(self, mode: str) -> LoadedModel:
        """Not warmed up: the process's seconds are counted, and a captured run was rehearsed."""
        from orthrus.gpu.choice import settled

        model, check = settled(self.loaded.model, mode)
        return replace(self.loaded, model=model, check=check)


def warm_up(lm: LoadedModel) -> None:
    """The first passes of each size pay for memory and code paths; no run that is looked at should."""
    limit = min(lm.config.block_size + 8, lm.config.max_position_embeddings)
    for _ in run_both(lm, "Hello", DecodeConfig(limit, detail=1)):
        pass
