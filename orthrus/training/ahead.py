"""Batches made ahead of their step in other processes, so that a GPU need not wait for the corpus.

A batch is a function of its step alone, so it does not matter which process makes it, nor when.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import torch

from orthrus.training.data import Rows

DEPTH = 4  # batches asked for ahead, per process

_make: Callable[[int], Rows]


class Ahead:
    """`make(step)`, computed ahead in `workers` processes; with 0 of them it is called when it is needed."""

    def __init__(self, make: Callable[[int], Rows], workers: int) -> None:
        self._make, self._depth = make, DEPTH * workers
        self._pool: ProcessPoolExecutor | None = None
        if workers:  # spawned: a process that has started CUDA cannot fork
            self._pool = ProcessPoolExecutor(workers, get_context("spawn"), _keep, (make,))
        self._coming: dict[int, Future[tuple[np.ndarray, ...]]] = {}

    def __call__(self, step: int) -> Rows:
        """The batch of `step`; those of the next steps are begun."""
        if self._pool is None:
            return self._make(step)
        for each in range(step, step + self._depth + 1):
            if each not in self._coming:
                self._coming[each] = self._pool.submit(_made, each)
        return Rows(*map(torch.from_numpy, self._coming.pop(step).result()))

    def close(self) -> None:
        """End the processes; what they have begun is forgotten."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def _keep(make: Callable[[int], Rows]) -> None:
    global _make
    _make = make
    torch.set_num_threads(1)


def _made(step: int) -> tuple[np.ndarray, ...]:
    return tuple(part.numpy() for part in _make(step))
