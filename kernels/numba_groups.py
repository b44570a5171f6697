"""Rows that are multiplied by weights lie in groups of 6, the last ones of 4, 2 and 1: [inputs, rows of the group].

So a tile (`kernels.numba_tile`) reads one stream instead of six rows a power of two apart. 28 rows by a [3072, 1024]
matrix on an EPYC: 1.28 times the rate of rows apart. A single row is its own group, as it lies anyway.
"""

from __future__ import annotations

import numpy as np

from kernels.numba_common import inner


@inner
def group_size(left):
    """Rows of the next group, of `left` rows."""
    if left >= 6 and left != 8:
        return 6
    return 4 if left >= 4 else 2 if left >= 2 else 1


@inner
def group_of(row, rows):
    """(first row, size) of the group that holds `row` of `rows`."""
    first, size = 0, group_size(rows)
    while row >= first + size:
        first += size
        size = group_size(rows - first)
    return first, size


def grouped(x: np.ndarray) -> np.ndarray:
    """[rows, inputs] float32 -> the same numbers in groups, flat."""
    parts, first = [np.zeros(0, np.float32)], 0
    while first < len(x):
        size = group_size(len(x) - first)
        parts.append(x[first : first + size].T.reshape(-1))
        first += size
    return np.concatenate(parts)


def apart(flat: np.ndarray, rows: int) -> np.ndarray:
    """Numbers in groups, flat -> [rows, size] float32."""
    size = flat.size // max(1, rows)
    out, flat, first = np.empty((rows, size), np.float32), flat.reshape(-1), 0
    while first < rows:
        count = group_size(rows - first)
        out[first : first + count] = flat[first * size : (first + count) * size].reshape(size, count).T
        first += count
    return out
