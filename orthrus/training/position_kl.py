"""Forward KL over a large vocabulary, in chunks: KL(p_teacher || p_student) = sum_v p_t (log p_t - log p_s).

Blocks overlap, so many block rows learn from one position of the text. The rows are sorted by that position: a teacher
row of logits is computed once, however many block rows use it. The gradient of a row's KL with respect to the
student's logits is p_s - p_t, so it is computed in the forward sweep and no logits are recomputed in the backward pass.

`backend` names an implementation of `kernels.ops.kl`, which stores no distribution and no float32 row; None is the
plain form written here.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from kernels import ops

ROWS_HELD = 5  # float32 rows of the vocabulary in memory per block row: two logits, two distributions, one product
FUSED_HELD = 2  # with the kernel three bfloat16 rows: two logits and the gradient


def chunk_rows(vocabulary: int, budget: int, copies: int = ROWS_HELD) -> int:
    """Block rows per chunk so that its logits stay within `budget` bytes; 16 at least."""
    return max(16, budget // (4 * copies * vocabulary))


def position_kl(
    student: Tensor, teacher: Tensor, index: Tensor, head: Tensor, chunk: int, backend: str | None = None
) -> tuple[Tensor, Tensor]:
    """Forward KL of student row i against teacher row `index[i]`.

    student [n, size]; teacher [positions, size]; index [n] int64; head [vocab, size], frozen. Returns (KL [n] nats,
    differentiable in `student`; whether the argmaxes agree [n] bool). Raises ValueError for a trainable head.
    """
    if head.requires_grad:
        raise ValueError("the head learns, but this KL gives it no gradient")
    return _PositionKL.apply(student, teacher, index, head, chunk, backend)


class _PositionKL(torch.autograd.Function):
    @staticmethod
    def forward(ctx, student: Tensor, teacher: Tensor, index: Tensor, head: Tensor, chunk: int, backend: str | None):
        """student [n, hidden], teacher [m, vocab], index [n] int64, head [vocab, hidden] -> KL [n], agree [n]."""
        order = index.argsort(stable=True)
        kl = torch.zeros(len(index), device=student.device)
        agree = torch.zeros(len(index), dtype=torch.bool, device=student.device)
        slope = torch.zeros_like(student) if student.requires_grad else None
        for rows in order.tensor_split(cuts(index[order], chunk)):
            if not len(rows):
                continue
            positions, shared = index[rows].unique_consecutive(return_inverse=True)
            theirs, ours = F.linear(teacher[positions], head), F.linear(student[rows], head)
            agree[rows] = ours.argmax(-1) == theirs.argmax(-1)[shared]
            kl[rows], back = _taught(ours, theirs, shared, backend)
            if slope is not None:
                slope[rows] = torch.matmul(back.to(head.dtype), head).to(slope.dtype)
        ctx.slope = slope
        ctx.mark_non_differentiable(agree)
        return kl, agree

    @staticmethod
    def backward(ctx, weight: Tensor, _: Tensor | None):
        """weight [n], the gradient of each row's loss."""
        return ctx.slope * weight[:, None].to(ctx.slope.dtype), None, None, None, None, None


def _taught(ours: Tensor, theirs: Tensor, shared: Tensor, backend: str | None) -> tuple[Tensor, Tensor]:
    """KL [n] of student logits against teacher rows `shared`, and its gradient with respect to `ours` [n, vocab]."""
    if backend is not None:
        kl, lse = ops.kl(ours, theirs, shared, backend)
        return kl, ops.kl_slope(ours, theirs, shared, lse, backend)
    target, guess = theirs.float().log_softmax(-1)[shared], ours.float().log_softmax(-1)
    p = target.exp()
    return (p * (target - guess)).sum(-1), guess.exp_() - p


def cuts(ordered: Tensor, chunk: int) -> list[int]:
    """Where to cut ascending positions into chunks of about `chunk`, never between two rows of one position.

    ordered [n] int64.
    """
    marks = ordered[chunk::chunk].contiguous()
    return [at for at in torch.searchsorted(ordered, marks).unique().tolist() if at]
