"""ZeroGPU support: which model a server loads, and decoding on a GPU that is allocated per call.

On ZeroGPU (the package `spaces` is installed and says so) every call runs in a process forked from this one, which has
the GPU for the duration of the call; calls of two visitors may run side by side, each in its own process with its own
GPU memory. The host guards the device, not a lock; our queue still admits one run at a time, because a forked worker
that is kept warm may be reused. A thread's flag does not reach another process, so Stop is a byte of shared memory,
allocated before the fork.
"""

from __future__ import annotations

import logging
import mmap
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from orthrus.config import EMBEDDED_MODEL, PUBLISHED_MODELS, DecodeConfig
from orthrus.errors import OrthrusError
from orthrus.server.settings import Settings

try:  # before torch: the package patches torch's CUDA initialisation
    import spaces
except ImportError:
    spaces = None

log = logging.getLogger(__name__)
PUBLISHED = PUBLISHED_MODELS[0]  # the default model on a GPU
START_S = 15  # start of a ZeroGPU call: weight transfer, kernel check, captures; not measured yet
CARDS = "90,120"  # compute capabilities of ZeroGPU's cards
SLOWEST = 20  # tokens per second assumed at least: bounds the requested GPU time


def is_zerogpu() -> bool:
    """Whether this is a ZeroGPU Space, where a GPU is allocated per call."""
    config = getattr(spaces, "config", None)  # the package is installed on every Space; this flag tells ZeroGPU apart
    return bool(config is not None and config.Config.zero_gpu)


def model_for(settings: Settings, cuda: bool) -> str:
    """The checkpoint to load: the requested one, else the published one on a GPU, the embedded one on a CPU.

    Raises OrthrusError for a hub id that is not in the list of allowed ones.
    """
    wanted = settings.model or (PUBLISHED if cuda and settings.device != "cpu" else str(EMBEDDED_MODEL))
    local = os.path.exists(wanted) or wanted.startswith((".", "/", "~"))
    if not local and wanted.partition("@")[0] not in settings.models.split(","):
        raise OrthrusError(
            "model-not-allowed", f"model {wanted!r} is not one of those this server may load: {settings.models}"
        )
    return wanted


def seconds_for(config: DecodeConfig, lanes: int, most: int) -> int:
    """GPU seconds to request: the start, then every token of every lane at the slowest assumed rate, at most `most`."""
    return min(most, START_S + -(-config.max_new_tokens * lanes // SLOWEST))


def compile_kernels(source: str, dtype: str) -> threading.Thread:
    """Compile the kernels for CARDS in a subprocess; plain PyTorch decodes calls meanwhile.

    Not here: compiling without a GPU replaces Triton's driver, which forked processes would inherit.
    """
    command = [sys.executable, "-m", "orthrus.precompile", "--model", source, "--dtype", dtype, "--sm", CARDS]

    def run() -> None:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
            log.warning("the kernels were not compiled, plain PyTorch decodes: %s", reason)
        else:
            log.info("kernels compiled for sm_%s", CARDS.replace(",", ", sm_"))

    thread = threading.Thread(target=run, name="compile-kernels", daemon=True)
    thread.start()
    return thread


class Flags:
    """Stop flags shared with forked processes: one byte each in shared memory."""

    def __init__(self, count: int = 64) -> None:
        self._bytes, self._free = mmap.mmap(-1, count), list(range(count))
        self._lock = threading.Lock()

    def take(self) -> int:
        """Take a cleared flag; raises OrthrusError if all are in use."""
        with self._lock:
            if not self._free:
                raise OrthrusError("too-many-runs", "too many runs are under way; please try again in a minute")
            index = self._free.pop()
        self._bytes[index] = 0
        return index

    def give_back(self, index: int) -> None:
        with self._lock:
            self._free.append(index)

    def set(self, index: int) -> None:
        self._bytes[index] = 1

    def is_set(self, index: int) -> bool:
        return self._bytes[index] != 0


class SharedFlag:
    """The cancel flag in the forked process: `is_set` of one byte of Flags."""

    def __init__(self, flags: Flags, index: int) -> None:
        self._flags, self._index = flags, index

    def is_set(self) -> bool:
        return self._flags.is_set(self._index)


def on_zerogpu(decode: Callable, gpu: Callable, lanes: Callable[[Any], int], most: int) -> Callable:
    """Wrap `decode(model, request, cancel)` as a ZeroGPU call; `gpu` is the host's decorator (spaces.GPU).

    The model is not an argument, which would be copied through a pipe: the fork inherits it.
    """
    flags = Flags()
    shared: dict[str, Any] = {}

    def seconds(request: Any, index: int) -> int:
        return seconds_for(request.config, lanes(request), most)

    @gpu(duration=seconds)
    def call(request: Any, index: int) -> Iterator:
        yield from decode(shared["model"], request, SharedFlag(flags, index))

    def zerogpu_decode(model: Any, request: Any, cancel: threading.Event) -> Iterator:
        shared["model"] = model
        index, over = flags.take(), threading.Event()
        threading.Thread(target=_carry, args=(cancel, over, lambda: flags.set(index)), daemon=True).start()
        run = call(request, index)
        try:
            for item in run:  # noqa: UP028 - `yield from` would close the call before its flag is set
                yield item
        finally:
            flags.set(index)  # an abandoned run must end in its process too: the host may wait for that
            run.close()
            over.set()
            flags.give_back(index)

    return zerogpu_decode


def _carry(cancel: threading.Event, over: threading.Event, tell: Callable[[], None]) -> None:
    """Notify the other process once `cancel` is set."""
    while not over.is_set():
        if cancel.wait(0.02):
            tell()
            return
