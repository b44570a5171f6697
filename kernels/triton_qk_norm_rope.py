"""q, k = rotate(rmsnorm(q), position), rotate(rmsnorm(k), position); k and v go to the cache or to the block.

One warp per row and head of the fused qkv projection: query heads, then key heads, then value heads, which are only
copied. Position and cache row come from the length on the device. The slices of a split-K projection are added first.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.triton_common import aligned, begin, check_offsets, dependent, parts_of, whole


@triton.jit(do_not_specialize=["n_rows", "n_positions", "capacity"], do_not_specialize_on_alignment=["length_ptr"])
def _qk_norm_rope_kernel(
    qkv_ptr, qw_ptr, kw_ptr, cos_ptr, sin_ptr, length_ptr, q_ptr, k_ptr, v_ptr,
    n_rows, n_positions, capacity, out_head, out_row, eps,
    H: tl.constexpr, HKV: tl.constexpr, D: tl.constexpr, INTO_CACHE: tl.constexpr, PARTS: tl.constexpr,
    PDL: tl.constexpr,
):  # fmt: skip
    i, head = tl.program_id(0), tl.program_id(1)
    begin(PDL)
    length = tl.load(length_ptr)
    slot = length + i if INTO_CACHE else i
    if (head >= H) & (slot >= capacity):  # a key or value past the end of the cache: dropped
        return
    HALF: tl.constexpr = D // 2
    d = tl.arange(0, HALF)
    dtype: tl.constexpr = q_ptr.dtype.element_ty
    at, apart = (i * (H + 2 * HKV) + head) * D + d, n_rows * ((H + 2 * HKV) * D)
    first = whole(qkv_ptr, at, d < HALF, apart, PARTS, dtype)
    second = whole(qkv_ptr, at + HALF, d < HALF, apart, PARTS, dtype)
    if head >= H + HKV:
        value = v_ptr + (head - H - HKV) * out_head + slot * out_row + d
        tl.store(value, first.to(dtype))
        tl.store(value + HALF, second.to(dtype))
    else:
        if head < H:
            weight, target = qw_ptr + d, q_ptr + (i * H + head) * D + d
        else:
            weight, target = kw_ptr + d, k_ptr + (head - H) * out_head + slot * out_row + d
        squares = tl.sum(first * first, axis=0) + tl.sum(second * second, axis=0)
        scale = 1.0 / tl.sqrt(squares / D + eps)
        first = (first * scale).to(dtype).to(tl.float32) * tl.load(weight).to(tl.float32)
        second = (second * scale).to(dtype).to(tl.float32) * tl.load(weight + HALF).to(tl.float32)
        first, second = first.to(dtype).to(tl.float32), second.to(dtype).to(tl.float32)  # rmsnorm rounds its result
        at = tl.minimum(length + i, n_positions - 1) * HALF + d
        cos, sin = tl.load(cos_ptr + at).to(tl.float32), tl.load(sin_ptr + at).to(tl.float32)
        tl.store(target, (first * cos - second * sin).to(dtype))
        tl.store(target + HALF, (second * cos + first * sin).to(dtype))


def qk_norm_rope(
    qkv: Tensor,
    q_weight: Tensor,
    k_weight: Tensor,
    cos: Tensor,
    sin: Tensor,
    length: Tensor,
    k_out: Tensor,
    v_out: Tensor,
    into: str,
    eps: float,
) -> Tensor:
    """qkv [M, (H + 2 HKV) D] or slices of it -> q [M, H, D], k_out, v_out [HKV, rows, D] in place; D a power of two."""
    rows, (kv_heads, capacity, dim) = qkv.shape[-2], k_out.shape
    if dim < 2 or dim & (dim - 1):
        raise ValueError(f"head_dim is {dim}, the kernel needs a power of two")
    heads = qkv.shape[-1] // dim - 2 * kv_heads
    qkv = aligned(qkv)
    q = torch.empty(rows, heads, dim, dtype=k_out.dtype, device=qkv.device)
    check_offsets(qkv=qkv, k_out=k_out)
    _qk_norm_rope_kernel[(rows, heads + 2 * kv_heads)](
        qkv, aligned(q_weight), aligned(k_weight), aligned(cos), aligned(sin), length, q, k_out, v_out,
        rows, cos.shape[0], capacity, *k_out.stride()[:2], eps,
        H=heads, HKV=kv_heads, D=dim, INTO_CACHE=into == "cache", PARTS=parts_of(qkv), num_warps=1,
        enable_fp_fusion=False, **dependent(qkv),
    )  # fmt: skip
    return q
