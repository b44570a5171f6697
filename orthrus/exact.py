"""Does a row's result depend on the rows computed with it? Asked of this machine, this model's weights, this minute.

Which kernels a linear-algebra library picks for one row or for 32 differs between processors, thread counts and
versions, so exactness is never assumed: `find_exact` goes through the ways to compute, cheapest first, until every
comparison agrees in every bit, and `choose` decides what a model runs with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from orthrus import checks
from orthrus.arithmetic import Arithmetic, ByColumns, Exact, Fast, Packed, Padded, linear_packed, pack
from orthrus.cache import TILE, SharedCache
from orthrus.config import MODES
from orthrus.errors import OrthrusError
from orthrus.model import Orthrus

T = TypeVar("T")
BLOCK = 32  # rows of the reference pass
SIZES = (1, 2, 3, 8, 19, 31, 32)  # rows of the passes compared with it; 32: the same pass once more
STARTS = (0, 37, TILE - 8)  # its first position: no context, one tile, across a tile's border
ROW_MULTIPLES = (1, 4, 8, 16, 32)
PACK_LIMIT = 4 << 30  # bytes of weights; above it a packed copy costs more memory than people expect
TURN_LIMIT = 1 << 28  # bytes of weights; above it a third copy, by columns, is too much
PROBE_ELEMENTS = 1 << 25  # a probe's weight holds at most so many: the head of a real vocabulary is cut
PRICE_LIMIT = 1.15  # auto takes the exact mode where its AR step costs at most this much of the fast one
PROBE_STEPS, PROBE_SECONDS = 25, 1.0


class NotExact(OrthrusError):
    """The exact mode was asked for where it does not hold."""

    def __init__(self, message: str) -> None:
        super().__init__("not-exact", message)


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
        """Were there rows, and were all of them equal?"""
        return 0 < self.compared == self.equal

    @property
    def words(self) -> str:
        """One sentence for people."""
        where = f"{self.dtype}, {self.threads} thread{'s' * (self.threads != 1)}, {self.how}"
        return f"{self.equal} of {self.compared} rows bit-equal in passes of 1 to {BLOCK} rows ({where})"


def find_exact(model: Orthrus) -> tuple[Exact, RowCheck]:
    """The first arithmetic that holds here; where none does, the last one tried and its failed check.

    Products and attention are looked for apart, by probes that leave differences nowhere to hide; then whole passes
    of the model's own weights confirm them.
    """
    linear, products = _first(_linears(model), lambda way: _linear_probes(model, way))
    multiple, attention = _first(ROW_MULTIPLES, lambda way: _attention_probes(model, Exact(linear, way)))
    arithmetic = Exact(linear, multiple)
    passes = _tally(_passes(_first_layer(model, arithmetic)))
    return arithmetic, _row_check(model, arithmetic, (products, attention, passes))


class Tally(NamedTuple):
    """Rows compared, and how many were equal."""

    compared: int
    equal: int


def _tally(comparisons: Iterable[Tensor], patient: bool = True) -> Tally:
    """The sum of bool tensors; an impatient one ends at the first difference."""
    compared = equal = 0
    for same in comparisons:
        compared += same.numel()
        equal += int(same.sum())
        if equal < compared and not patient:
            break
    return Tally(compared, equal)


def _first(ways: Iterable[T], probes: Callable[[T], Iterator[Tensor]]) -> tuple[T, Tally]:
    """The first way all of whose probes hold, else the last."""
    for way in ways:
        found = _tally(probes(way), patient=False)
        if found.compared == found.equal:
            break
    return way, found


def _linears(model: Orthrus) -> Iterator[Padded | Packed]:
    """Ways to multiply, cheapest first."""
    if _can_pack(model):
        yield from (Packed(multiple) for multiple in (1, 4, 8))
    yield from (Padded(multiple) for multiple in ROW_MULTIPLES)


def _can_pack(model: Orthrus) -> bool:
    """Does this build of torch have oneDNN's packed products for this dtype, and is there room?"""
    if sum(p.nbytes for p in model.parameters()) > PACK_LIMIT or not torch.backends.mkldnn.is_available():
        return False
    try:
        linear_packed(torch.zeros(1, 64, dtype=model.dtype), pack(torch.zeros(64, 64, dtype=model.dtype)))
    except (RuntimeError, AttributeError, NotImplementedError):
        return False
    return True


def _can_turn(model: Orthrus) -> bool:
    """Is a third copy of the weights worth its room? In bfloat16 packed products are quicker."""
    return model.dtype == torch.float32 and sum(p.nbytes for p in model.parameters()) <= TURN_LIMIT


def check_rows(model: Orthrus, arithmetic: Arithmetic) -> RowCheck:
    """Compare passes of SIZES rows with one of 32: the probes, and the first layer and the head at STARTS.

    One layer has every shape of the stack.
    """
    probes = (_linear_probes(model, arithmetic.linear), _attention_probes(model, arithmetic))
    found = [_tally(comparisons) for comparisons in (*probes, _passes(_first_layer(model, arithmetic)))]
    return _row_check(model, arithmetic, found)


def _row_check(model: Orthrus, arithmetic: Arithmetic, found: Iterable[Tally]) -> RowCheck:
    compared, equal = (sum(counts) for counts in zip(*found, strict=True))
    dtype = str(model.dtype).removeprefix("torch.")
    return RowCheck(dtype, torch.get_num_threads(), arithmetic.words, compared, equal)


def differences(compute: Callable[[Tensor, int], Tensor], rows: Tensor) -> Iterator[Tensor]:
    """Bool tensors, one entry a row: is it the same computed with fewer rows? compute(rows, place of the first)."""
    together = compute(rows, 0)
    for size in SIZES:
        for place in sorted({0, min(5, len(rows) - size), len(rows) - size}):
            yield bit_equal(compute(rows[place : place + size], place), together[place : place + size])


def cancelling(rows: int, size: int, dtype: torch.dtype, seed: int = 0) -> tuple[Tensor, Tensor]:
    """x [rows, size] and w [4 * rows, size] whose products hold large terms that cancel: every order of sums shows.

    Ordinary numbers hide it in bfloat16, whose rounding swallows all but one in thousands of the last-bit differences
    of a float32 sum.
    """
    draw = torch.Generator().manual_seed(seed)
    x, w = torch.randn(rows, size, generator=draw), torch.randn(4 * rows, size, generator=draw)
    third = size // 3
    x[:, :third] *= 2.0**10
    x, w = x.to(dtype), w.to(dtype)
    x[:, third : 2 * third], w[:, third : 2 * third] = -x[:, :third], w[:, :third]
    order = torch.randperm(size, generator=draw)
    return x[:, order].contiguous(), w[:, order].contiguous()


@torch.inference_mode()
def _linear_probes(model: Orthrus, linear: Callable[[Tensor, Tensor], Tensor]) -> Iterator[Tensor]:
    layer = model.fused_layers()[0]
    if isinstance(linear, Packed):
        linear = Packed(linear.row_multiple)  # the probes' weights must not stay in the model's own
    shapes = {tuple(w.shape) for w in (layer.ar.qkv, layer.ar.out, layer.gate_up, layer.down, model.head_weight)}
    for out, size in sorted(shapes):
        x, w = cancelling(BLOCK, size, model.dtype)
        weight = w.repeat(-(-min(out, PROBE_ELEMENTS // size) // len(w)), 1)[:out].contiguous()
        yield from differences(lambda rows, _, weight=weight: linear(rows, weight), x)


@torch.inference_mode()
def _attention_probes(model: Orthrus, arithmetic: Arithmetic) -> Iterator[Tensor]:
    """Queries against keys whose scores cancel, weights against values that cancel in pairs; across a tile's border."""
    c, start = model.config, STARTS[-1]
    group = c.num_attention_heads // c.num_key_value_heads
    q, k = cancelling(max(BLOCK * c.num_attention_heads, TILE), c.head_dim, model.dtype)
    queries = q[: BLOCK * c.num_attention_heads].view(BLOCK, c.num_attention_heads, c.head_dim)
    keys = k[: 2 * TILE].expand(c.num_key_value_heads, -1, -1).contiguous()
    keys[:, 1::4] = keys[:, 0::4]  # the same key: the same weight
    values = torch.randn(keys.shape, generator=torch.Generator().manual_seed(1)).to(model.dtype)
    values[:, 0::4] *= 2.0**10
    values[:, 1::4] = -values[:, 0::4]

    def attend(rows: Tensor, place: int) -> Tensor:
        bias = arithmetic.bias(len(rows), start + place, group, model.device, model.dtype)
        return arithmetic.attend(rows, keys, values, start + place, bias)

    yield from differences(attend, queries)


def _first_layer(model: Orthrus, arithmetic: Arithmetic) -> Orthrus:
    twin = model.with_arithmetic(arithmetic)
    twin._fused = model.fused_layers()[:1]
    return twin


def _one_layer_cache(model: Orthrus, capacity: int) -> SharedCache:
    return SharedCache(replace(model.config, num_hidden_layers=1), capacity, model.dtype, model.device)


def _passes(model: Orthrus) -> Iterator[Tensor]:
    """The model's own weights on tokens drawn at random."""
    starts = [start for start in STARTS if start + BLOCK <= model.config.max_position_embeddings]
    draw = torch.Generator().manual_seed(7)
    ids = torch.randint(model.config.vocab_size, (STARTS[-1] + BLOCK,), generator=draw).to(model.device)
    for start in starts:
        cache = _one_layer_cache(model, start + BLOCK)
        if start:
            model.hidden_ar(ids[:start], cache)

        def compute(part: Tensor, place: int, start: int = start, cache: SharedCache = cache) -> Tensor:
            cache.length = start + place  # the rows before it are in the cache already
            return model.hidden_ar(part, cache)

        yield from differences(compute, ids[start : start + BLOCK])
        if start == starts[-1]:
            hidden = compute(ids[start : start + BLOCK], 0)
            yield from differences(lambda part, _: model.logits(part), hidden)


def bit_equal(a: Tensor, b: Tensor) -> Tensor:
    """[rows, n] twice -> [rows] bool: equal in every bit (so that NaN equals itself, and -0 differs from 0)."""
    kind = {4: torch.int32, 2: torch.int16}[a.element_size()]
    return (a.contiguous().view(kind) == b.contiguous().view(kind)).all(-1)


@torch.inference_mode()
def step_price(model: Orthrus, arithmetic: Arithmetic) -> float:
    """The time of one AR row under `arithmetic` over that under the fast one, through the first layer and the head."""
    twins = [_first_layer(model, a) for a in (fast(model), arithmetic)]
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


def fast(model: Orthrus) -> Fast:
    """The quickest arithmetic here: packed products, and in float32 a single row by columns."""
    if model.device.type != "cpu" or not _can_pack(model):
        return Fast()
    return Fast(Packed(), ByColumns() if _can_turn(model) else None)


def choose(model: Orthrus, mode: str) -> tuple[Orthrus, RowCheck | None]:
    """The model under the asked mode, and the self-check where one was made.

    auto takes the exact mode where it holds and costs at most PRICE_LIMIT, else the fast one. On a GPU the exact mode
    is the captured kernels of `orthrus.gpu`, which auto takes wherever they hold. Raises ValueError for an unknown
    mode, NotExact where the exact one was asked for and does not hold.
    """
    checks.one_of("mode", mode, MODES)
    on_cpu = model.device.type == "cpu"
    if mode == "fast":
        return model.with_arithmetic(fast(model)), None
    if not on_cpu:
        from orthrus.gpu.choice import choose_on_gpu

        return choose_on_gpu(model, mode)
    arithmetic, check = find_exact(model)
    if mode == "exact" and not check.holds:
        raise NotExact(f"rows are not bit-equal on this machine: {check.words}; the fast mode is left")
    if mode == "exact" or (check.holds and step_price(model, arithmetic) <= PRICE_LIMIT):
        return model.with_arithmetic(arithmetic), check
    return model.with_arithmetic(fast(model)), check
