"""y[m, n] = sum over k of x[m, k] * w[n, k]: fp32 sums, rounded once.

One program computes 32 rows by 64 columns over one slice of K, in ascending steps. If a layer has few columns, K
is cut into a number of slices fixed by the layer's shape (split-K), and the next kernel adds them in order, which saves
a launch. A gated program holds 32 columns of the gate and the same 32 of the
up projection, so that only their product is stored. Tile, step and slices never depend on the number of rows: a
row's sum has one order, whichever rows are computed with it.
"""

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.slices import COLUMNS, STEP_BYTES, slices_for
from kernels.triton_common import aligned, begin, check_offsets, dependent, fetch


class LaunchConfig(NamedTuple):
    """One layer's launch. It depends on the layer's shape, never on the number of rows."""

    rows: int = 32  # a block of Orthrus; tensor cores pad one row to 16 anyway, and the cost is reading weights
    columns: int = COLUMNS
    step_bytes: int = STEP_BYTES  # 3 buffers of (32 + 64) x 256 bytes = 72 KiB, under sm_120's 99 KiB
    slices: int = 1
    warps: int = 4
    stages: int = 4


def config_for(columns: int, depth: int) -> LaunchConfig:
    """The configuration of a layer with weight [columns, depth]."""
    return LaunchConfig(slices=slices_for(columns, depth))


@triton.jit(do_not_specialize=["n_rows"])
def _linear_kernel(
    x_ptr, w_ptr, y_ptr, n_rows,
    N: tl.constexpr, K: tl.constexpr, SLICE: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
    STEP: tl.constexpr, MASK_K: tl.constexpr, GATED: tl.constexpr, PDL: tl.constexpr,
):  # fmt: skip
    column = tl.arange(0, COLUMNS)
    # Row tiles of the same columns are scheduled together: they read the same weights, which are then loaded once.
    m = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    piece = tl.program_id(2)
    if GATED:  # N columns of the gate, then N of the up projection
        HALF: tl.constexpr = COLUMNS // 2
        n = tl.program_id(1) * HALF + column % HALF
        w_row = n + column // HALF * N
    else:
        n = tl.program_id(1) * COLUMNS + column
        w_row = n
    if PDL:  # weights do not depend on the previous kernel: prefetch the first steps' into L2 while it ends
        line: tl.constexpr = 128 // w_ptr.dtype.element_ty.itemsize
        ahead = piece * SLICE + tl.arange(0, 2 * STEP // line) * line
        fetch(w_ptr + w_row[:, None] * K + ahead[None, :], (n < N)[:, None] & (ahead < K)[None, :])
    begin(PDL)
    acc = tl.zeros([ROWS, COLUMNS], tl.float32)
    for start in tl.range(0, SLICE, STEP):
        k = piece * SLICE + start + tl.arange(0, STEP)
        x_mask = (m < n_rows)[:, None]
        w_mask = (n < N)[:, None]
        if MASK_K:
            x_mask = x_mask & (k < K)[None, :]
            w_mask = w_mask & (k < K)[None, :]
        x = tl.load(x_ptr + m[:, None] * K + k[None, :], mask=x_mask, other=0.0)
        w = tl.load(w_ptr + w_row[:, None] * K + k[None, :], mask=w_mask, other=0.0)
        acc = tl.dot(x, tl.trans(w), acc, input_precision="ieee")
    dtype = y_ptr.dtype.element_ty
    if GATED:  # both halves rounded as `linear` rounds them, then their product
        rounded = acc.to(dtype).to(tl.float32)
        gate, up = tl.split(tl.permute(tl.reshape(rounded, [ROWS, 2, HALF]), [0, 2, 1]))
        n = tl.program_id(1) * HALF + tl.arange(0, HALF)
        acc = gate / (1.0 + tl.exp(-gate)) * up
    y = y_ptr + (piece * n_rows + m[:, None]) * N + n[None, :]
    tl.store(y, acc.to(dtype), mask=(m < n_rows)[:, None] & (n < N)[None, :])


def linear(x: Tensor, weight: Tensor, out_dtype: torch.dtype | None = None) -> Tensor:
    """[M, K], [N, K] -> [M, N]; weight contiguous."""
    y = torch.empty(x.shape[0], weight.shape[0], dtype=out_dtype or x.dtype, device=x.device)
    return _launch(x, weight, y, config_for(*weight.shape)._replace(slices=1))


def linear_parts(x: Tensor, weight: Tensor) -> Tensor:
    """[M, K], [N, K] -> [slices, M, N] fp32, or [M, N] if the layer is not sliced; weight contiguous."""
    return cut(x, weight, config_for(weight.shape[0], x.shape[1]))


def cut(x: Tensor, weight: Tensor, config: LaunchConfig) -> Tensor:
    """`linear_parts` with an explicit configuration, for comparison with the heuristic's choice.

    [M, K], [N, K] -> as `linear_parts`.
    """
    shape, slices = (x.shape[0], weight.shape[0]), config.slices
    if slices == 1:
        y = torch.empty(shape, dtype=x.dtype, device=x.device)
    else:
        y = torch.empty(slices, *shape, dtype=torch.float32, device=x.device)
    return _launch(x, weight, y, config)


def linear_silu_mul(x: Tensor, gate_up: Tensor) -> Tensor:
    """[M, K], [2 F, K] -> [M, F]; gate_up contiguous."""
    y = torch.empty(x.shape[0], gate_up.shape[0] // 2, dtype=x.dtype, device=x.device)
    return _launch(x, gate_up, y, config_for(*gate_up.shape)._replace(slices=1), gated=True)


def _launch(x: Tensor, weight: Tensor, y: Tensor, config: LaunchConfig, gated: bool = False) -> Tensor:
    if not weight.is_contiguous():
        raise ValueError(f"weight {list(weight.shape)} has strides {weight.stride()}, expected contiguous")
    (rows, depth), columns, slices = x.shape, y.shape[-1], config.slices
    step = config.step_bytes // x.element_size()
    slice_ = triton.cdiv(depth, slices * step) * step
    x, weight = aligned(x), aligned(weight)
    check_offsets(x=x, weight=weight, y=y)
    grid = (triton.cdiv(rows, config.rows), triton.cdiv(weight.shape[0], config.columns), slices)
    _linear_kernel[grid](
        x, weight, y, rows, N=columns, K=depth, SLICE=slice_, ROWS=config.rows, COLUMNS=config.columns, STEP=step,
        MASK_K=slice_ * slices != depth, GATED=gated, num_warps=config.warps, num_stages=config.stages,
        enable_fp_fusion=True, **dependent(x),
    )  # fmt: skip
    return y
