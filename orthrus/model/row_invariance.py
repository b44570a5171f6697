"""Row invariance (batch invariance): checks bit for bit whether a row's result depends on the rows computed with it.

The compiled engines are invariant by construction (`kernels.numba_common`, `kernels.ops`); this checks it on this
machine. Plain PyTorch picks its kernels by the number of rows, so it usually is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

BLOCK = 32  # rows of the reference pass
SIZES = (1, 2, 3, 8, 19, 31, 32)  # rows of the passes compared with it; 32 repeats the reference pass
STARTS = (0, 37, 248)  # first positions: no context, some, and across the border of a tile or span


@dataclass(frozen=True, slots=True)
class RowCheck:
    """The check's result: how many rows of smaller passes equal those of the full pass bit for bit."""

    dtype: str
    threads: int
    how: str
    compared: int
    equal: int

    @property
    def holds(self) -> bool:
        """Were there rows, and were all of them equal?"""
        return 0 < self.compared == self.equal

    @property
    def words(self) -> str:
        """One sentence for users."""
        where = f"{self.dtype}, {self.threads} thread{'s' * (self.threads != 1)}, {self.how}"
        return f"{self.equal} of {self.compared} rows bit-equal in passes of 1 to {BLOCK} rows ({where})"


class RowCounts(NamedTuple):
    """Rows compared, and how many were equal."""

    compared: int
    equal: int


def count_equal(comparisons: Iterable[Tensor]) -> RowCounts:
    """The sum of bool tensors. Each is [rows] bool."""
    compared = equal = 0
    for same in comparisons:
        compared, equal = compared + same.numel(), equal + int(same.sum())
    return RowCounts(compared, equal)


def check_rows(model: Any) -> RowCheck:
    """Compare AR passes of SIZES rows with one of 32 rows at STARTS, through the first layer and the head.

    One layer has every shape of the stack. `model` is an Orthrus or a CompiledModel.
    """
    counts = count_equal(_passes(model.with_layers(1)))
    return RowCheck(str(model.dtype).removeprefix("torch."), model.threads, model.engine, *counts)


def differences(compute: Callable[[Tensor, int], Tensor], rows: Tensor) -> Iterator[Tensor]:
    """Bool tensors, one entry per row: is it the same if computed with fewer rows? compute(rows, index of the first).

    rows [n, ...] -> [size] bool each.
    """
    together = compute(rows, 0).clone()
    for size in SIZES:
        for place in sorted({0, min(5, len(rows) - size), len(rows) - size}):
            yield bit_equal(compute(rows[place : place + size], place), together[place : place + size])


def _passes(model: Any) -> Iterator[Tensor]:
    """The model's own weights on tokens drawn at random."""
    draw = torch.Generator().manual_seed(7)
    ids = torch.randint(model.config.vocab_size, (STARTS[-1] + BLOCK,), generator=draw).to(model.device)
    for start in (s for s in STARTS if s + BLOCK <= model.config.max_position_embeddings):
        cache = model.new_cache(start + BLOCK)
        if start:
            model.forward_ar(ids[:start], cache, last_only=True)

        def compute(part: Tensor, place: int, start: int = start, cache: Any = cache) -> Tensor:
            cache.length = start + place  # the earlier rows are in the cache already
            return model.forward_ar(part, cache)

        yield from differences(compute, ids[start : start + BLOCK])


def bit_equal(a: Tensor, b: Tensor) -> Tensor:
    """[rows, n] twice -> [rows] bool: equal in every bit (so that NaN equals itself, and -0 differs from 0)."""
    kind = {4: torch.int32, 2: torch.int16}[a.element_size()]
    return (a.contiguous().view(kind) == b.contiguous().view(kind)).all(-1)
