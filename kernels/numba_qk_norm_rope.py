"""Head norm, then rotary embedding: (a, b) -> (a cos - b sin, b cos + a sin) for the two halves of a head."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from kernels.numba_common import address, entry, inner
from kernels.numba_reduce import squares


@inner
def norm_rotated(x, at, weight, cos, sin, scale, eps, out, place, step):
    """The head at flat index `at` of x, times `scale`, to out.flat[place], out.flat[place + step], ...

    weight [dim], cos, sin [dim / 2], float32; dim a multiple of 16.
    """
    dim = weight.shape[0]
    half = dim // 2
    s = np.float32(1) / np.sqrt(squares(address(x, at), dim) / np.float32(dim) + eps)
    head, written = x.reshape(-1), out.reshape(-1)
    for i in range(half):
        a, b = weight[i] * (head[at + i] * s), weight[half + i] * (head[at + half + i] * s)
        written[place + i * step] = (a * cos[i] - b * sin[i]) * scale
        written[place + (half + i) * step] = (b * cos[i] + a * sin[i]) * scale


@entry
def _heads(qk, weights, cos, sin, eps, out):
    rows, heads, dim = qk.shape
    for r in range(rows):
        for h in range(heads):
            at = (r * heads + h) * dim
            norm_rotated(qk, at, weights[h], cos[r], sin[r], np.float32(1), eps, out, at, 1)


def qk_norm_rope(
    qkv: Tensor,
    q_weight: Tensor,
    k_weight: Tensor,
    cos: Tensor,
    sin: Tensor,
    length: Tensor,
    k_out: Tensor,
    v_out: Tensor,
    into: str,
    eps: float,
) -> Tensor:
    """As `kernels.ops.qk_norm_rope`, for an unsliced product.

    qkv [rows, (heads + 2 * kv_heads) * head_dim] -> q [rows, heads, head_dim].
    """
    if qkv.dim() == 3:
        qkv = qkv.sum(0)
    dim, kv_heads = k_out.shape[2], k_out.shape[0]
    parts = qkv.view(len(qkv), -1, dim)
    both = parts.shape[1] - kv_heads
    heads = both - kv_heads
    start = int(length)
    angles = (t[start : start + len(qkv)].float().contiguous().numpy() for t in (cos, sin))
    weights = torch.cat([q_weight.float().expand(heads, dim), k_weight.float().expand(kv_heads, dim)]).numpy()
    out = torch.empty(len(qkv), both, dim)
    _heads(parts[:, :both].float().contiguous().numpy(), weights, *angles, np.float32(eps), out.numpy())
    first = start if into == "cache" else 0
    fits = max(0, min(len(qkv), k_out.shape[1] - first))
    k_out[:, first : first + fits] = out[:fits, heads:].transpose(0, 1).to(k_out.dtype)
    v_out[:, first : first + fits] = parts[:fits, both:].transpose(0, 1)
    return out[:, :heads].to(qkv.dtype).contiguous()
