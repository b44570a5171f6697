"""Shared helpers of the CPU kernels: compilation and caching, addresses, and an exp of our own.

All `kernels/numba_*.py` are row-invariant: the bits of a result depend on its row and its weights alone. Sums are
explicit chains of fused multiply-adds in one order, never left to a vectoriser or to fastmath; elementwise functions
are our own. So other rows, the number of threads and the CPU's vector width change no bit.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numba
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 8  # float32 numbers a vector instruction is written for: one AVX register, two of NEON
PANEL = 16  # outputs per panel: 16 outputs are contiguous for each input
F32, I32, I64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
VECTOR, WORDS = ir.VectorType(F32, LANES), ir.VectorType(I32, LANES)

# error_model: the check for a division by zero keeps a loop from being vectorised (SiLU of 32 rows: 1.6 -> 0.48 ms).
inner = njit(nogil=True, error_model="numpy")  # inlined into its caller


@lru_cache
def cache_folder() -> Path | None:
    """The folder of the machine code cache, None if no folder is writable.

    Its name contains a digest of all kernels: numba itself checks only the file of the cached function.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(Path(__file__).parent.glob("numba_*.py")):
        digest.update(source.read_bytes())
    name = f"orthrus-kernels-{digest.hexdigest()[:16]}"
    home = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    for parent in (Path(home), Path(tempfile.gettempdir())):
        try:
            parent.mkdir(parents=True, exist_ok=True)
            (parent / name).mkdir(mode=0o700, exist_ok=True)
            if _ours(parent / name):
                with tempfile.TemporaryFile(dir=parent / name):
                    return parent / name
        except OSError:
            continue
    return None


def compiled_before() -> bool:
    """Whether the folder holds an earlier process's machine code; numba itself checks that it is for this CPU."""
    folder = cache_folder()
    return folder is not None and next(folder.rglob("*.nbi"), None) is not None


def _ours(folder: Path) -> bool:
    """Whether only this user can write the folder, because code from it is run. Windows protects a user's folders."""
    if sys.platform == "win32":
        return True
    status = folder.lstat()
    return status.st_uid == os.getuid() and stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o022


def entry(function: Callable) -> Callable:
    """Compile for calls from Python, without the GIL, and cached on disk if possible."""
    before, folder = numba.config.CACHE_DIR, cache_folder()
    numba.config.CACHE_DIR = str(folder or "")
    try:
        return njit(nogil=True, error_model="numpy", cache=folder is not None)(function)
    finally:
        numba.config.CACHE_DIR = before


def number(value: int) -> ir.Constant:
    return ir.Constant(I64, value)


def fma_of(builder: ir.IRBuilder) -> ir.Function:
    """llvm.fma of a vector: one rounding, in hardware or, if a CPU lacks it, in libm."""
    kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
    return cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{LANES}f32")


def vector_at(builder: ir.IRBuilder, base: ir.Value, offset: ir.Value, kind=F32, vector=VECTOR) -> ir.Value:
    """Pointer to the vector that begins `offset` elements after the address `base`, an int64."""
    return builder.bitcast(builder.gep(builder.inttoptr(base, kind.as_pointer()), [offset]), vector.as_pointer())


@intrinsic
def address(typing, array, index):
    """The address of the element at flat index `index` of a contiguous array, as int64."""

    def generate(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.ptrtoint(builder.gep(data, [args[1]]), I64)

    return types.int64(array, types.int64), generate


@intrinsic
def pointer(typing, place):
    """An address as the pointer type that `numba.carray` takes."""

    def generate(context, builder, signature, args):
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


@inner
def exp32(x):
    """exp to 2 ulp for x <= 88, exp(-87) below -87: Cephes' polynomial over ln 2 in two parts (expf.c).

    Elementwise and without a call, so a vectorised loop rounds as a scalar one does.
    """
    x = max(x, np.float32(-87.0))
    n = np.floor(x * np.float32(1.44269504) + np.float32(0.5))
    r = x - n * np.float32(0.693359375)
    r = r - n * np.float32(-2.12194440e-4)
    p = (np.float32(1.9875691500e-4) * r + np.float32(1.3981999507e-3)) * r + np.float32(8.3334519073e-3)
    p = ((p * r + np.float32(4.1665795894e-2)) * r + np.float32(1.6666665459e-1)) * r + np.float32(5.0000001201e-1)
    p = p * r * r + r + np.float32(1)
    return p * np.uint32(np.uint32(np.int32(n) + np.int32(127)) << np.uint32(23)).view(np.float32)


def yields() -> bool:
    """Whether a waiting thread can yield. Windows has no sched_yield; there it only pauses."""
    return sys.platform != "win32"
