"""y[m, n] = sum over k of x[m, k] * w[n, k]: fp32 sums, rounded once.

One program computes 32 rows by 64 columns over one slice of K, in ascending steps. Where a layer has few columns, K
is cut into a number of slices fixed by the layer's shape, and a second kernel adds the slices in order. Tile, step
and slices never depend on the number of rows: a row's sum has one order, whoever else is computed with it.
"""

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.triton_common import aligned, check_offsets


class Config(NamedTuple):
    rows: int = 32  # a block of Orthrus; tensor cores pad one row to 16 anyway, and weights are what is read
    columns: int = 64
    step_bytes: int = 256  # of K: 128 bf16 values; 3 stages of (32 + 64) x 256 bytes = 72 KiB, under sm_120's 99 KiB
    slices: int = 1


# (N, K): slices of K, so that ceil(N / 64) * slices reaches 128 programs (an H200 has 132 multiprocessors).
# Chosen by that rule, not timed yet.
SLICES = {
    # the embedded model (hidden 256): o, down; it stays under 128 programs, a slice takes at least one step
    (256, 256): 2,
    (256, 1024): 8,
    # Qwen3-0.6B: qkv, o, gate_up, down
    (4096, 1024): 2,
    (1024, 2048): 8,
    (6144, 1024): 2,
    (1024, 3072): 8,
    # Qwen3-1.7B: qkv, o, down
    (4096, 2048): 2,
    (2048, 2048): 4,
    (2048, 6144): 4,
    # Qwen3-4B: qkv, o, down
    (6144, 2560): 2,
    (2560, 4096): 4,
    (2560, 9728): 4,
    # Qwen3-8B: qkv, o, down
    (6144, 4096): 2,
    (4096, 4096): 2,
    (4096, 12288): 2,
}


def config_for(columns: int, depth: int) -> Config:
    """The configuration of a layer with weight [columns, depth]."""
    return Config(slices=SLICES.get((columns, depth), 1))


@triton.jit(do_not_specialize=["n_rows"])
def _linear_kernel(
    x_ptr, w_ptr, y_ptr, n_rows,
    N: tl.constexpr, K: tl.constexpr, SLICE: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr, STEP: tl.constexpr, MASK_K: tl.constexpr,
):  # fmt: skip
    n = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    m = tl.program_id(1) * ROWS + tl.arange(0, ROWS)
    piece = tl.program_id(2)
    acc = tl.zeros([ROWS, COLUMNS], tl.float32)
    for start in tl.range(0, SLICE, STEP):
        k = piece * SLICE + start + tl.arange(0, STEP)
        x_mask = (m < n_rows)[:, None]
        w_mask = (n < N)[:, None]
        if MASK_K:
            x_mask = x_mask & (k < K)[None, :]
            w_mask = w_mask & (k < K)[None, :]
        x = tl.load(x_ptr + m[:, None] * K + k[None, :], mask=x_mask, other=0.0)
        w = tl.load(w_ptr + n[:, None] * K + k[None, :], mask=w_mask, other=0.0)
        acc = tl.dot(x, tl.trans(w), acc, input_precision="ieee")
    # one slice: y itself; several: partial sums [slices, n_rows, N] in fp32
    y = y_ptr + (piece * n_rows + m[:, None]) * N + n[None, :]
    tl.store(y, acc.to(y_ptr.dtype.element_ty), mask=(m < n_rows)[:, None] & (n < N)[None, :])


@triton.jit(do_not_specialize=["n_rows"])
def _add_slices_kernel(parts_ptr, y_ptr, n_rows, N: tl.constexpr, SLICES: tl.constexpr, COLUMNS: tl.constexpr):
    n = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    m = tl.program_id(1)
    acc = tl.zeros([COLUMNS], tl.float32)
    for piece in tl.static_range(SLICES):
        acc += tl.load(parts_ptr + (piece * n_rows + m) * N + n, mask=n < N, other=0.0)
    tl.store(y_ptr + m * N + n, acc.to(y_ptr.dtype.element_ty), mask=n < N)


def linear(x: Tensor, weight: Tensor, out_dtype: torch.dtype | None = None) -> Tensor:
    """[M, K], [N, K] -> [M, N]; weight contiguous."""
    (rows, depth), columns = x.shape, weight.shape[0]
    if not weight.is_contiguous():
        raise ValueError(f"weight {list(weight.shape)} has strides {weight.stride()}, expected contiguous")
    config = config_for(columns, depth)
    step = config.step_bytes // x.element_size()
    x, weight = aligned(x), aligned(weight)
    y = torch.empty(rows, columns, dtype=out_dtype or x.dtype, device=x.device)
    parts = y
    if config.slices > 1:
        parts = torch.empty(config.slices, rows, columns, dtype=torch.float32, device=x.device)
    check_offsets(x=x, weight=weight, parts=parts)
    slice_ = triton.cdiv(depth, config.slices * step) * step
    grid = (triton.cdiv(columns, config.columns), triton.cdiv(rows, config.rows), config.slices)
    _linear_kernel[grid](
        x, weight, parts, rows, N=columns, K=depth, SLICE=slice_, ROWS=config.rows, COLUMNS=config.columns, STEP=step,
        MASK_K=slice_ * config.slices != depth, num_warps=4, num_stages=4, enable_fp_fusion=True,
    )  # fmt: skip
    if config.slices > 1:
        _add_slices_kernel[(triton.cdiv(columns, 256), rows)](
            parts, y, rows, N=columns, SLICES=config.slices, COLUMNS=256, num_warps=4, enable_fp_fusion=False
        )
    return y
