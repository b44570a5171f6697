"""What passes cost on this machine, measured in about a second; nothing is written anywhere.

pass_costs   a loaded model's draft and verify passes by number of rows: what `orthrus.pacing` weighs
best_setting the number of threads and the number format with the quickest cycle, for weights of these shapes
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from orthrus.cache import SharedCache
from orthrus.config import ModelConfig
from orthrus.exact import fast
from orthrus.model import Orthrus
from orthrus.pacing import Costs
from orthrus.sampling import greedy

ROWS = (1, 4, 8, 16, 24, 32)  # few, because a new number of rows costs oneDNN milliseconds once
CONTEXT = 128  # positions in the cache while passes are timed
WHOLE = 64e6  # weights of a stack that is timed whole; of a larger one a single layer has to speak for all
REPEATS, SECONDS = 6, 1.0
TYPICAL = 8  # tokens a cycle: how `best_setting` weighs a block's passes against a plain step
FORMATS = ("float32", "bfloat16")
VOCABULARY = 4096  # rows of the head of a model made for timing


class Setting(NamedTuple):
    """How a model runs quickest here."""

    threads: int
    dtype: str
    seconds: dict[tuple[int, str], float]  # (threads, dtype) -> one layer's share of what was weighed

    @property
    def words(self) -> str:
        """One sentence for people."""
        best = self.seconds[self.threads, self.dtype]
        found = ", ".join(f"{d} x {t} {s / best:.2f}" for (t, d), s in sorted(self.seconds.items()))
        return f"{self.threads} thread{'s' * (self.threads != 1)} in {self.dtype} (time by dtype x threads: {found})"


_COSTS: WeakKeyDictionary[Orthrus, dict[tuple[int, int], Costs]] = WeakKeyDictionary()


def pass_costs(model: Orthrus, block: int) -> Costs:
    """Seconds of the model's passes at ROWS up to `block`; measured once a model and number of threads."""
    known = _COSTS.setdefault(model, {})
    key = block, torch.get_num_threads()
    if key not in known:
        known[key] = _measured(model, tuple(n for n in ROWS if n <= block))
    return known[key]


@torch.inference_mode()
def _measured(model: Orthrus, sizes: tuple[int, ...]) -> Costs:
    """Layers are timed, head and choice apart: a pass is so many layers, one head and a choice read by the host.

    Of a small model all layers: what a call costs besides its layers, counted once a layer, made its plain steps look a
    fifth dearer than they are, and drafts on hard text worth their price.
    """
    c = model.config
    weights = c.num_hidden_layers * c.hidden_size * (3 * c.intermediate_size + 4 * c.hidden_size)  # about
    timed = c.num_hidden_layers if weights <= WHOLE else 1
    times, (twin, cache) = c.num_hidden_layers / timed, _with_layers(model, timed)
    start = cache.length
    runs: dict[tuple[str, int], Callable[[], Tensor]] = {}
    for rows in sizes:
        ids = torch.zeros(rows, dtype=torch.int64, device=model.device)
        hidden = torch.zeros(rows, c.hidden_size, dtype=model.dtype, device=model.device)
        logits = model.logits(hidden).clone()
        runs["head", rows] = lambda hidden=hidden: model.logits(hidden)
        runs["choice", rows] = lambda logits=logits: greedy(logits).tolist()
        runs["draft", rows] = lambda ids=ids, rows=rows: Orthrus.forward_diffusion(twin, ids, cache, rows)
        runs["verify", rows] = lambda ids=ids: Orthrus.forward_ar(twin, ids, _cropped(cache, start))
    found = _least(runs)

    def stack(name: str) -> tuple[float, ...]:
        once = [(found["head", rows], found["choice", rows]) for rows in sizes]
        spent = [found[name, rows] for rows in sizes]
        return plausible(sizes, [times * max(0.0, s - h) + h + c for s, (h, c) in zip(spent, once, strict=True)])

    return Costs(sizes, stack("draft"), stack("verify"))


def plausible(sizes: Sequence[int], spent: Sequence[float]) -> tuple[float, ...]:
    """Costs by number of rows, where an interrupted timing cannot stand.

    A pass costs no more than one of more rows, and no more than as many smaller ones as make up its rows.
    """
    pairs = list(zip(sizes, spent, strict=True))
    return tuple(min(s * max(1.0, rows / n) for n, s in pairs) for rows in sizes)


def _with_layers(model: Orthrus, count: int) -> tuple[Orthrus, SharedCache]:
    """The model's first layers alone, and a cache that holds some context for them."""
    twin = model.with_arithmetic(model.arithmetic)
    twin._fused = model.fused_layers()[:count]
    context = min(CONTEXT, model.config.max_position_embeddings // 2)
    cache = SharedCache(replace(model.config, num_hidden_layers=count), context + max(ROWS), model.dtype, model.device)
    cache.appended(context)
    return twin, cache


def _cropped(cache: SharedCache, length: int) -> SharedCache:
    cache.crop(length)
    return cache


def _least(runs: dict[tuple[str, int], Callable[[], Tensor]]) -> dict[tuple[str, int], float]:
    """The least time of a few calls behind a first one. They take turns: a slow moment hits one call of each."""
    for run in runs.values():
        run()
    found, until = dict.fromkeys(runs, float("inf")), time.perf_counter() + SECONDS
    for number in range(REPEATS):
        if number and time.perf_counter() > until:
            break
        for key, run in runs.items():
            began = time.perf_counter()
            run()
            found[key] = min(found[key], time.perf_counter() - began)
    return found


@lru_cache
def best_setting(config: ModelConfig, dtypes: tuple[str, ...] = FORMATS) -> Setting:
    """Time one layer of random weights with these shapes in each of `dtypes` and with each number of threads."""
    seconds: dict[tuple[int, str], float] = {}
    for name in dtypes:
        model = _random(config, getattr(torch, name))
        for threads in sorted({1, os.cpu_count() or 1}):
            with threads_set(threads):
                costs = _measured(model, (1, min(32, config.block_size)))
            seconds[threads, name] = costs.verify[0] + costs.cycle(len(costs.rows) - 1) / TYPICAL
    threads, name = min(seconds, key=seconds.get)
    return Setting(threads, name, seconds)


def take_threads(asked: int, device: str, dtype: str, config: ModelConfig) -> None:
    """Compute with `asked` CPU threads, or where that is 0 with the quickest number for `dtype` (auto: float32).

    A GPU run is left alone. A number format the probe does not know takes float32's number.
    """
    if asked or device == "cpu" or not torch.cuda.is_available():
        torch.set_num_threads(asked or best_setting(config, (dtype if dtype in FORMATS else FORMATS[0],)).threads)


def _random(config: ModelConfig, dtype: torch.dtype) -> Orthrus:
    vocabulary = min(config.vocab_size, VOCABULARY)
    small = replace(
        config, num_hidden_layers=1, vocab_size=vocabulary, mask_token_id=0, max_position_embeddings=2 * CONTEXT
    )
    with torch.device("meta"):
        model = Orthrus(small).to(dtype)
    model.to_empty(device="cpu")
    for parameter in model.parameters():
        parameter.data.fill_(0.01)
    return model.with_arithmetic(fast(model))


@contextmanager
def threads_set(count: int) -> Iterator[None]:
    """A number of threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
