"""y[r, o] = sum over i of x[r, i] * w[o, i], i ascending, one fused multiply-add each.

Weights are stored in panels of 16 outputs. bfloat16 stays bfloat16: a panel is [in, 8] words; the low half of word j
is output j, the high half output j + 8, so widening is a shift and a mask. float32 panels are [in, 16] numbers.
"""

from __future__ import annotations

import numpy as np
import torch
from numba.extending import overload
from torch import Tensor

from kernels.numba_common import LANES, PANEL, address, entry, inner
from kernels.numba_groups import group_size, grouped
from kernels.numba_tile import PACKED, WIDE, tile_of


def _product(add: bool, in_groups: bool, wide: bool):
    """product(pool, at, panel, step, panels, x, xs, rows, y, ys, k): `tile_of` over any number of rows and panels.

    x, y: addresses of float32 numbers. If `in_groups`, xs is k.
    """
    t1x4 = tile_of(1, 4, add, in_groups)
    single = [tile_of(rows, 1, add, in_groups) for rows in (1, 2, 4, 6)]
    double = [tile_of(rows, 2, add, in_groups) for rows in (1, 2, 4, 6)]

    def over_rows(t1, t2, t4, t6):
        @inner
        def over(pool, at, panel, step, x, xs, rows, y, ys, k):
            r = 0
            while r < rows:
                size, xr, yr = group_size(rows - r), x + r * xs * 4, y + r * ys * 4
                if size == 6:
                    t6(pool, at, panel, step, xr, xs, yr, ys, k)
                elif size == 4:
                    t4(pool, at, panel, step, xr, xs, yr, ys, k)
                elif size == 2:
                    t2(pool, at, panel, step, xr, xs, yr, ys, k)
                else:
                    t1(pool, at, panel, step, xr, xs, yr, ys, k)
                r += size

        return over

    one, t2x2 = over_rows(*single), double[1]
    two, few = (over_rows(*double), 1 << 20) if wide else (one, 2)

    @inner
    def product(pool, at, panel, step, panels, x, xs, rows, y, ys, k):
        p = 0
        if rows == 1:
            while p + 4 <= panels:
                t1x4(pool, at + p * panel, panel, step, x, xs, y + p * 64, ys, k)
                p += 4
        elif rows == 2:
            while p + 2 <= panels:
                t2x2(pool, at + p * panel, panel, step, x, xs, y + p * 64, ys, k)
                p += 2
        elif rows <= few:
            while p + 2 <= panels:
                two(pool, at + p * panel, panel, step, x, xs, rows, y + p * 64, ys, k)
                p += 2
        while p < panels:
            one(pool, at + p * panel, panel, step, x, xs, rows, y + p * 64, ys, k)
            p += 1

    return product


product, product_added = _product(False, True, WIDE), _product(True, True, WIDE)
product_apart = _product(False, False, False)  # rows apart, as attention's lie


def _width(pool):
    """Elements per panel and input: 8 words, or 16 numbers."""


@overload(_width, inline="always")
def _(pool):
    return (lambda pool: 8) if pool.dtype == PACKED else (lambda pool: 16)


def _one(pool, index, lane):
    """The weight of `lane` of the panel entry that begins at `index`, as float32."""


@overload(_one, inline="always")
def _(pool, index, lane):
    def from_words(pool, index, lane):
        shift = np.uint32(0) if lane >= 8 else np.uint32(16)
        return np.uint32((pool[index + lane % 8] << shift) & np.uint32(0xFFFF0000)).view(np.float32)

    def from_numbers(pool, index, lane):
        return pool[index + lane]

    return from_words if pool.dtype == PACKED else from_numbers


@inner
def width(pool):
    return _width(pool)


@inner
def row_of(pool, at, index, out):
    """Row `index` of the matrix whose panels begin at `at`, into out [in]: the embedding of a tied head."""
    size, wide = out.shape[0], _width(pool)
    place, lane = at + index // 16 * size * wide, index % 16
    for i in range(size):
        out[i] = _one(pool, place + i * wide, lane)


def panels_size(outputs: int, inputs: int, dtype: torch.dtype) -> int:
    """Elements of the panels of an [outputs, inputs] matrix."""
    return -(-outputs // PANEL) * inputs * (LANES if dtype == torch.bfloat16 else PANEL)


def pool_of(weight: Tensor) -> np.ndarray:
    """[out, in] -> its panels, flat: uint32 of a bfloat16 matrix, float32 of any other. Outputs are padded with zeros.

    One matrix at a time, so that there is never a second copy of the model in memory.
    """
    outputs, inputs = weight.shape
    short = -outputs % PANEL
    matrix = weight.detach() if weight.dtype == torch.bfloat16 else weight.detach().float()
    if short:
        matrix = torch.cat([matrix, matrix.new_zeros(short, inputs)])
    if weight.dtype != torch.bfloat16:
        return matrix.view(-1, PANEL, inputs).transpose(1, 2).contiguous().numpy().reshape(-1)
    halves = matrix.view(torch.int16).view(-1, 2, LANES, inputs).permute(0, 3, 2, 1).contiguous()
    return halves.numpy().view(np.uint32).reshape(-1)


@entry
def _linear(pool, x, y):
    """x in groups, flat; y [rows, outputs]."""
    wide, rows = width(pool), y.shape[0]
    k = len(x) // rows
    product(pool, 0, k * wide, wide, y.shape[1] // 16, address(x, 0), k, rows, address(y, 0), y.shape[1], k)


def linear(x: Tensor, weight: Tensor, out_dtype: torch.dtype | None = None) -> Tensor:
    """As `kernels.ops.linear`; the weight is packed at each call.

    x [rows, inputs], weight [outputs, inputs] -> [rows, outputs].
    """
    pool = pool_of(weight)
    y = np.empty((len(x), -(-weight.shape[0] // PANEL) * PANEL), np.float32)
    if len(x):
        _linear(pool, grouped(x.float().numpy()), y)
    return torch.from_numpy(y)[:, : weight.shape[0]].to(out_dtype or x.dtype)
