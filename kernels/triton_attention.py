"""out[i] = softmax(q[i] . k / sqrt(D)) v over two places at once: the shared cache and the block's own keys.

Positions 0 .. length-1 are cache rows, the next ones block rows (or, in the AR view, the cache rows just written).
Every query sees the whole block; without one, query i sees the keys up to its own position. In a tree query i sees the
cache and its path, at position length + d the block row paths[i, d]: its keys have the places that they have if the
path is decoded alone. Spans that reach beyond the cache are then computed query by query, the others tile by tile.
One program computes one key head, one span of positions (`kernels.spans`) and one tile of queries, whose GROUP query
heads are stacked so that they share each key tile; a second kernel merges the spans, CHUNK at a time, ascending.

Spans and key tiles are cut at ABSOLUTE positions. A key therefore has the same place in the same tile whether it is
read by a block of 32 queries or by one query decoding alone. Masked tiles change nothing: they scale by exp2(0) = 1
and add exp2(-inf) = 0. Spans beyond it are not merged. Rows past the end are not loaded.
"""

import math
from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.spans import SPAN, spans
from kernels.triton_common import aligned, begin, check_offsets, dependent

CHUNK = 8  # spans merged together: their loads overlap; more spans need more than 96 registers


class LaunchConfig(NamedTuple):
    queries: int  # queries per tile; times the group: stacked rows
    keys: int  # keys per tile
    span: int = SPAN
    warps: int = 4
    stages: int = 3


def config_for(group: int, dim: int, itemsize: int) -> LaunchConfig:
    """64 stacked rows, key tiles of 8 KiB: 64 keys at head_dim 64 in bf16, 32 at 128.

    64 keys at 128 need all 255 registers and spill up to 192 bytes on sm_80 and sm_120; 32 keys need 168, no spill
    (ptxas, triton 3.9).
    """
    queries = min(32, max(1, 64 // triton.next_power_of_2(group)))
    return LaunchConfig(queries, keys=min(64, max(16, 8192 // (dim * itemsize))))


@triton.jit
def _span_start(span, SPAN: tl.constexpr):
    return SPAN * tl.maximum(tl.maximum(span, 2 * span - 16), tl.maximum(4 * span - 64, 8 * span - 192))


@triton.jit
def _spans(positions, SPAN: tl.constexpr):
    units = tl.cdiv(positions, SPAN)
    few = tl.minimum(tl.cdiv(units + 64, 4), tl.cdiv(units + 192, 8))
    return tl.minimum(tl.minimum(units, tl.cdiv(units + 16, 2)), few)


@triton.jit(
    do_not_specialize=["n_queries", "n_block", "capacity"],
    do_not_specialize_on_alignment=["paths_ptr", "depths_ptr", "length_ptr"],
)
def _span_kernel(
    q_ptr, kc_ptr, vc_ptr, kb_ptr, vb_ptr, paths_ptr, depths_ptr, length_ptr, part_ptr, stat_ptr,
    n_queries, n_block, capacity, cache_head, cache_row, block_head, block_row, log2_scale,
    H: tl.constexpr, GROUP: tl.constexpr, D: tl.constexpr, QUERIES: tl.constexpr, ROWS: tl.constexpr,
    KEYS: tl.constexpr, SPAN: tl.constexpr, HAS_BLOCK: tl.constexpr, TREE: tl.constexpr, PDL: tl.constexpr,
):  # fmt: skip
    # Tiles of one head and span are scheduled together: they read the same keys and values.
    tile, head = tl.program_id(0), tl.program_id(1)
    begin(PDL)
    length = tl.minimum(tl.load(length_ptr), capacity)
    end = length + n_block if HAS_BLOCK else tl.minimum(length + n_queries, capacity)
    sight = end if HAS_BLOCK else tl.minimum(end, length + tl.minimum((tile + 1) * QUERIES, n_queries))
    span = _spans(end, SPAN) - 1 - tl.program_id(2)  # the longest first; programs without one come last
    if span < 0:
        return
    first, last = _span_start(span, SPAN), _span_start(span + 1, SPAN)
    step = QUERIES  # queries of this program
    if TREE:
        step = tl.where(last > length, 1, QUERIES)
        if tile * step >= n_queries:
            return
        sight = tl.where(last > length, length + tl.load(depths_ptr + tile) + 1, length)
    last = tl.minimum(last, sight)
    if first >= sight:
        return
    row = tl.arange(0, ROWS)  # row = g * QUERIES + i: query i of the tile, query head g of the group
    i = tile * step + row % QUERIES
    h = head * GROUP + row // QUERIES
    real = (row < GROUP * QUERIES) & (i < n_queries)
    if TREE:
        end = sight
        real = real & (row % QUERIES < step)
    d = tl.arange(0, D)
    q = tl.load(q_ptr + (i[:, None] * H + h[:, None]) * D + d[None, :], mask=real[:, None], other=0.0)
    top = tl.full([ROWS], float("-inf"), tl.float32)
    total = tl.zeros([ROWS], tl.float32)
    acc = tl.zeros([ROWS, D], tl.float32)
    for key_tile in tl.range(first // KEYS, tl.cdiv(last, KEYS)):
        p = key_tile * KEYS + tl.arange(0, KEYS)
        kv = head * cache_head + p[:, None] * cache_row + d[None, :]
        k_at, v_at = kc_ptr + kv, vc_ptr + kv
        if HAS_BLOCK:
            own = p - length
            if TREE:
                own = tl.load(paths_ptr + tile * n_block + own, mask=(own >= 0) & (p < end), other=0)
            kv = head * block_head + own[:, None] * block_row + d[None, :]
            cached = (p < length)[:, None]
            k_at, v_at = tl.where(cached, k_at, kb_ptr + kv), tl.where(cached, v_at, vb_ptr + kv)
        k = tl.load(k_at, mask=(p < end)[:, None], other=0.0)
        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * log2_scale
        seen = (p < end)[None, :]
        if not HAS_BLOCK:
            seen = seen & (p[None, :] <= length + i[:, None])
        scores = tl.where(seen, scores, float("-inf"))
        new_top = tl.maximum(top, tl.max(scores, axis=1))
        base = tl.where(new_top == float("-inf"), 0.0, new_top)  # a row without visible keys so far: avoid inf - inf
        weight = tl.exp2(scores - base[:, None])
        decay = tl.exp2(top - base)
        v = tl.load(v_at, mask=(p < end)[:, None], other=0.0)
        acc = tl.dot(weight.to(v.dtype), v, acc * decay[:, None], input_precision="ieee")
        total = total * decay + tl.sum(weight, axis=1)
        top = new_top
    out = (span * n_queries + i) * H + h
    tl.store(part_ptr + out[:, None] * D + d[None, :], acc, mask=real[:, None])
    tl.store(stat_ptr + out * 2, top, mask=real)
    tl.store(stat_ptr + out * 2 + 1, total, mask=real)


@triton.jit(
    do_not_specialize=["n_queries", "n_block", "capacity"], do_not_specialize_on_alignment=["depths_ptr", "length_ptr"]
)
def _merge_kernel(
    part_ptr, stat_ptr, depths_ptr, length_ptr, out_ptr, n_queries, n_block, capacity,
    H: tl.constexpr, D: tl.constexpr, SPAN: tl.constexpr, HAS_BLOCK: tl.constexpr, TREE: tl.constexpr,
    CHUNK: tl.constexpr, PDL: tl.constexpr,
):  # fmt: skip
    i, h = tl.program_id(0), tl.program_id(1)
    begin(PDL)
    length = tl.minimum(tl.load(length_ptr), capacity)
    end = length + n_block if HAS_BLOCK else tl.minimum(length + n_queries, capacity)
    sight = end if HAS_BLOCK else tl.minimum(end, length + i + 1)
    if TREE:
        sight = length + tl.load(depths_ptr + i) + 1
    d = tl.arange(0, D)
    n_spans = _spans(sight, SPAN)
    top = tl.full([], float("-inf"), tl.float32)
    for first in tl.range(0, n_spans, 4 * CHUNK):
        s = first + tl.arange(0, 4 * CHUNK)
        tops = tl.load(stat_ptr + ((s * n_queries + i) * H + h) * 2, mask=s < n_spans, other=float("-inf"))
        top = tl.maximum(top, tl.max(tops, axis=0))
    total = tl.zeros([], tl.float32)
    acc = tl.zeros([D], tl.float32)
    for first in tl.range(0, n_spans, CHUNK):
        s = first + tl.arange(0, CHUNK)
        at, there = (s * n_queries + i) * H + h, s < n_spans
        weight = tl.exp2(tl.load(stat_ptr + at * 2, mask=there, other=float("-inf")) - top)
        total += tl.sum(weight * tl.load(stat_ptr + at * 2 + 1, mask=there, other=0.0), axis=0)
        part = tl.load(part_ptr + at[:, None] * D + d[None, :], mask=there[:, None], other=0.0)
        acc += tl.sum(weight[:, None] * part, axis=0)
    tl.store(out_ptr + (i * H + h) * D + d, (acc / total).to(out_ptr.dtype.element_ty))


def attention(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    length: Tensor,
    k_block: Tensor | None = None,
    v_block: Tensor | None = None,
) -> Tensor:
    """q [M, H, D], cache [HKV, capacity, D], block [HKV, B, D] -> [M, H * D]; D a power of two from 16 on."""
    return _attention(q, k_cache, v_cache, length, k_block, v_block)


def tree_attention(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    length: Tensor,
    k_block: Tensor,
    v_block: Tensor,
    paths: Tensor,
    depths: Tensor,
) -> Tensor:
    """As `attention`, for the rows of a tree; paths [M, deepest + 1], depths [M], int32 -> [M, H * D]."""
    return _attention(q, k_cache, v_cache, length, k_block, v_block, (aligned(paths), depths))


def _attention(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    length: Tensor,
    k_block: Tensor | None,
    v_block: Tensor | None,
    tree: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    (rows, heads, dim), (kv_heads, capacity, _) = q.shape, k_cache.shape
    if dim < 16 or dim & (dim - 1):
        raise ValueError(f"head_dim is {dim}, the kernel needs a power of two from 16 on")
    has_block = k_block is not None
    own_k, own_v = (k_cache if k_block is None else k_block), (v_cache if v_block is None else v_block)
    paths, depths = (length, length) if tree is None else tree
    block = paths.shape[1] if tree is not None else own_k.shape[1] if has_block else 0
    group = heads // kv_heads
    config = config_for(group, dim, q.element_size())
    q = aligned(q)
    n_spans = spans(capacity + block, config.span)
    parts = torch.empty(n_spans, rows, heads, dim, dtype=torch.float32, device=q.device)
    stats = torch.empty(n_spans, rows, heads, 2, dtype=torch.float32, device=q.device)
    out = torch.empty(rows, heads * dim, dtype=q.dtype, device=q.device)
    check_offsets(parts=parts, k_cache=k_cache)
    shared = {"H": heads, "D": dim, "SPAN": config.span, "HAS_BLOCK": has_block, "TREE": tree is not None}
    shared |= dependent(q)
    tiles = triton.cdiv(rows, config.queries) if tree is None else rows
    _span_kernel[(tiles, kv_heads, n_spans)](
        q, k_cache, v_cache, own_k, own_v, paths, depths, length, parts, stats, rows, block, capacity,
        *k_cache.stride()[:2], *own_k.stride()[:2], math.log2(math.e) / math.sqrt(dim), GROUP=group,
        QUERIES=config.queries, ROWS=max(16, triton.next_power_of_2(group * config.queries)), KEYS=config.keys,
        num_warps=config.warps, num_stages=config.stages, enable_fp_fusion=True, **shared,
    )  # fmt: skip
    _merge_kernel[(rows, heads)](
        parts,
        stats,
        depths,
        length,
        out,
        rows,
        block,
        capacity,
        CHUNK=CHUNK,
        num_warps=1,
        enable_fp_fusion=False,
        **shared,
    )
    return out
