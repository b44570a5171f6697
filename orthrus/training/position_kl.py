"""Forward KL over a large vocabulary, in chunks: KL(p_teacher || p_student) = sum_v p_t (log p_t - log p_s).

Blocks overlap, so many block rows learn from one position of the text. The rows are sorted by that position: a teacher
row of logits is computed once, however many block rows use it. The gradient of a row's KL with respect to the
student's logits is p_s - p_t, so it is taken in the same sweep and no row of logits is computed again going back.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

ROWS_HELD = 5  # float32 rows of the vocabulary alive for each block row: two logits, two distributions, one product


def chunk_rows(vocabulary: int, budget: int) -> int:
    """How many block rows may share a chunk so that its logits stay within `budget` bytes; 16 at least."""
    return max(16, budget // (4 * ROWS_HELD * vocabulary))


def position_kl(student: Tensor, teacher: Tensor, index: Tensor, head: Tensor, chunk: int) -> tuple[Tensor, Tensor]:
    """Row i of the student against row `index[i]` of the teacher.

    student [n, size]; teacher [positions, size]; index [n] int64; head [vocab, size], frozen. Returns (KL [n] nats,
    differentiable in `student`; whether the argmaxes agree [n] bool). Raises ValueError for a head that would learn.
    """
    if head.requires_grad:
        raise ValueError("the head learns, but this KL gives it no gradient")
    return _PositionKL.apply(student, teacher, index, head, chunk)


class _PositionKL(torch.autograd.Function):
    @staticmethod
    def forward(ctx, student: Tensor, teacher: Tensor, index: Tensor, head: Tensor, chunk: int):
        order = index.argsort(stable=True)
        kl = torch.zeros(len(index), device=student.device)
        agree = torch.zeros(len(index), dtype=torch.bool, device=student.device)
        slope = torch.zeros_like(student) if student.requires_grad else None
        for rows in order.tensor_split(cuts(index[order], chunk)):
            if not len(rows):
                continue
            positions, shared = index[rows].unique_consecutive(return_inverse=True)
            theirs, ours = F.linear(teacher[positions], head).float(), F.linear(student[rows], head).float()
            agree[rows] = ours.argmax(-1) == theirs.argmax(-1)[shared]
            target, guess = theirs.log_softmax(-1)[shared], ours.log_softmax(-1)
            p = target.exp()
            kl[rows] = (p * (target - guess)).sum(-1)
            if slope is not None:
                slope[rows] = torch.matmul((guess.exp_() - p).to(head.dtype), head).to(slope.dtype)
        ctx.slope = slope
        ctx.mark_non_differentiable(agree)
        return kl, agree

    @staticmethod
    def backward(ctx, weight: Tensor, _: Tensor | None):
        return ctx.slope * weight[:, None].to(ctx.slope.dtype), None, None, None, None


def cuts(ordered: Tensor, chunk: int) -> list[int]:
    """Where to cut ascending positions into chunks of about `chunk`, never between two rows of one position."""
    marks = ordered[chunk::chunk].contiguous()
    return [at for at in torch.searchsorted(ordered, marks).unique().tolist() if at]
