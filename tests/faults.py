"""Arithmetics whose rows depend on the rows beside them, by construction, and weights on which that shows."""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F

from orthrus.checkpoints.loading import LoadedModel
from orthrus.model.compute import TorchOperators


class SplitSums(TorchOperators):
    """A single row's sum in two halves: what a kernel that splits its sums for small passes does."""

    def linear(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        half = weight.shape[1] // 2 if len(x) == 1 else weight.shape[1] // 4
        return F.linear(x[:, :half], weight[:, :half]) + F.linear(x[:, half:], weight[:, half:])


class MovingBorder(TorchOperators):
    """Values summed in two parts that meet where the pass's length says, not at an absolute position."""

    def attend(self, q, keys, values, start, bias):
        rows, heads, dim = q.shape
        end = start + rows
        border = end // 2 if rows == 1 else max(1, end // 3)
        group = heads // len(keys)
        scores = torch.einsum("rkgd,ktd->rkgt", q.view(rows, -1, group, dim), keys[:, :end]).float() * dim**-0.5
        ahead = torch.arange(end) > start + torch.arange(rows)[:, None]
        weights = scores.masked_fill(ahead[:, None, None], -torch.inf).softmax(-1).to(q.dtype)
        parts = (slice(0, border), slice(border, end))
        out = sum(torch.einsum("rkgt,ktd->rkgd", weights[..., part], values[:, part]) for part in parts)
        return out.reshape(rows, -1)


FAULTS = (SplitSums, MovingBorder)


@torch.no_grad()
def strained(lm: LoadedModel) -> LoadedModel:
    """Weights whose attention output holds large terms that o_proj cancels: an order of sums shows in any format.

    With ordinary numbers the rounding of bfloat16 hides nearly all of it.
    """
    size = lm.config.head_dim
    third = size // 3
    for layer in lm.model.model.layers:
        attn = layer.self_attn
        values, out = attn.v_proj.weight.view(-1, size, lm.config.hidden_size), attn.o_proj.weight
        values[:, :third] *= 2.0**8
        values[:, third : 2 * third] = values[:, :third]
        heads = out.view(len(out), -1, size)
        heads[..., third : 2 * third] = -heads[..., :third]
    return replace(lm, model=lm.model.fuse())


def under(lm: LoadedModel, operators: TorchOperators) -> LoadedModel:
    return replace(lm, model=lm.model.with_operators(operators), check=None)
