"""Throughput and ETA of a training run."""

from __future__ import annotations

import time


class Meter:
    """Throughput since the last validation, and ETA."""

    def __init__(self) -> None:
        self.began, self.steps, self.tokens = time.perf_counter(), 0, 0

    def add(self, tokens: int) -> None:
        self.steps += 1
        self.tokens += tokens

    def rate(self) -> float:
        return self.tokens / (time.perf_counter() - self.began)

    def left(self, steps: int) -> float:
        """Seconds left."""
        return (time.perf_counter() - self.began) / self.steps * steps
