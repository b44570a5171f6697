"""y = x / sqrt(mean(x^2) + eps) * weight, each row by itself (Zhang & Sennrich 2019)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from kernels.numba_common import address, entry, inner
from kernels.numba_reduce import squares


@inner
def norm_rows(x, weight, out, rows, eps):
    """x, out [>= rows, size] float32, size a multiple of 8."""
    size = x.shape[1]
    for r in range(rows):
        s = np.float32(1) / np.sqrt(squares(address(x, r * size), size) / np.float32(size) + eps)
        for i in range(size):
            out[r, i] = weight[i] * (x[r, i] * s)


@entry
def _norm(x, weight, out, eps):
    norm_rows(x, weight, out, len(x), eps)


def rmsnorm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """As `kernels.ops.rmsnorm`. x [rows, hidden], weight [hidden] -> [rows, hidden]."""
    out = torch.empty(x.shape)
    _norm(x.float().contiguous().numpy(), weight.float().numpy(), out.numpy(), np.float32(eps))
    return out.to(x.dtype)
