"""Lane clocks, which are paused while events are consumed and telemetry is read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from orthrus.events import Event

# So often a lane that takes single steps sends their events: the page sees it write, and the first step after that,
# which finds cold caches, is rare. Events of 32 tokens each cost the AR lane of the embedded model 5 %.
EVENTS_MS = 100.0


@dataclass(slots=True)
class LaneClock:
    """Milliseconds one lane has worked; paused while an event is consumed and telemetry is read."""

    elapsed: float = 0.0
    began: float | None = field(default_factory=time.perf_counter)
    holds: int = 0

    def ms(self) -> float:
        running = 0.0 if self.began is None else time.perf_counter() - self.began
        return (self.elapsed + running) * 1e3

    def stop(self) -> None:
        if self.began is not None:
            self.elapsed += time.perf_counter() - self.began
            self.began = None

    def start(self) -> None:
        if self.began is None and not self.holds:
            self.began = time.perf_counter()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Pause the clock; `start` has no effect meanwhile."""
        self.stop()
        self.holds += 1
        try:
            yield
        finally:
            self.holds -= 1
            self.start()

    def around(self, lane: Iterator[Event]) -> Iterator[Event]:
        """The lane's events, with the clock paused while each is consumed."""
        for event in lane:
            self.stop()
            yield event
            self.start()


class Stopwatch:
    """`with Stopwatch(device) as watch: ...` then `watch.ms`; both ends synchronise the current stream.

    Not the device: a device-wide wait would invalidate a graph that another thread captures.
    """

    __slots__ = ("_began", "_cuda", "ms")

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == "cuda"
        self.ms = 0.0

    def __enter__(self) -> Stopwatch:
        if self._cuda:
            torch.cuda.current_stream().synchronize()
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        if self._cuda:
            torch.cuda.current_stream().synchronize()
        self.ms = (time.perf_counter() - self._began) * 1e3
