"""The largest of each row, the lowest index among equals, and what stands beside it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from kernels.numba_common import entry


@entry
def choose_rows(logits, ids, gaps):
    """logits [rows, vocab] float32 -> ids [rows] int64, gaps [rows] float32: largest minus second largest.

    The gap of a row with a NaN or an infinity is NaN.
    """
    for r in range(len(logits)):
        best, second, where, odd = np.float32(-np.inf), np.float32(-np.inf), 0, np.float32(0)
        for i in range(logits.shape[1]):
            value = logits[r, i]
            odd += value * np.float32(0)
            if value > best:
                best, second, where = value, best, i
            elif value > second:
                second = value
        ids[r] = where
        gaps[r] = best - second + odd


def argmax(logits: Tensor) -> Tensor:
    """As `kernels.ops.argmax`."""
    ids, gaps = np.empty(len(logits), np.int64), np.empty(len(logits), np.float32)
    choose_rows(logits.float().contiguous().numpy(), ids, gaps)
    return torch.from_numpy(ids).to(torch.int32)
