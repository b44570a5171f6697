"""y[r, o] = sum over i of x[r, i] * w[o, i], i ascending, one fused multiply-add each.

Weights are stored in panels of 16 outputs. bfloat16 stays bfloat16: a panel is [in, 8] words; the low half of word j
is output j, the high half output j + 8, so widening is a shift and a mask. float32 panels are [in, 16] numbers.

A tile computes a few rows of a few panels, outputs as lanes. The choice of tiles changes no bit of a product. Of the
shapes tried on an EPYC with AVX2, 1 x 64, 2 x 32, 4 x 16 and 6 x 16 were the fastest (88 % of the core's peak at 6
rows); 3 x 32 spills.
"""

from __future__ import annotations

from itertools import chain

import numpy as np
import torch
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload
from torch import Tensor

from kernels.numba_common import (
    F32,
    I32,
    I64,
    LANES,
    PANEL,
    VECTOR,
    WORDS,
    address,
    entry,
    fma_of,
    inner,
    number,
    vector_at,
)  # fmt: skip

PACKED = types.uint32  # element type of a pool of bfloat16 panels


def _splat(builder: ir.IRBuilder, scalar: ir.Value) -> ir.Value:
    nothing = ir.Constant(VECTOR, ir.Undefined)
    one = builder.insert_element(nothing, scalar, ir.Constant(I32, 0))
    return builder.shuffle_vector(one, nothing, ir.Constant(WORDS, [0] * LANES))


def _widened(builder: ir.IRBuilder, pool: ir.Value, at: ir.Value, packed: bool) -> list[ir.Value]:
    """The 16 weights of a panel for one input, as two vectors of float32."""
    if not packed:
        halves = (at, builder.add(at, number(LANES)))
        return [builder.load(vector_at(builder, pool, half), align=4) for half in halves]
    words = builder.load(vector_at(builder, pool, at, I32, WORDS), align=4)
    low = builder.shl(words, ir.Constant(WORDS, [16] * LANES))
    high = builder.and_(words, ir.Constant(WORDS, [0xFFFF0000] * LANES))
    return [builder.bitcast(half, VECTOR) for half in (low, high)]


def _tile(rows: int, panels: int, add: bool):
    """tile(pool, at, panel, step, x, xs, y, ys, k): y[rows, panels * 16] (+)= x[rows, k] times panels of `pool`.

    `at`: offset of the first panel; `panel` and `step`: strides of panels and of inputs; x, y: addresses, xs, ys: row
    strides. Strides are in elements.
    """

    @intrinsic
    def tile(typing, pool, at, panel, step, x, xs, y, ys, k):
        packed = pool.dtype == PACKED

        def generate(context, builder, signature, args):
            pool, at, panel, step, x, xs, y, ys, k = args
            base = builder.ptrtoint(context.make_array(signature.args[0])(context, builder, pool).data, I64)
            fma, before = fma_of(builder), builder.basic_block
            loop, done = builder.append_basic_block(), builder.append_basic_block()
            builder.branch(loop)
            builder.position_at_end(loop)
            i = builder.phi(I64)
            i.add_incoming(number(0), before)
            sums = [[builder.phi(VECTOR) for _ in range(2 * panels)] for _ in range(rows)]
            for phi in chain(*sums):
                phi.add_incoming(ir.Constant(VECTOR, [0.0] * LANES), before)
            here = builder.add(at, builder.mul(i, step))
            places = [builder.add(here, builder.mul(panel, number(p))) for p in range(panels)]
            weights = [w for place in places for w in _widened(builder, base, place, packed)]
            inputs = builder.inttoptr(x, F32.as_pointer())
            new = []
            for r in range(rows):
                where = builder.gep(inputs, [builder.add(builder.mul(xs, number(r)), i)])
                value = _splat(builder, builder.load(where, align=4))
                new.append([builder.call(fma, [value, w, s]) for w, s in zip(weights, sums[r], strict=True)])
                for phi, result in zip(sums[r], new[r], strict=True):
                    phi.add_incoming(result, loop)
            following = builder.add(i, number(1))
            i.add_incoming(following, loop)
            builder.cbranch(builder.icmp_signed("<", following, k), loop, done)
            builder.position_at_end(done)
            for r in range(rows):
                for c, result in enumerate(new[r]):
                    out = vector_at(builder, y, builder.add(builder.mul(ys, number(r)), number(c * LANES)))
                    total = builder.fadd(builder.load(out, align=4), result) if add else result
                    builder.store(total, out, align=4)
            return context.get_dummy_value()

        return types.void(pool, *[types.int64] * 8), generate

    return tile


def _product(add: bool):
    t1x4, t2x2 = _tile(1, 4, add), _tile(2, 2, add)
    t1, t2, t4, t6 = (_tile(rows, 1, add) for rows in (1, 2, 4, 6))

    @inner
    def product(pool, at, panel, step, panels, x, xs, rows, y, ys, k):
        """`_tile` over any number of rows and panels; x, y: addresses of float32 numbers."""
        p = 0
        if rows == 1:
            while p + 4 <= panels:
                t1x4(pool, at + p * panel, panel, step, x, xs, y + p * 64, ys, k)
                p += 4
        elif rows == 2:
            while p + 2 <= panels:
                t2x2(pool, at + p * panel, panel, step, x, xs, y + p * 64, ys, k)
                p += 2
        while p < panels:
            here, r = at + p * panel, 0
            while r < rows:
                left, xr, yr = rows - r, x + r * xs * 4, y + r * ys * 4 + p * 64
                if left >= 6 and left != 8:
                    t6(pool, here, panel, step, xr, xs, yr, ys, k)
                    r += 6
                elif left >= 4:
                    t4(pool, here, panel, step, xr, xs, yr, ys, k)
                    r += 4
                elif left >= 2:
                    t2(pool, here, panel, step, xr, xs, yr, ys, k)
                    r += 2
                else:
                    t1(pool, here, panel, step, xr, xs, yr, ys, k)
                    r += 1
            p += 1

    return product


product, product_added = _product(False), _product(True)


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
    wide = width(pool)
    k = x.shape[1]
    product(pool, 0, k * wide, wide, y.shape[1] // 16, address(x, 0), k, x.shape[0], address(y, 0), y.shape[1], k)


def linear(x: Tensor, weight: Tensor, out_dtype: torch.dtype | None = None) -> Tensor:
    """As `kernels.ops.linear`; the weight is packed at each call.

    x [rows, inputs], weight [outputs, inputs] -> [rows, outputs].
    """
    pool = pool_of(weight)
    y = np.empty((len(x), -(-weight.shape[0] // PANEL) * PANEL), np.float32)
    _linear(pool, x.float().contiguous().numpy(), y)
    return torch.from_numpy(y)[:, : weight.shape[0]].to(out_dtype or x.dtype)
