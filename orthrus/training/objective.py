"""Training losses: next-token cross-entropy for the AR view, forward KL for the diffusion view."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from orthrus.model.dual_view import Orthrus
from orthrus.training.forward import Blocks, Prefix, forward_blocks, forward_rows


class Angles(NamedTuple):
    """cos and sin tables gathered at the rows' and at the blocks' positions, each [rows, 1, n, head_dim]."""

    rows: tuple[Tensor, Tensor]
    blocks: tuple[Tensor, Tensor]


def lookahead_loss(
    model: Orthrus, ids: Tensor, bias: Tensor, angles: Angles, weight: Tensor, blocks: Blocks, block_weight: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Cross-entropy of the corpus's tokens under both views: the AR view's rows, and blocks that read its cache.

    ids [rows, length]; bias from `causal_document_bias`; weight [rows, length - 1] float32, that of predicting token
    i + 1 (0 across documents); block_weight [rows, count, block - 1] float32, 0 where a block row has no target.
    Returns the two weighted means and whether the block's argmax is the corpus's token [rows, count, block - 1] bool.
    """
    hidden, prefix = forward_rows(model, ids, bias, *angles.rows)
    ar = _weighted_cross_entropy(hidden[:, :-1], model.head_weight, ids[:, 1:], weight)
    student = forward_blocks(model, blocks, prefix, *angles.blocks)[:, :, :-1]
    target = ids.gather(1, blocks.target.flatten(1) + 1).view(blocks.target.shape)
    logits = F.linear(student, model.head_weight).float()
    losses = F.cross_entropy(logits.flatten(0, 2), target.flatten(), reduction="none").view(target.shape)
    block = (losses * block_weight).sum() / block_weight.sum()
    return ar, block, logits.argmax(-1) == target


def _weighted_cross_entropy(hidden: Tensor, head: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    logits = F.linear(hidden, head).float()
    losses = F.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="none")
    return (losses * weight.flatten()).sum() / weight.sum()


def forward_kl(student: Tensor, teacher: Tensor) -> Tensor:
    """KL(p_teacher || p_student) = sum_v p_t (log p_t - log p_s), [n, vocab] logits twice -> [n] nats."""
    log_teacher = teacher.float().log_softmax(-1)
    return (log_teacher.exp() * (log_teacher - student.float().log_softmax(-1))).sum(-1)


def chunked_kl(hidden: Tensor, teacher_hidden: Tensor, head: Tensor, chunk: int) -> tuple[Tensor, Tensor]:
    """Forward KL row by row, with at most `chunk` rows of logits in memory.

    hidden, teacher_hidden [n, size]; head [vocab, size]. Returns (KL [n] nats, whether the argmaxes agree [n] bool).
    """

    def piece(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
        ours, theirs = F.linear(student, head), F.linear(teacher, head)
        return forward_kl(ours, theirs), ours.argmax(-1) == theirs.argmax(-1)

    losses, agreements = [], []
    for student, teacher in zip(hidden.split(chunk), teacher_hidden.split(chunk), strict=True):
        loss, agree = checkpoint(piece, student, teacher, use_reentrant=False)
        losses.append(loss)
        agreements.append(agree)
    return torch.cat(losses), torch.cat(agreements)


def block_loss(
    model: Orthrus, hidden: Tensor, prefix: Prefix, blocks: Blocks, cos: Tensor, sin: Tensor, chunk: int = 4096
) -> tuple[Tensor, Tensor]:
    """Forward KL of every block row against the AR view's row of the same target.

    hidden [rows, length, size]: the AR view's normed states (no gradient); returns KL and agreement, each
    [rows, count, block - 1]; rows without a target carry a value that `blocks.valid` must mask.
    """
    student = forward_blocks(model, blocks, prefix, cos, sin)[:, :, :-1]
    size = hidden.shape[-1]
    index = blocks.target.flatten(1)[..., None].expand(-1, -1, size)
    teacher = hidden.gather(1, index)
    kl, agree = chunked_kl(student.reshape(-1, size), teacher.reshape(-1, size), model.head_weight, chunk)
    return kl.view(blocks.valid.shape), agree.view(blocks.valid.shape)


def accepted_proxy(agree: Tensor, valid: Tensor) -> Tensor:
    """Teacher-forced acceptance length: mean leading run of agreement over blocks whose every row has a target.

    agree, valid [rows, count, block - 1] -> scalar float32 (nan if no block is complete).
    """
    whole = valid.all(-1)
    run = (agree & valid).to(torch.int32).cumprod(-1).sum(-1).float()
    return run[whole].mean()
