"""y = round(x / sqrt(mean(x^2) + eps)) * weight, the statistics in fp32; first adding a residual if there is one.

One program per row, held in registers: the order of the sum depends on the row's length alone. The slices of a split-K
row are added first.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.triton_common import aligned, begin, check_offsets, dependent, parts_of, whole


def block_for(columns: int) -> int:
    """Elements per program: the whole row."""
    return triton.next_power_of_2(columns)


def warps_for(columns: int) -> int:
    """Eight elements per thread: a program waits for memory once, and there are only as many programs as rows."""
    return min(16, max(4, block_for(columns) // 256))


@triton.jit(do_not_specialize=["n_rows"])
def _rmsnorm_kernel(
    x_ptr, residual_ptr, w_ptr, y_ptr, stream_ptr, n_rows, eps,
    N: tl.constexpr, BLOCK: tl.constexpr, HAS_RESIDUAL: tl.constexpr, PARTS: tl.constexpr,
    PDL: tl.constexpr,
):  # fmt: skip
    n = tl.arange(0, BLOCK)
    at = tl.program_id(0) * N + n
    dtype: tl.constexpr = y_ptr.dtype.element_ty
    begin(PDL)
    x = whole(x_ptr, at, n < N, n_rows * N, PARTS, dtype)
    if HAS_RESIDUAL:
        x += tl.load(residual_ptr + at, mask=n < N, other=0.0).to(tl.float32)
        tl.store(stream_ptr + at, x.to(dtype), mask=n < N)
        x = x.to(dtype).to(tl.float32)
    normed = x * (1.0 / tl.sqrt(tl.sum(x * x, axis=0) / N + eps))
    w = tl.load(w_ptr + n, mask=n < N, other=0.0).to(tl.float32)
    tl.store(y_ptr + at, (normed.to(dtype).to(tl.float32) * w).to(dtype), mask=n < N)


def rmsnorm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """[M, N], [N] -> [M, N]."""
    x = aligned(x)
    return _launch(x, x, weight, torch.empty_like(x), x, eps, has_residual=False)


def add_rmsnorm(x: Tensor, residual: Tensor, weight: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """[M, N] or [slices, M, N] fp32, [M, N], [N] -> (rmsnorm(stream), stream), both [M, N]."""
    x, residual = aligned(x), aligned(residual)
    stream = torch.empty_like(residual)
    return _launch(x, residual, weight, torch.empty_like(residual), stream, eps, has_residual=True), stream


def _launch(x, residual, weight, y, stream, eps, has_residual) -> Tensor:
    check_offsets(x=x)
    rows, columns = y.shape
    _rmsnorm_kernel[(rows,)](
        x, residual, aligned(weight), y, stream, rows, eps, N=columns, BLOCK=block_for(columns),
        HAS_RESIDUAL=has_residual, PARTS=parts_of(x), num_warps=warps_for(columns), enable_fp_fusion=False,
        **dependent(x),
    )  # fmt: skip
    return y
