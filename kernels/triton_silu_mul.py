"""y = g / (1 + exp(-g)) * u, in fp32, rounded once; g and u are the two halves of a row. One program a row and tile."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.triton_common import aligned, check_offsets


@triton.jit
def _silu_mul_kernel(x_ptr, y_ptr, F: tl.constexpr, COLUMNS: tl.constexpr):
    row = tl.program_id(1)
    f = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    gate = tl.load(x_ptr + row * 2 * F + f, mask=f < F, other=0.0).to(tl.float32)
    up = tl.load(x_ptr + row * 2 * F + F + f, mask=f < F, other=0.0).to(tl.float32)
    tl.store(y_ptr + row * F + f, (gate / (1.0 + tl.exp(-gate)) * up).to(y_ptr.dtype.element_ty), mask=f < F)


def silu_mul(gate_up: Tensor) -> Tensor:
    """[M, 2 F] -> [M, F]."""
    rows, columns = gate_up.shape[0], gate_up.shape[1] // 2
    gate_up = aligned(gate_up)
    check_offsets(gate_up=gate_up)
    y = torch.empty(rows, columns, dtype=gate_up.dtype, device=gate_up.device)
    _silu_mul_kernel[(triton.cdiv(columns, 1024), rows)](
        gate_up, y, F=columns, COLUMNS=1024, num_warps=4, enable_fp_fusion=False
    )
    return y
