"""Logit statistics for display: log-probabilities, probabilities, entropy, the likeliest tokens."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from kernels.numba_common import LANES, address, entry, exp32, inner
from kernels.numba_reduce import top, total


@inner
def _sum(row, whole):
    """Sum of a row of any length; `whole` is the largest multiple of 8 in it."""
    result = np.float32(0)
    if whole:
        result = total(address(row, 0), whole)
    for i in range(whole, len(row)):
        result += row[i]
    return result


@entry
def _gaps(logits, out):
    """logits [rows, vocab] float32 -> out [rows]: the largest less the second largest."""
    for r in range(len(logits)):
        first = second = np.float32(-np.inf)
        for value in logits[r]:
            if value > first:
                first, second = value, first
            elif value > second:
                second = value
        out[r] = first - second


@inner
def _largest(row, values, ids):
    """The len(ids) largest of a row, descending, the lower index first among equals."""
    count, filled = len(ids), 0
    for i in range(len(row)):
        value = row[i]
        if filled == count and not value > values[count - 1]:
            continue
        place = min(filled, count - 1)
        while place > 0 and value > values[place - 1]:
            values[place], ids[place] = values[place - 1], ids[place - 1]
            place -= 1
        values[place], ids[place] = value, i
        filled = min(filled + 1, count)


@entry
def _distribution(logits, log_p, p, entropy, values, ids):
    columns = logits.shape[1]
    whole = columns // LANES * LANES
    for r in range(len(logits)):
        row, logs, probabilities, most = logits[r], log_p[r], p[r], np.float32(-np.inf)
        if whole:
            most = top(address(row, 0), whole)
        for i in range(whole, columns):
            most = max(most, row[i])
        for i in range(columns):
            probabilities[i] = exp32(row[i] - most)
        mass = _sum(probabilities, whole)
        shift, scale = most + np.float32(np.log(np.float64(mass))), np.float32(1) / mass
        for i in range(columns):
            logs[i] = row[i] - shift
            probabilities[i] *= scale
        if ids.shape[1]:
            _largest(logs, values[r], ids[r])
            weighted = np.empty(columns, np.float32)
            for i in range(columns):
                weighted[i] = probabilities[i] * logs[i]
            entropy[r] = -_sum(weighted, whole)


def distribution(logits: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """As `kernels.ops.distribution`: logits [rows, vocab] -> two [rows, vocab], one [rows], two [rows, count]."""
    rows, columns = logits.shape
    count = min(count, columns)
    log_p, p = torch.empty(rows, columns), torch.empty(rows, columns)
    entropy, values, ids = torch.empty(rows), torch.empty(rows, count), torch.empty(rows, count, dtype=torch.int64)
    _distribution(*(t.numpy() for t in (logits, log_p, p, entropy, values, ids)))
    return log_p, p, entropy, values, ids


def gaps(logits: Tensor) -> Tensor:
    """As `kernels.ops.gaps`: [rows, vocab] -> [rows]."""
    out = np.empty(len(logits), np.float32)
    _gaps(logits.numpy(), out)
    return torch.from_numpy(out)
