"""What decoding asks of a GPU, behind one small interface: capture, replay, send, mark, wait.

Everything is enqueued on one stream, in order. `CudaDevice` is thin on purpose: what can be wrong with rings and with
replays that run ahead is in `orthrus.gpu.runner` and `orthrus.gpu.cycle`, which run on any device that does this.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor


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
        """Run `work` once, for real, then make it a graph."""

    def host_buffer(self, like: Tensor) -> Tensor:
        """A tensor of zeros in memory of the host that the device can write to while the host goes on."""

    def send(self, source: Tensor, target: Tensor) -> None:
        """Copy to a host buffer, in its turn on the stream; the host does not wait."""

    def stamp(self, times: Tensor, state: Tensor, mark: int) -> None:
        """Write the time into times[cycle % slots, mark], in its turn on the stream."""

    def mark(self) -> Any:
        """A mark behind everything enqueued so far."""

    def wait(self, mark: Any) -> None:
        """Block until the device has passed the mark."""

    def drain(self) -> None:
        """Block until nothing is under way."""

    def free(self) -> None:
        """Give memory that no tensor holds back to the system."""


class CudaDevice:
    """One CUDA device and one stream of it."""

    backend = "triton"

    def __init__(self, device: torch.device) -> None:
        torch.cuda.synchronize(device)  # the weights may still be on their way, on another stream
        self.device, self.stream = device, torch.cuda.Stream(device)

    def working(self) -> AbstractContextManager:
        return torch.cuda.stream(self.stream)

    def capture(self, work: Callable[[], Any]) -> Graph:
        """The first run compiles and loads every kernel, which is not allowed while a graph is captured."""
        with self.working():
            work()
        torch.cuda.synchronize(self.device)
        graph = torch.cuda.CUDAGraph()
        # Thread-local: a page's other threads may use the GPU while this one captures.
        with torch.cuda.graph(graph, stream=self.stream, capture_error_mode="thread_local"):
            out = work()

        def replay() -> None:
            with self.working():
                graph.replay()

        return Graph(replay, out)

    def host_buffer(self, like: Tensor) -> Tensor:
        return torch.zeros(like.shape, dtype=like.dtype, pin_memory=True)

    def send(self, source: Tensor, target: Tensor) -> None:
        target.copy_(source, non_blocking=True)

    def stamp(self, times: Tensor, state: Tensor, mark: int) -> None:
        from kernels.triton_stamp import stamp

        stamp(times, state, mark)

    def mark(self) -> torch.cuda.Event:
        event = torch.cuda.Event(blocking=True)  # the waiting thread sleeps: others may draw the page
        event.record(self.stream)
        return event

    def wait(self, mark: torch.cuda.Event) -> None:
        mark.synchronize()

    def drain(self) -> None:
        torch.cuda.synchronize(self.device)

    def free(self) -> None:
        torch.cuda.empty_cache()
