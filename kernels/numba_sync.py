"""Work sharing between threads: units of a pass are claimed, never assigned, so no thread waits for an absent one.

A phase has two atomic counters, each in its own cache line: units claimed, units done. Both hold the pass's number
above their lowest 20 bits, so a late thread sees that its pass is over and touches nothing.
"""

from __future__ import annotations

import platform

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from kernels.numba_common import I32, I64, inner, yields

PHASE_BYTES = 256
UNITS = (1 << 20) - 1
SPINS = 500  # pauses, about 20 microseconds, before a waiting thread yields
OVER, NONE_LEFT = -2, -1


def _atomic(kind: str):
    @intrinsic
    def operation(typing, place, old, new):
        def generate(context, builder, signature, args):
            target = builder.inttoptr(args[0], I64.as_pointer())
            if kind == "add":
                return builder.atomic_rmw("add", target, args[1], "seq_cst")
            if kind == "load":
                return builder.load_atomic(target, "seq_cst", 8)
            if kind == "swap":
                return builder.extract_value(builder.cmpxchg(target, args[1], args[2], "seq_cst"), 0)
            builder.store_atomic(args[1], target, "seq_cst", 8)
            return args[1]

        return types.int64(types.int64, types.int64, types.int64), generate

    return operation


@intrinsic
def _pause(typing, long):
    """Wait a moment; if `long`, let another thread run."""

    def generate(context, builder, signature, args):
        def call(name, result, *given):
            kind = ir.FunctionType(result, [value.type for value in given])
            return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), given)

        if platform.machine().lower() in ("x86_64", "amd64"):
            call("llvm.x86.sse2.pause", ir.VoidType())
        elif platform.machine().lower() in ("arm64", "aarch64"):
            call("llvm.aarch64.hint", ir.VoidType(), ir.Constant(I32, 1))
        if yields():
            with builder.if_then(args[0]):
                call("sched_yield", I32)
        return context.get_dummy_value()

    return types.void(types.boolean), generate


_add, _load, _store, _swap = (_atomic(kind) for kind in ("add", "load", "store", "swap"))


@inner
def load(place):
    """Load an int64 with acquire ordering."""
    return _load(place, 0, 0)


@inner
def store(place, value):
    """Store an int64 with release ordering."""
    _store(place, value, 0)


@inner
def pause():
    _pause(False)


@inner
def open_phases(sync, phases, number):
    """All counters at zero for pass `number`."""
    for phase in range(phases):
        store(sync + phase * PHASE_BYTES, number << 20)
        store(sync + phase * PHASE_BYTES + 128, number << 20)


@inner
def claim(sync, phase, number, units):
    """The next unit of the phase, NONE_LEFT, or OVER if the pass is."""
    place = sync + phase * PHASE_BYTES
    while True:
        seen = load(place)
        if seen >> 20 != number:
            return OVER
        if seen & UNITS >= units:
            return NONE_LEFT
        if _swap(place, seen, seen + 1) == seen:
            return seen & UNITS


@inner
def finish(sync, phase):
    """Report a unit as done."""
    _add(sync + phase * PHASE_BYTES + 128, 1, 0)


@inner
def meet(sync, phase, number, units):
    """Wait until all units of the phase are done; returns at once if the pass is over."""
    place, spins = sync + phase * PHASE_BYTES + 128, 0
    while load(place) < (number << 20) + units:
        spins += 1
        _pause(spins > SPINS)
