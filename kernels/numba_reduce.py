"""Sum, sum of squares and maximum of a row of float32: eight running lanes, then a fixed tree."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from kernels.numba_common import I32, I64, LANES, VECTOR, fma_of, number, vector_at


def _fold(kind: str):
    """fold(place, n): of the n floats at the address `place`; n is a multiple of 8."""

    @intrinsic
    def fold(typing, place, n):
        def generate(context, builder, signature, args):
            place, n = args
            fma, before = fma_of(builder), builder.basic_block
            loop, done = builder.append_basic_block(), builder.append_basic_block()

            def join(a, b):
                return builder.select(builder.fcmp_ordered(">", a, b), a, b) if kind == "top" else builder.fadd(a, b)

            builder.branch(loop)
            builder.position_at_end(loop)
            i, lanes = builder.phi(I64), builder.phi(VECTOR)
            i.add_incoming(number(0), before)
            lanes.add_incoming(ir.Constant(VECTOR, [float("-inf") if kind == "top" else 0.0] * LANES), before)
            values = builder.load(vector_at(builder, place, i), align=4)
            new = builder.call(fma, [values, values, lanes]) if kind == "squares" else join(lanes, values)
            following = builder.add(i, number(LANES))
            i.add_incoming(following, loop)
            lanes.add_incoming(new, loop)
            builder.cbranch(builder.icmp_signed("<", following, n), loop, done)
            builder.position_at_end(done)
            parts = [builder.extract_element(new, ir.Constant(I32, lane)) for lane in range(LANES)]
            while len(parts) > 1:
                half = len(parts) // 2
                parts = [join(parts[lane], parts[lane + half]) for lane in range(half)]
            return parts[0]

        return types.float32(types.int64, types.int64), generate

    return fold


total, squares, top = _fold("total"), _fold("squares"), _fold("top")
