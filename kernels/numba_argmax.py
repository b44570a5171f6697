"""Row-wise argmax, the lowest index among equals: first the maximum, by lanes, then its index."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from kernels.numba_common import LANES, address, entry
from kernels.numba_reduce import top, total


@entry
def largest_of_rows(logits, ids):
    """logits [rows, vocab] float32, each row contiguous -> ids [rows] int64, -1 for a row that is not all finite.

    Returns the number of such rows.
    """
    odd = 0
    columns = logits.shape[1]
    whole = columns // LANES * LANES
    for r in range(len(logits)):
        row, most, sum = logits[r], np.float32(-np.inf), np.float32(0)
        if whole:
            most, sum = top(address(row, 0), whole), total(address(row, 0), whole)
        for i in range(whole, columns):
            most, sum = max(most, row[i]), sum + row[i]
        ids[r] = -1
        if np.isfinite(sum):
            i = 0
            while row[i] != most:
                i += 1
            ids[r] = i
        else:
            odd += 1
    return odd


def argmax(logits: Tensor) -> Tensor:
    """As `kernels.ops.argmax`. logits [rows, vocab] -> [rows] int32."""
    ids = np.empty(len(logits), np.int64)
    largest_of_rows(logits.float().contiguous().numpy(), ids)
    return torch.from_numpy(ids).to(torch.int32)
