"""y = silu(gate) * up, with silu(x) = x / (1 + exp(-x))."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from kernels.numba_common import entry, exp32, inner
from kernels.numba_groups import apart, group_of


@inner
def silu_mul_panels(gates, rows, panels, out, size, column):
    """gates [rows, panels * 32]: 16 gates, then their 16 ups -> out, flat and in groups (`numba_groups`) of rows of
    `size`: columns from `column` on. The gates are overwritten.
    """
    for r in range(rows):
        first, count = group_of(r, rows)
        for p in range(panels):
            for i in range(16):  # by itself, so that it is vectorised
                gate = gates[r, p * 32 + i]
                gates[r, p * 32 + i] = gate / (np.float32(1) + exp32(-gate)) * gates[r, p * 32 + 16 + i]
            place = first * size + (column + p * 16) * count + r - first
            for i in range(16):
                out[place + i * count] = gates[r, p * 32 + i]


@entry
def _silu_mul(gates, out):
    panels = gates.shape[1] // 32
    silu_mul_panels(gates, len(gates), panels, out, panels * 16, 0)


def silu_mul(gate_up: Tensor) -> Tensor:
    """[M, 2 F] -> [M, F]: silu(first half) * second half; a width that is no multiple of 16 is padded."""
    rows, both = gate_up.shape
    halves = torch.nn.functional.pad(gate_up.float().view(rows, 2, both // 2), (0, -(both // 2) % 16))
    mixed = halves.view(rows, 2, -1, 16).transpose(1, 2).contiguous().view(rows, -1)
    out = np.empty(mixed.numel() // 2, np.float32)
    _silu_mul(mixed.numpy(), out)
    return torch.from_numpy(apart(out, rows))[:, : both // 2].to(gate_up.dtype)
