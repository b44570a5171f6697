"""Dual-view attention over the shared cache.

    attend_ar:        query i of the new rows sees cache[0 : start+i+1]             (causal)
    attend_diffusion: every query of the block sees cache[0 : start] ++ the block   (bidirectional, block thrown away)

Grouped-query heads are folded into rows, [kv_heads, group * rows, head_dim], so that one batched product per
key-value head serves its whole group and no key is repeated.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def _fold(q: Tensor, kv_heads: int) -> Tensor:
    """[rows, heads, head_dim] -> [kv_heads, group * rows, head_dim], group-major."""
    rows, heads, head_dim = q.shape
    return q.view(rows, kv_heads, heads // kv_heads, head_dim).permute(1, 2, 0, 3).reshape(kv_heads, -1, head_dim)


def _unfold(out: Tensor, rows: int) -> Tensor:
    """[kv_heads, group * rows, head_dim] -> [rows, heads * head_dim]."""
    kv_heads, group_rows, head_dim = out.shape
    group = group_rows // rows
    return out.view(kv_heads, group, rows, head_dim).permute(2, 0, 1, 3).reshape(rows, kv_heads * group * head_dim)


def causal_bias(rows: int, group: int, device: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    """[group * rows, rows]: 0 if a folded query sees a new row, -inf if it lies ahead."""
    ahead = torch.ones(rows, rows, dtype=torch.bool, device=device).triu(1)
    return torch.zeros(rows, rows, dtype=dtype, device=device).masked_fill_(ahead, -math.inf).repeat(group, 1)


def attend_ar(q: Tensor, keys: Tensor, values: Tensor, start: int, bias: Tensor | None) -> Tensor:
    """Causal attention of new rows whose keys are already in the cache.

    q [rows, heads, head_dim]; keys, values [kv_heads, start + rows or more, head_dim], valid below start + rows;
    bias [group * rows, start + rows] in q's dtype, zero below start, then `causal_bias`; None for a single row. Returns
    [rows, heads * head_dim] in q's dtype.

    PyTorch's fused operator, because plain products in bfloat16 compile a kernel for every new length of the text: on
    an EPYC a pair of them takes 4.1 ms at a new length and 0.2 ms at a known one, this operator 0.14 ms at any.
    """
    rows, _, head_dim = q.shape
    kv_heads, written, _ = keys.shape
    end = start + rows
    if written > end:
        keys, values = keys[:, :end], values[:, :end]
    if rows == 1:
        one = q.reshape(1, kv_heads, -1, head_dim)
        return F.scaled_dot_product_attention(one, keys[None], values[None]).reshape(1, -1)
    folded = _fold(q, kv_heads)[None]
    return _unfold(F.scaled_dot_product_attention(folded, keys[None], values[None], attn_mask=bias)[0], rows)


def attend_diffusion(q: Tensor, k: Tensor, v: Tensor, keys: Tensor, values: Tensor, start: int) -> Tensor:
    """Bidirectional attention of one block over the committed prefix and the block itself; the cache is only read.

    q [block, heads, head_dim]; k, v [block, kv_heads, head_dim] of the diffusion view;
    keys, values [kv_heads, capacity, head_dim]. Returns [block, heads * head_dim] in q's dtype.
    """
    kv_heads = keys.shape[0]
    keys = torch.cat((keys[:, :start], k.transpose(0, 1)), dim=1)[None]
    values = torch.cat((values[:, :start], v.transpose(0, 1)), dim=1)[None]
    return _unfold(F.scaled_dot_product_attention(_fold(q, kv_heads)[None], keys, values)[0], len(q))
