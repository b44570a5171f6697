"""y = round(x / sqrt(mean(x^2) + eps)) * weight, the statistics in fp32; first adding a residual where there is one.

One program a row, which it holds whole: the order of the sum depends on the row's length alone.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.triton_common import aligned, check_offsets


def block_for(columns: int) -> int:
    """Elements a program holds: the whole row."""
    return triton.next_power_of_2(columns)


@triton.jit
def _rmsnorm_kernel(
    x_ptr, residual_ptr, w_ptr, y_ptr, stream_ptr, eps,
    N: tl.constexpr, BLOCK: tl.constexpr, HAS_RESIDUAL: tl.constexpr,
):  # fmt: skip
    n = tl.arange(0, BLOCK)
    at = tl.program_id(0) * N + n
    dtype = x_ptr.dtype.element_ty
    x = tl.load(x_ptr + at, mask=n < N, other=0.0).to(tl.float32)
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
    """[M, N], [M, N], [N] -> (rmsnorm(stream), stream), both [M, N]."""
    x, residual = aligned(x), aligned(residual)
    stream = torch.empty_like(x)
    return _launch(x, residual, weight, torch.empty_like(x), stream, eps, has_residual=True), stream


def _launch(x, residual, weight, y, stream, eps, has_residual) -> Tensor:
    check_offsets(x=x)
    rows, columns = x.shape
    _rmsnorm_kernel[(rows,)](
        x, residual, aligned(weight), y, stream, eps, N=columns, BLOCK=block_for(columns), HAS_RESIDUAL=has_residual,
        num_warps=4, enable_fp_fusion=False,
    )  # fmt: skip
    return y
