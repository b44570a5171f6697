"""y = silu(gate) * up, with silu(x) = x / (1 + exp(-x))."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from kernels.numba_common import entry, exp32, inner


@inner
def silu_mul_panels(gates, rows, panels, out, column):
    """gates [rows, panels * 32]: 16 gates, then their 16 ups -> out[:rows, column : column + panels * 16]."""
    for r in range(rows):
        for p in range(panels):
            for i in range(16):
                gate = gates[r, p * 32 + i]
                out[r, column + p * 16 + i] = gate / (np.float32(1) + exp32(-gate)) * gates[r, p * 32 + 16 + i]


@entry
def _silu_mul(gates, out):
    silu_mul_panels(gates, len(gates), gates.shape[1] // 32, out, 0)


def silu_mul(gate_up: Tensor) -> Tensor:
    """[M, 2 F] -> [M, F]: silu(first half) * second half; a width that is no multiple of 16 is padded."""
    rows, both = gate_up.shape
    halves = torch.nn.functional.pad(gate_up.float().view(rows, 2, both // 2), (0, -(both // 2) % 16))
    mixed = halves.view(rows, 2, -1, 16).transpose(1, 2).contiguous().view(rows, -1)
    out = torch.empty(rows, mixed.shape[1] // 2)
    _silu_mul(mixed.numpy(), out.numpy())
    return out[:, : both // 2].to(gate_up.dtype)
