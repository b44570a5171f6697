"""A tile of a product: a few rows of a few panels, outputs as lanes. The choice of tiles changes no bit of a product.

Of the shapes tried on an EPYC with AVX2, 1 x 64, 2 x 32, 4 x 16 and 6 x 16 were the fastest; 3 x 32 spills. With the 32
registers of AVX-512, 6 x 32 and 4 x 32 are: 28 rows by a [3072, 1024] matrix at 1.1 times the rate of 6 x 16.
"""

from __future__ import annotations

from itertools import chain

from llvmlite import ir
from numba import types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from kernels.numba_common import F32, I32, I64, LANES, VECTOR, WORDS, fma_of, number, vector_at

PACKED = types.uint32  # element type of a pool of bfloat16 panels
WIDE = "+avx512vl" in cpu_target.target_context.codegen().magic_tuple()[2]  # 32 registers of eight numbers


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


def tile_of(rows: int, panels: int, add: bool, grouped: bool):
    """tile(pool, at, panel, step, x, xs, y, ys, k): y[rows, panels * 16] (+)= x[rows, k] times panels of `pool`.

    `at`: offset of the first panel; `panel` and `step`: strides of panels and of inputs; x, y: addresses, xs, ys: row
    strides. Strides are in elements. If `grouped`, x is [k, rows] and xs is not read.
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
            first, apart = (builder.mul(i, number(rows)), number(1)) if grouped else (i, xs)
            new = []
            for r in range(rows):
                where = builder.gep(inputs, [builder.add(builder.mul(apart, number(r)), first)])
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
