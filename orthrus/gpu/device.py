"""The device interface of decoding: capture, replay, send, mark, wait.

Everything is enqueued on one stream, in order. `CudaDevice` is thin on purpose: the error-prone handling of records
and of replays in flight is in `orthrus.gpu.runner` and `orthrus.gpu.cycle`, which run on any such device.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

# Held while a graph is captured, and by code that synchronises a whole device or frees its memory: a device-wide wait
# on any thread invalidates a capture, in every capture mode. Waiting for a stream or an event does not.
CAPTURING = threading.RLock()


class Graph(NamedTuple):
    """A captured sequence: `replay()` enqueues it again; `out` is its result, always at the same address."""

    replay: Callable[[], None]
    out: Any


class Device(Protocol):
    """What a run needs of a GPU."""

    backend: str  # of kernels.ops

    def working(self) -> AbstractContextManager:
        """Context manager: tensor operations are enqueued on this device's stream."""

    def between(self) -> AbstractContextManager:
        """As `working`, in order with the caller's own operations: behind those before it, before those after it."""

    def capture(self, work: Callable[[], Any]) -> Graph:
        """Run `work` once, then capture it as a graph. After a failure, plain operations still work."""

    def host_buffer(self, like: Tensor) -> Tensor:
        """A zero tensor in host memory that the device can write to asynchronously.

        Shape and dtype are those of `like` [...].
        """

    def send(self, source: Tensor, target: Tensor) -> None:
        """Copy to a host buffer in stream order; the host does not wait.

        source and target [...], of one shape and dtype.
        """

    def stamp(self, times: Tensor, state: Tensor, mark: int) -> None:
        """Write the device time into times[cycle % slots, mark], in stream order."""

    def mark(self) -> Any:
        """A mark (CUDA event) after everything enqueued so far."""

    def wait(self, mark: Any) -> None:
        """Block until the device has passed the mark."""

    def drain(self) -> None:
        """Block until this device's stream is idle."""

    def free(self) -> None:
        """Release unused memory to the system."""


class CudaDevice:
    """One CUDA device and one stream of it."""

    backend = "triton"

    def __init__(self, device: torch.device) -> None:
        self.device, self.stream = device, torch.cuda.Stream(device)
        self.stream.wait_stream(torch.cuda.current_stream(device))  # the weights may still be in transfer

    def working(self) -> AbstractContextManager:
        return torch.cuda.stream(self.stream)

    @contextmanager
    def between(self) -> Iterator[None]:
        outer = torch.cuda.current_stream(self.device)
        self.stream.wait_stream(outer)
        with self.working():
            yield
        outer.wait_stream(self.stream)

    def capture(self, work: Callable[[], Any]) -> Graph:
        """The first run compiles and loads every kernel, which is not allowed while a graph is captured.

        Not by `torch.cuda.graph`: it synchronises the whole device and collects garbage, and if a capture fails it
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

        @torch.inference_mode()  # the buffers are inference tensors, and torch 2.10 writes the generator's state here
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
        event = torch.cuda.Event(blocking=True)  # blocking event: the waiting thread sleeps, so that others can run
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

    Ending an invalid capture raises before the allocator is notified; while the allocator assumes a capture, it keeps
    the pool and defers frees. If the end succeeded, nothing is left to notify, and that call raises instead.
    """
    with suppress(RuntimeError):
        graph.capture_end()
    with suppress(RuntimeError):
        torch._C._cuda_endAllocateToPool(stream.device_index, pool)
        torch._C._cuda_releasePool(stream.device_index, pool)


def synchronize() -> None:
    """Free unused memory and wait for the whole device; raises RuntimeError if it no longer responds.

    After an illegal access every later call of the process fails: plain PyTorch cannot help there.
    """
    with CAPTURING:
        torch.cuda.empty_cache()
        torch.cuda.synchronize()
