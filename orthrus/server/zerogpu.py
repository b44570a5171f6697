"""Which model a server loads, and how its decoding runs where the GPU is lent for one call at a time.

On such a host (the package `spaces` is there and says so) every call runs in a process forked from this one, which has
the GPU while the call lasts; calls of two visitors may run side by side, each in its own process with its own GPU
memory. What guards a device there is therefore the host, not a lock; our line still lets one run at a time in, because
a forked worker that is kept warm may be used again. A thread's flag does not reach another process, so Stop is a byte
of memory both processes share, made before the fork.
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

try:  # before torch: the package replaces torch's CUDA start-up
    import spaces
except ImportError:
    spaces = None

log = logging.getLogger(__name__)
PUBLISHED = PUBLISHED_MODELS[0]  # what a GPU loads unless told otherwise
START_S = 15  # of a lent GPU: the weights' way to it, the check of the kernels, captures; not measured yet
CARDS = "90,120"  # compute capabilities of the GPUs that such hosts lend
SLOWEST = 20  # tokens a second a lent GPU is trusted with: bounds the time that is asked for


def lent() -> bool:
    """Is the GPU lent for one call at a time?"""
    config = getattr(spaces, "config", None)  # the package is installed on every Space; this says which kind it is
    return bool(config is not None and config.Config.zero_gpu)


def model_for(settings: Settings, cuda: bool) -> str:
    """The checkpoint to load: the one asked for, else the published one on a GPU, the embedded one on a CPU.

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
    """How long to ask for a GPU: start, then every token of every lane at the slowest trusted rate, within `most`."""
    return min(most, START_S + -(-config.max_new_tokens * lanes // SLOWEST))


def compile_kernels(source: str, dtype: str) -> threading.Thread:
    """Compile the kernels for CARDS in a process of its own; calls meanwhile are decoded by plain PyTorch.

    Not here: compiling without a GPU replaces Triton's driver, which forked processes would inherit.
    """
    command = [sys.executable, "-m", "orthrus.precompile", "--model", source, "--dtype", dtype, "--sm", CARDS]

    def run() -> None:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
            log.warning("the kernels were not compiled, plain PyTorch decodes: %s", said)
        else:
            log.info("kernels compiled for sm_%s", CARDS.replace(",", ", sm_"))

    thread = threading.Thread(target=run, name="compile-kernels", daemon=True)
    thread.start()
    return thread


class Flags:
    """Stop flags that a forked process sees, too: one byte each in shared memory."""

    def __init__(self, count: int = 64) -> None:
        self._bytes, self._free = mmap.mmap(-1, count), list(range(count))
        self._lock = threading.Lock()

    def take(self) -> int:
        """A flag that is not set; raises OrthrusError where all are in use."""
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
    """What the decoder looks at in the forked process: `is_set` of one byte of Flags."""

    def __init__(self, flags: Flags, index: int) -> None:
        self._flags, self._index = flags, index

    def is_set(self) -> bool:
        return self._flags.is_set(self._index)


def on_lent_gpu(decode: Callable, gpu: Callable, lanes: Callable[[Any], int], most: int) -> Callable:
    """`decode(model, wish, cancel)` as a call on a lent GPU; `gpu` is the host's decorator (spaces.GPU).

    The model is not an argument, which would be copied through a pipe: the fork has it already.
    """
    flags = Flags()
    held: dict[str, Any] = {}

    def seconds(wish: Any, index: int) -> int:
        return seconds_for(wish.config, lanes(wish), most)

    @gpu(duration=seconds)
    def call(wish: Any, index: int) -> Iterator:
        yield from decode(held["model"], wish, SharedFlag(flags, index))

    def lent_decode(model: Any, wish: Any, cancel: threading.Event) -> Iterator:
        held["model"] = model
        index, over = flags.take(), threading.Event()
        threading.Thread(target=_carry, args=(cancel, over, lambda: flags.set(index)), daemon=True).start()
        run = call(wish, index)
        try:
            for item in run:  # noqa: UP028 - `yield from` would close the call before its flag is set
                yield item
        finally:
            flags.set(index)  # a run given up half way ends in its process, too: the host may wait for that
            run.close()
            over.set()
            flags.give_back(index)

    return lent_decode


def _carry(cancel: threading.Event, over: threading.Event, tell: Callable[[], None]) -> None:
    """Tell the other process once `cancel` is set."""
    while not over.is_set():
        if cancel.wait(0.02):
            tell()
            return
