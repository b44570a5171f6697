"""The model side of the server: load, decode, verify a block, look into one, describe, recover. Knows no page.

Torch is imported inside the functions, because the page should be up before it.
"""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from orthrus.config import EMBEDDED_MODEL
from orthrus.server import zerogpu
from orthrus.server.settings import Settings

if TYPE_CHECKING:
    from orthrus.decoding.model_variants import Engines
    from orthrus.events import Event
    from orthrus.trace import Trace

log = logging.getLogger(__name__)
ABILITIES = (
    "This is a very small model, trained from scratch on a CPU. It does short word problems, equations, units, JSON, "
    "little programs and simple stories, is weak at sorting, rewriting and knowing where a count ends, and knows "
    "almost nothing about the world."
)


class Service:
    """The run manager's backend for one model in this process. `most_threads` 0: no limit."""

    def __init__(self, settings: Settings, most_threads: int = 0) -> None:
        self.settings, self._most_threads, self._fallback_note = settings, most_threads, ""
        self._decode = decode
        if zerogpu.is_zerogpu():
            most = settings.limits.run_seconds
            self._decode = zerogpu.on_zerogpu(decode, zerogpu.spaces.GPU, lambda request: 1 + request.both, most)

    def load(self) -> Engines:
        """Load the requested model; if that fails, the embedded one, and `describe` says so."""
        import torch

        try:
            return self._load(zerogpu.model_for(self.settings, torch.cuda.is_available()))
        except Exception as error:
            if self.settings.model == str(EMBEDDED_MODEL):
                raise
            why = str(error) if isinstance(error, ValueError) else type(error).__name__
            log.exception("the embedded model answers instead of the requested one")
        self._fallback_note = f"The requested model could not be loaded ({why}); the embedded one answers instead. "
        return self._load(str(EMBEDDED_MODEL))

    def _load(self, source: str) -> Engines:
        from orthrus.checkpoints.loading import LoadedModel, load_model
        from orthrus.decoding.model_variants import Engines

        settings, threads = self.settings, self.settings.threads or self._most_threads

        def load(engine: str) -> LoadedModel:
            return load_model(source, settings.device, settings.dtype, engine, threads)

        loaded = load(settings.engine)
        if is_zerogpu := zerogpu.is_zerogpu() and loaded.model.device.type == "cuda":
            zerogpu.compile_kernels(source, str(loaded.model.dtype).removeprefix("torch."))
        return Engines(loaded, load, settings.engine, is_zerogpu=is_zerogpu)

    def decode(self, engines: Engines, request: Any, cancel: Any) -> Iterator[Event]:
        return self._decode(engines, request, cancel)

    def verify(
        self, engines: Engines, prompt: str, written: str, proposal: str, engine: str = "auto"
    ) -> dict[str, Any]:
        """Verify a proposed block after `prompt` and the `written` part of the answer."""
        from orthrus.decoding.verify_block import verify_block

        return verify_block(engines.get(engine), prompt, written, proposal)

    def attention(
        self, engines: Engines, before: list[int], prompt_tokens: int, block: list[int], draft_rows: int | None = None
    ) -> dict[str, Any]:
        """Shares of attention in one cycle, computed again in plain PyTorch."""
        from orthrus.decoding.attention_shares import attention_shares

        numba = engines.get("auto").engine == "numba"
        return attention_shares(engines.get("torch" if numba else "auto"), before, prompt_tokens, block, draft_rows)

    def recover(self) -> str:
        return recover()

    def describe(self, engines: Engines) -> str:
        from orthrus.diagnostics import standing

        abilities = f" {ABILITIES}" if engines.loaded.id == EMBEDDED_MODEL.name else ""
        return f"{self._fallback_note}{standing(engines.loaded)}{abilities}"

    def keep(self, trace: Trace) -> None:
        """Write a finished run into the folder of records, atomically. Raises OSError."""
        from orthrus.trace.files import SUFFIX, packed

        assert trace.start is not None, "a finished run has begun"
        folder = Path(self.settings.records)
        name = f"{trace.start.recorded_at[:19].replace(':', '')}-{uuid4().hex[:8]}"
        beside = folder / f".{name}.part"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(packed(trace))
            os.replace(beside, folder / (name + SUFFIX))
        finally:
            beside.unlink(missing_ok=True)


def decode(engines: Engines, request: Any, cancel: Any) -> Iterator[Event]:
    """Decode a request: the events of both lanes, or of one alone."""
    from orthrus.decoding import engine

    lm = engines.get(request.engine)
    run = engine.run_both if request.both else engine.decode_ar if request.plain else engine.decode
    yield from run(lm, request.prompt, request.config, cancel)


def recover() -> str:
    """Free a failed run's memory. Return why the device is unusable, or "".

    Call it once the error is gone, because its traceback holds the run's tensors.
    """
    gc.collect()
    import torch

    if torch.cuda.is_available() and not zerogpu.is_zerogpu():
        from orthrus.gpu.device import synchronize

        try:
            synchronize()
        except RuntimeError as error:  # after an illegal access the CUDA context is unusable for the whole process
            return f"The GPU does not answer any more ({type(error).__name__}); the server has to be restarted."
    return ""
