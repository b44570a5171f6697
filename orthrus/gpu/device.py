"""What decoding asks of a GPU, behind one small interface: capture, replay, send, mark, wait.

Everything is enqueued on one stream, in order. `CudaDevice` is thin on purpose: what can be wrong with records and with
replays that run ahead is in `orthrus.gpu.runner` and `orthrus.gpu.cycle`, which run on any device that does this.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

# Held while a graph is captured. Whoever waits for a whole device or gives its memory back takes it, too: a device-wide
# wait on any thread spoils a capture, in every capture mode. Waiting for a stream or an event does not.
CAPTURING = threading.RLock()


class Graph(NamedTuple):
    """A captured sequence: `replay()` enqueues it once more; `out` is what it returned, always at the same address."""

    replay: Callable[[], None]
    out: Any


class Device(Protocol):
    """What a run needs of a GPU."""

    backend: str  # of kernels.ops

    def working(self) -> AbstractContextManager:
        """Inside, tensor operations are enqueued on this device's stream."""

    def capture(self, work: Callable[[], Any]) -> Graph:
        """Run `work` once, for real, then make it a graph. If that fails, plain operations still work behind it."""

    def host_buffer(self, like: Tensor) -> Tensor:
        """A tensor of zeros in memory of the host that the device can write to while the host goes on.

        Shape and dtype are those of `like` [...].
        """

    def send(self, source: Tensor, target: Tensor) -> None:
        """Copy to a host buffer, in its turn on the stream; the host does not wait.

        source and target [...], of one shape and dtype.
        """

    def stamp(self, times: Tensor, state: Tensor, mark: int) -> None:
        """Write the time into times[cycle % slots, mark], in its turn on the stream."""

    def mark(self) -> Any:
        """A mark behind everything enqueued so far."""

    def wait(self, mark: Any) -> None:
        """Block until the device has passed the mark."""

    def drain(self) -> None:
        """Block until nothing of this device's stream is under way."""

    def free(self) -> None:
        """Give memory that no tensor holds back to the system."""


class CudaDevice:
    """One CUDA device and one stream of it."""

    backend = "triton"

    def __init__(self, device: torch.device) -> None:
        self.device, self.stream = device, torch.cuda.Stream(device)
        self.stream.wait_stream(torch.cuda.current_stream(device))  # the weights may still be on their way there

    def working(self) -> AbstractContextManager:
        return torch.cuda.stream(self.stream)

    def capture(self, work: Callable[[], Any]) -> Graph:
        """The first run compiles and loads every kernel, which is not allowed while a graph is captured.

        Not by `torch.cuda.graph`: it waits for the whole device and collects garbage, and where a capture fails it
        leaves its stream current and its memory pool open.
        """
        with CAPTURING, self.working():
            work()
            self.stream.synchronize()
            torch.cuda.empty_cache()  # a graph's own pool cannot take what the common one has cached
            graph, pool = torch.cuda.CUDAGraph(), torch.cuda.graph_pool_handle()
            # thread_local: other threads may launch and allocate while this one captures
            graph.capture_begin(pool=pool, capture_error_mode="thread_local")
            try:
                out = work()
                graph.capture_end()
            except BaseException:
                _give_up(graph, self.stream, pool)
                raise

        @torch.inference_mode()  # the buffers are inference tensors, and torch 2.10 writes the generator's here
        def replay() -> None:
            with self.working():
                graph.replay()

        return Graph(replay, out)

    def host_buffer(self, like: Tensor) -> Tensor:
        """like [...] -> zeros [...] in pinned memory."""
        return torch.zeros(like.shape, dtype=like.dtype, pin_memory=True)

    def send(self, source: Tensor, target: Tensor) -> None:
        """source, target [...]."""
        target.copy_(source, non_blocking=True)

    def stamp(self, times: Tensor, state: Tensor, mark: int) -> None:
        """times [slots, marks] int64, state [words] int32."""
        from kernels.triton_stamp import stamp

        stamp(times, state, mark)

    def mark(self) -> torch.cuda.Event:
        event = torch.cuda.Event(blocking=True)  # the waiting thread sleeps: others may draw the page
        event.record(self.stream)
        return event

    def wait(self, mark: torch.cuda.Event) -> None:
        mark.synchronize()

    def drain(self) -> None:
        self.stream.synchronize()

    def free(self) -> None:
        with CAPTURING:
            torch.cuda.empty_cache()


def _give_up(graph: torch.cuda.CUDAGraph, stream: torch.cuda.Stream, pool: Any) -> None:
    """End a capture that failed, so that the stream and the allocator serve plain operations again.

    The end of an invalid capture raises before the allocator is told; while that believes in a capture, it keeps the
    pool and defers frees. Where the end succeeded, there is nothing left to tell, and that call raises instead.
    """
    with suppress(RuntimeError):
        graph.capture_end()
    with suppress(RuntimeError):
        torch._C._cuda_endAllocateToPool(stream.device_index, pool)
        torch._C._cuda_releasePool(stream.device_index, pool)


def synchronize() -> None:
    """Free what no tensor holds and wait for the whole device; raises RuntimeError where it no longer answers.

    After an illegal access every later call of the process fails: plain PyTorch cannot help there.
    """
    with CAPTURING:
        torch.cuda.empty_cache()
        torch.cuda.synchronize()
