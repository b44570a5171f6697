"""kl[n] = sum_v p_t (log p_t - log p_s) with p = softmax(logits): forward KL from a teacher row to a student row.

One program streams a row of both through the vocabulary, TILE tokens at a time, and keeps five numbers: both maxima,
both sums of exponentials, and the sum of exp(t) (t - s). Probabilities are never stored. The gradient with
respect to the student's logits, p_s - p_t, is a second kernel, one program per tile of a row.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.triton_common import aligned, check_offsets

TILE = 2048


@triton.jit
def _kl_kernel(s_ptr, t_ptr, index_ptr, kl_ptr, lse_ptr, V: tl.constexpr, TILE: tl.constexpr):
    row = tl.program_id(0)
    taught = tl.load(index_ptr + row)
    top_s, top_t = float("-inf"), float("-inf")
    sum_s, sum_t, gap = 0.0, 0.0, 0.0
    for start in tl.range(0, V, TILE):
        token = start + tl.arange(0, TILE)
        inside = token < V
        s = tl.load(s_ptr + row * V + token, mask=inside, other=float("-inf")).to(tl.float32)
        t = tl.load(t_ptr + taught * V + token, mask=inside, other=float("-inf")).to(tl.float32)
        higher_s, higher_t = tl.maximum(top_s, tl.max(s, axis=0)), tl.maximum(top_t, tl.max(t, axis=0))
        weight = tl.exp(t - higher_t)
        shrink = tl.exp(top_t - higher_t)
        sum_s = sum_s * tl.exp(top_s - higher_s) + tl.sum(tl.exp(s - higher_s), axis=0)
        sum_t = sum_t * shrink + tl.sum(weight, axis=0)
        gap = gap * shrink + tl.sum(tl.where(weight > 0.0, weight * (t - s), 0.0), axis=0)
        top_s, top_t = higher_s, higher_t
    lse_s, lse_t = top_s + tl.log(sum_s), top_t + tl.log(sum_t)
    tl.store(kl_ptr + row, gap / sum_t - lse_t + lse_s)
    tl.store(lse_ptr + row * 2, lse_s)
    tl.store(lse_ptr + row * 2 + 1, lse_t)


@triton.jit
def _kl_slope_kernel(s_ptr, t_ptr, index_ptr, lse_ptr, out_ptr, V: tl.constexpr, TILE: tl.constexpr):
    row = tl.program_id(0)
    taught = tl.load(index_ptr + row)
    token = tl.program_id(1) * TILE + tl.arange(0, TILE)
    inside = token < V
    s = tl.load(s_ptr + row * V + token, mask=inside, other=float("-inf")).to(tl.float32)
    t = tl.load(t_ptr + taught * V + token, mask=inside, other=float("-inf")).to(tl.float32)
    slope = tl.exp(s - tl.load(lse_ptr + row * 2)) - tl.exp(t - tl.load(lse_ptr + row * 2 + 1))
    tl.store(out_ptr + row * V + token, slope.to(out_ptr.dtype.element_ty), mask=inside)


def kl(student: Tensor, teacher: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """[n, V], [positions, V], [n] int64 -> [n] fp32, [n, 2] fp32."""
    student, teacher, index = aligned(student), aligned(teacher), aligned(index)
    check_offsets(student=student, teacher=teacher)
    rows, vocab = student.shape
    losses = torch.empty(rows, dtype=torch.float32, device=student.device)
    lse = torch.empty(rows, 2, dtype=torch.float32, device=student.device)
    _kl_kernel[(rows,)](
        student, teacher, index, losses, lse, V=vocab, TILE=TILE, num_warps=8, enable_fp_fusion=False
    )  # fmt: skip
    return losses, lse


def kl_slope(student: Tensor, teacher: Tensor, index: Tensor, lse: Tensor) -> Tensor:
    """[n, V], [positions, V], [n] int64, [n, 2] fp32 -> [n, V]."""
    student, teacher, index = aligned(student), aligned(teacher), aligned(index)
    check_offsets(student=student, teacher=teacher)
    rows, vocab = student.shape
    out = torch.empty_like(student)
    _kl_slope_kernel[(rows, triton.cdiv(vocab, TILE))](
        student, teacher, index, aligned(lse), out, V=vocab, TILE=TILE, num_warps=4, enable_fp_fusion=False
    )  # fmt: skip
    return out
