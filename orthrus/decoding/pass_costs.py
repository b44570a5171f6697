"""Pass costs by number of rows on this machine, measured in about a second, for `drafter`."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from orthrus.decoding.block_size import Costs

ROWS = (1, 4, 8, 16, 24, 32)
CONTEXT = 128  # positions in the cache while passes are timed
WHOLE = 64e6  # weights up to which the whole stack is timed; a larger one is extrapolated from two layers
REPEATS, SECONDS = 8, 1.0

LEARNING = 1 / 16  # weight of a cycle in what is learnt of the prices
COLD = 5  # plain steps after a cycle that take longer: their weights are on the way back to the CPU's caches
FORGOTTEN = 16  # plain steps after which the last cycle says no longer what one takes now


class Prices:
    """What passes cost: a table measured beforehand, corrected by the cycles of the runs as they are timed.

    A table measured in a busy moment would otherwise mislead every run of the process. Plain steps and cycles have a
    factor each. If no cycle is tried, that of plain steps moves the other along: a machine that became slow would else
    seem to slow down plain steps alone, and cycles to pay. The first plain steps after a cycle can only make plain
    steps cheaper: a few between two cycles are cold, and by their time the next cycle would seem to pay, while many in
    a row are fast. With `learning` 0 the table stands as it is.
    """

    def __init__(self, costs: Costs, learning: float = LEARNING) -> None:
        self.costs, self.plain_factor, self.cycle_factor = costs, 1.0, 1.0
        self.learning, self._since_cycle = learning, FORGOTTEN
        self.rows = costs.rows

    def cycle(self, index: int) -> float:
        """Cost of a cycle of rows[index] positions; for one position, of the verify pass alone."""
        return self.costs.cycle(index) * (self.cycle_factor if index else self.plain_factor)

    def draft(self, rows: int) -> float:
        """Cost of a draft pass of so many rows."""
        return self.cycle_factor * between(self.rows, self.costs.draft, rows)

    def verify(self, rows: int) -> float:
        """Cost of a verify pass of so many rows."""
        return (self.plain_factor if rows == 1 else self.cycle_factor) * between(self.rows, self.costs.verify, rows)

    def observe(self, drafted: int, verified: int, ms: float) -> None:
        """A cycle with a draft pass of `drafted` rows, 0 for none, and a verify pass of `verified` rows took `ms`.

        A lookup's few rows say little of what a block costs.
        """
        expected = between(self.rows, self.costs.verify, verified)
        expected += between(self.rows, self.costs.draft, drafted) if drafted else 0.0
        factor = min(4.0, max(0.25, ms / 1e3 / expected))
        if drafted or verified > 1:
            self._since_cycle = 0
            if drafted:
                self.cycle_factor += self.learning * (factor - self.cycle_factor)
            return
        self._since_cycle += 1
        if self._since_cycle > COLD or factor < self.plain_factor:
            changed = 1 + self.learning * (factor / self.plain_factor - 1)
            self.plain_factor *= changed
            if self._since_cycle > FORGOTTEN:
                self.cycle_factor *= changed


def between(rows: Sequence[int], costs: Sequence[float], wanted: int) -> float:
    """The cost at `wanted` rows: between two measured sizes on a line, beyond the last one on that of the last two."""
    at = min(bisect_left(rows, wanted), len(rows) - 1)
    if rows[at] == wanted or len(rows) == 1:
        return costs[at]
    low, high = rows[at - 1], rows[at]
    return costs[at - 1] + (costs[at] - costs[at - 1]) * (wanted - low) / (high - low)


_PRICES: WeakKeyDictionary[Any, dict[tuple[int, int], Prices]] = WeakKeyDictionary()


def prices(model: Any, block: int) -> Prices:
    """Seconds per pass at ROWS up to `block`, including the choice of tokens.

    Measured once per model and number of threads, and kept: what a run learns serves the next.
    """
    by_block = _PRICES.setdefault(model, {})
    key = block, model.threads
    if key not in by_block:
        by_block[key] = Prices(_measured(model, tuple(n for n in ROWS if n <= block)))
    return by_block[key]


@contextmanager
def assumed(model: Any, block: int, costs: Costs) -> Iterator[None]:
    """Meanwhile `costs` stand for what the model's passes cost, whatever they take."""
    sizes = sum(rows <= block for rows in costs.rows)
    table = Costs(costs.rows[:sizes], costs.draft[:sizes], costs.verify[:sizes])
    by_block, key = _PRICES.setdefault(model, {}), (block, model.threads)
    before = by_block.pop(key, None)
    by_block[key] = Prices(table, learning=0.0)
    try:
        yield
    finally:
        del by_block[key]
        if before is not None:
            by_block[key] = before


@torch.inference_mode()
def _measured(model: Any, sizes: tuple[int, ...]) -> Costs:
    """A large model is timed with one layer and with two: each further layer costs their difference."""
    c = model.config
    weights = c.num_hidden_layers * c.hidden_size * (3 * c.intermediate_size + 4 * c.hidden_size)  # about
    whole = weights <= WHOLE or c.num_hidden_layers < 3
    timed = (c.num_hidden_layers,) if whole else (1, 2)
    runs: dict[tuple[str, int, int], Callable[[], Any]] = {}
    for layers in timed:
        twin, cache = _with_context(model, layers)
        for rows in sizes:
            ids = torch.zeros(rows, dtype=torch.int64, device=model.device)
            runs["draft", layers, rows] = partial(_draft, twin, cache, ids)
            runs["verify", layers, rows] = partial(_verify, twin, cache, ids)
    seconds = least_seconds(runs)

    def stack(name: str) -> tuple[float, ...]:
        first = [seconds[name, timed[0], rows] for rows in sizes]
        more = [max(0.0, seconds[name, timed[-1], rows] - s) for rows, s in zip(sizes, first, strict=True)]
        times = 0 if whole else c.num_hidden_layers - 1
        return plausible(sizes, [s + times * m for s, m in zip(first, more, strict=True)])

    return Costs(sizes, stack("draft"), stack("verify"))


def plausible(sizes: Sequence[int], spent: Sequence[float]) -> tuple[float, ...]:
    """Costs by number of rows, corrected for timings that were interrupted.

    A pass costs no more than one of more rows, and no more than as many smaller ones as make up its rows.
    """
    pairs = list(zip(sizes, spent, strict=True))
    return tuple(min(s * max(1.0, rows / n) for n, s in pairs) for rows in sizes)


def _with_context(model: Any, layers: int) -> tuple[Any, Any]:
    """The model's first layers only, and a cache with some context for them."""
    twin = model.with_layers(layers)
    context = min(CONTEXT, model.config.max_position_embeddings // 2)
    cache = twin.new_cache(context + max(ROWS))
    cache.appended(context)
    return twin, cache


def _draft(model: Any, cache: Any, ids: Tensor) -> list[int]:
    return model.argmax(model.forward_diffusion(ids, cache, len(ids))).tolist()


def _verify(model: Any, cache: Any, ids: Tensor) -> list[int]:
    chosen = model.argmax(model.forward_ar(ids, cache)).tolist()
    cache.crop(cache.length - len(ids))
    return chosen


def warm_up(run: Callable[[], Any]) -> float:
    """Call `run` until it no longer gets faster: six times, or 20 ms. Return the least of their seconds.

    After a pass of 32 rows a single-row pass takes 0.67 ms, five calls later 0.36 (AMD EPYC, one thread): its weights
    have to return to the cache. Timed cold it would look expensive, and drafts that do not pay would seem to.
    """
    least, until = float("inf"), time.perf_counter() + 0.02
    for _ in range(6):
        began = time.perf_counter()
        run()
        ended = time.perf_counter()
        least = min(least, ended - began)
        if ended > until:
            break
    return least


def least_seconds(runs: dict[Any, Callable[[], Any]]) -> dict[Any, float]:
    """The least time of a few calls. They alternate, so that a slow moment hits one call of each.

    The clock starts after a first call of each: it may load compiled code for a second, which left a single round to
    measure in, and its single row, the first of all, came out at 0.75 ms instead of 0.34.
    """
    for run in runs.values():
        run()
    least, until = dict.fromkeys(runs, float("inf")), time.perf_counter() + SECONDS
    for number in range(REPEATS):
        if number and time.perf_counter() > until:
            break
        for key, run in runs.items():
            least[key] = min(least[key], warm_up(run))
    return least
