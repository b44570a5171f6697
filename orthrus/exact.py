"""Does a row's result depend on the rows computed with it? Asked of this machine, this model's weights, this minute.

Which kernels a linear-algebra library picks for one row or for 32 differs between processors, thread counts and
versions, so exactness is never assumed: `find_exact` goes through the ways to compute until every comparison agrees
in every bit, cheapest first, and `choose` decides what a model runs with.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from orthrus.arithmetic import FAST, Arithmetic, Exact, Packed, Padded, linear_packed, pack
from orthrus.cache import SharedCache
from orthrus.model import Orthrus

MODES = ("auto", "fast", "exact")
BLOCK = 32  # rows of the reference pass
SIZES = (1, 2, 3, 8, 31)  # rows of the passes compared with it
STARTS = (0, 37, 120)  # its first position: no context, one tile, across a tile's border
ROW_MULTIPLES = (1, 4, 8, 16, 32)
PACK_LIMIT = 4 << 30  # bytes of linear weights; above it a packed copy costs more memory than people expect
PRICE_LIMIT = 1.15  # auto takes the exact mode where its AR step costs at most this much of the fast one
PROBE_STEPS, PROBE_SECONDS = 25, 1.0


class NotExact(ValueError):
    """The exact mode was asked for where it does not hold."""


@dataclass(frozen=True, slots=True)
class RowCheck:
    """What the self-check found: how many rows, computed in smaller passes, equal those of the full one bit for bit."""

    dtype: str
    threads: int
    how: str
    compared: int
    equal: int

    @property
    def holds(self) -> bool:
        return 0 < self.compared == self.equal

    @property
    def words(self) -> str:
        """One sentence for people."""
        where = f"{self.dtype}, {self.threads} thread{'s' * (self.threads != 1)}, {self.how}"
        return f"{self.equal} of {self.compared} rows bit-equal in passes of 1 to {BLOCK} rows ({where})"


def find_exact(model: Orthrus) -> tuple[Exact, RowCheck]:
    """The first arithmetic that holds here; where none does, the last one tried and its failed check."""
    ways = list(_ways(model))
    for arithmetic in ways:
        check = check_rows(model, arithmetic, patient=arithmetic is ways[-1])
        if check.holds:
            break
    return arithmetic, check


def _ways(model: Orthrus) -> Iterator[Exact]:
    """Exact arithmetics, cheapest first."""
    if _can_pack(model):
        packed = Packed()
        yield from (Exact(packed, multiple) for multiple in ROW_MULTIPLES)
    yield from (Exact(Padded(multiple), multiple) for multiple in ROW_MULTIPLES)


def _can_pack(model: Orthrus) -> bool:
    """Does this build of torch have oneDNN's packed products for this dtype, and is there room?"""
    if sum(p.nbytes for p in model.parameters()) > PACK_LIMIT or not torch.backends.mkldnn.is_available():
        return False
    try:
        linear_packed(torch.zeros(1, 64, dtype=model.dtype), pack(torch.zeros(64, 64, dtype=model.dtype)))
    except (RuntimeError, AttributeError, NotImplementedError):
        return False
    return True


def check_rows(model: Orthrus, arithmetic: Arithmetic, patient: bool = True) -> RowCheck:
    """Compare passes of SIZES rows with one of 32, at STARTS, through the first layer and the head.

    One layer has every shape of the stack. Impatient checks end at the first row that differs.
    """
    compared = equal = 0
    for same in _comparisons(_first_layer(model, arithmetic)):
        compared += same.numel()
        equal += int(same.sum())
        if equal < compared and not patient:
            break
    dtype = str(model.dtype).removeprefix("torch.")
    return RowCheck(dtype, torch.get_num_threads(), arithmetic.words, compared, equal)


def _first_layer(model: Orthrus, arithmetic: Arithmetic) -> Orthrus:
    twin = model.with_arithmetic(arithmetic)
    twin._fused = model.fused_layers()[:1]
    return twin


def _one_layer_cache(model: Orthrus, capacity: int) -> SharedCache:
    return SharedCache(replace(model.config, num_hidden_layers=1), capacity, model.dtype, model.device)


def _comparisons(model: Orthrus) -> Iterator[Tensor]:
    """Bool tensors, one entry a row: equal to the same row of the 32-row pass?"""
    starts = [start for start in STARTS if start + BLOCK <= model.config.max_position_embeddings]
    draw = torch.Generator().manual_seed(7)
    ids = torch.randint(model.config.vocab_size, (STARTS[-1] + BLOCK,), generator=draw).to(model.device)
    for start in starts:
        cache = _one_layer_cache(model, start + BLOCK)
        if start:
            model.hidden_ar(ids[:start], cache)
        together = model.hidden_ar(ids[start : start + BLOCK], cache)
        for size in SIZES:
            for place in sorted({0, min(5, BLOCK - size), BLOCK - size}):
                cache.length = start + place  # the rows before it are in the cache already
                alone = model.hidden_ar(ids[start + place : start + place + size], cache)
                yield bit_equal(alone, together[place : place + size])
        if start == starts[-1]:
            logits = model.logits(together)
            for size in SIZES:
                yield bit_equal(model.logits(together[-size:]), logits[-size:])


def bit_equal(a: Tensor, b: Tensor) -> Tensor:
    """[rows, n] twice -> [rows] bool: equal in every bit (so that NaN equals itself, and -0 differs from 0)."""
    kind = {4: torch.int32, 2: torch.int16}[a.element_size()]
    return (a.contiguous().view(kind) == b.contiguous().view(kind)).all(-1)


@torch.inference_mode()
def step_price(model: Orthrus, arithmetic: Arithmetic) -> float:
    """The time of one AR row under `arithmetic` over that under the fast one, through the first layer and the head."""
    twins = [_first_layer(model, a) for a in (FAST, arithmetic)]
    room = min(64, model.config.max_position_embeddings - 1)
    ids = torch.zeros(1, dtype=torch.int64, device=model.device)
    caches = [_one_layer_cache(model, room + 1) for _ in twins]
    best, until = [float("inf")] * 2, time.perf_counter() + PROBE_SECONDS
    for step in range(PROBE_STEPS):
        for i, twin in enumerate(twins):
            caches[i].length = room
            began = time.perf_counter()
            twin.forward_ar(ids, caches[i])
            if step > 1:  # the first two warm caches and code paths up
                best[i] = min(best[i], time.perf_counter() - began)
        if step > 3 and time.perf_counter() > until:
            break
    return best[1] / best[0]


def choose(model: Orthrus, mode: str) -> tuple[Orthrus, RowCheck | None]:
    """The model under the asked mode, and the self-check where one was made.

    auto takes the exact mode where it holds and costs at most PRICE_LIMIT, else the fast one. Raises ValueError for an
    unknown mode, NotExact where the exact one was asked for and does not hold.
    """
    if mode not in MODES:
        raise ValueError(f"mode {mode!r} is not one of {', '.join(MODES)}")
    on_cpu = model.device.type == "cpu"
    if mode == "fast" or (mode == "auto" and not on_cpu):
        return model.with_arithmetic(FAST), None
    if not on_cpu:
        raise NotExact(f"the exact mode is made for the CPU, the model is on {model.device}")
    arithmetic, check = find_exact(model)
    if mode == "exact" and not check.holds:
        raise NotExact(f"rows are not bit-equal on this machine: {check.words}; the fast mode is left")
    if mode == "exact" or (check.holds and step_price(model, arithmetic) <= PRICE_LIMIT):
        return model.with_arithmetic(arithmetic), check
    return model.with_arithmetic(FAST), check
