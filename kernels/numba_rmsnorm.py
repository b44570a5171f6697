"""y = x / sqrt(mean(x^2) + eps) * weight, each row by itself (Zhang & Sennrich 2019)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from kernels.numba_common import address, entry, inner
from kernels.numba_groups import apart, group_size
from kernels.numba_reduce import squares


@inner
def norm_rows(x, first, rows, weight, out, eps):
    """Rows of x [>= first + rows, size], size a multiple of 8 -> out, flat and in groups (`numba_groups`); float32."""
    size, at = x.shape[1], 0
    while at < rows:
        count = group_size(rows - at)
        for r in range(at, at + count):
            s = np.float32(1) / np.sqrt(squares(address(x, (first + r) * size), size) / np.float32(size) + eps)
            place = at * size + r - at
            for i in range(size):
                out[place + i * count] = weight[i] * (x[first + r, i] * s)
        at += count


@entry
def _norm(x, weight, out, eps):
    norm_rows(x, 0, len(x), weight, out, eps)


def rmsnorm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """As `kernels.ops.rmsnorm`. x [rows, hidden], weight [hidden] -> [rows, hidden]."""
    out = np.empty(x.numel(), np.float32)
    _norm(x.float().contiguous().numpy(), weight.float().numpy(), out, np.float32(eps))
    return torch.from_numpy(apart(out, len(x))).to(x.dtype)
