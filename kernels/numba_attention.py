"""softmax(q k^T) v of one key-value head and the query heads that share it (Ainslie et al. 2023).

Products go through the same tile as the weights': positions are its outputs in q k^T, its inputs in weights v. What a
row does not see has weight zero exactly, and adding zeros changes no bit. So a row's sums end at the last position it
sees, however wide the pass is. Keys are stored in panels of 16 positions, [positions / 16, dim, 16]; values as
[positions, dim].
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from kernels.numba_common import address, entry, exp32, inner
from kernels.numba_groups import apart, group_of
from kernels.numba_linear import product_apart
from kernels.numba_reduce import top, total

QUERIES = 24  # rows of scores computed together: four full tiles, which at 1,024 positions fit in the L2 cache


@inner
def attend(
    q, group, rows, start, causal, keys, keys_at, values, values_at, scores, sums, out, size, column, before, among
):  # fmt: skip
    """q [rows * group, dim], scaled, row by row -> columns from `column` on of `out`.

    out is flat and in groups (`numba_groups`): `among` rows of `size`, of which these follow the first `before`. Row r
    of the pass is at position start + r; it sees the positions up to its own, or if not `causal` the whole pass.
    keys_at, values_at: flat offsets of this head's keys and values. Work space: scores [QUERIES,
    score_width(positions)], sums [QUERIES, dim].
    """
    dim, wide = q.shape[1], scores.shape[1]
    first = 0
    while first < rows * group:
        count = min(QUERIES, rows * group - first)
        seen = start + (first + count - 1) // group + 1 if causal else start + rows
        width = (seen + 15) // 16 * 16
        product_apart(
            keys, keys_at, dim * 16, 16, width // 16, address(q, first * dim), dim, count, address(scores, 0), wide, dim
        )
        for f in range(count):
            own = start + (first + f) // group + 1 if causal else seen
            _softmax(scores, f, own, width)
        product_apart(
            values, values_at, 16, dim, dim // 16, address(scores, 0), wide, count, address(sums, 0), dim, width
        )
        for f in range(count):
            scale, r, h = scores[f, wide - 1], before + (first + f) // group, (first + f) % group
            at, together = group_of(r, among)
            place = at * size + (column + h * dim) * together + r - at
            for i in range(dim):
                out[place + i * together] = sums[f, i] * scale
        first += count


@inner
def _softmax(scores, f, own, width):
    """Weights of the first `own` positions, zeros after them; 1 / their sum goes into the row's last column."""
    for i in range(own, width):
        scores[f, i] = -np.inf
    place = address(scores, f * scores.shape[1])
    most = top(place, width)
    for i in range(width):
        scores[f, i] = exp32(scores[f, i] - most)
    for i in range(own, width):
        scores[f, i] = np.float32(0)
    scores[f, scores.shape[1] - 1] = np.float32(1) / total(place, width)


def score_width(positions: int) -> int:
    """Columns of `scores` for this many positions: whole panels, and a cache line for the sums."""
    return -(-positions // 16) * 16 + 16


@entry
def _attend(q, group, start, causal, keys, values, scores, sums, out):
    heads, dim = values.shape[0], q.shape[2]
    rows = q.shape[1] // group
    for g in range(heads):
        size = values.shape[1] * values.shape[2]
        attend(
            q[g],
            group,
            rows,
            start,
            causal,
            keys,
            g * size,
            values,
            g * size,
            scores,
            sums,
            out,
            heads * group * dim,
            g * group * dim,
            0,
            rows,
        )


def attention(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    length: Tensor,
    k_block: Tensor | None = None,
    v_block: Tensor | None = None,
) -> Tensor:
    """As `kernels.ops.attention`; the keys are packed into panels at each call.

    q [rows, heads, head_dim] -> [rows, heads * head_dim].
    """
    rows, heads, dim = q.shape
    start = int(length)
    keys, values = (t.float() for t in (k_cache, v_cache))
    if k_block is not None:
        keys = torch.cat([keys[:, :start], k_block.float()], 1)
        values = torch.cat([values[:, :start], v_block.float()], 1)
    kv_heads, positions, _ = keys.shape
    keys, values = (torch.nn.functional.pad(t, (0, 0, 0, -positions % 16)) for t in (keys, values))
    panels = keys.view(kv_heads, -1, 16, dim).transpose(2, 3).contiguous()
    group = heads // kv_heads
    folded = (
        (q.float() * np.float32(dim**-0.5)).view(rows, kv_heads, group, dim).transpose(0, 1).reshape(kv_heads, -1, dim)
    )
    scores = np.zeros((QUERIES, score_width(positions)), np.float32)
    out = np.empty(rows * heads * dim, np.float32)
    work = folded.contiguous().numpy(), group, start, k_block is None, panels.numpy(), values.contiguous().numpy()
    _attend(*work, scores, np.zeros((QUERIES, dim), np.float32), out)
    return torch.from_numpy(apart(out, rows)).to(q.dtype)
