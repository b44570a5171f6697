"""Arithmetics that each break one rule of the exact mode, and weights on which every broken rule shows.

Each sums in another order by its own code: what a processor's own kernels do differs from one machine to the next.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
import torch.nn.functional as F

from orthrus.arithmetic import Arithmetic, Exact, Fast, Padded
from orthrus.attention import attend_ar_tiled, tile_bias
from orthrus.cache import TILE
from orthrus.checkpoint import LoadedModel


def halves_for_one(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """A single row's sum in two halves: what a kernel that splits its sums for small passes does."""
    if len(x) > 1:
        return F.linear(x, weight)
    half = weight.shape[1] // 2
    return F.linear(x[:, :half], weight[:, :half]) + F.linear(x[:, half:], weight[:, half:])


def backwards_for_one(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """A single row's sum from the last column to the first: what a matrix-vector kernel with its own order does."""
    if len(x) > 1:
        return F.linear(x, weight)
    total = torch.zeros(1, len(weight))
    for column in reversed(range(weight.shape[1])):
        total += x[:, column, None].float() * weight[:, column].float()
    return total.to(x.dtype)


class Backwards(Padded):
    def __call__(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return backwards_for_one(x, weight)


class Halves(Padded):
    def __call__(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return halves_for_one(x, weight)


class OneRowBackwards(Exact):
    """A single row takes other code, which sums in another order."""

    def __init__(self) -> None:
        super().__init__(Backwards(8), 8)


class SplitSums(Exact):
    def __init__(self) -> None:
        super().__init__(Halves(8), 8)


class MovingBorder(Exact):
    """Tiles end where the pass's length says, not at absolute positions."""

    def __init__(self) -> None:
        super().__init__(Padded(8), 8)

    def bias(self, rows: int, start: int, group: int, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
        self.shift = (rows * 16) % TILE
        bias = tile_bias(rows, start + self.shift, group, self.row_multiple, device)
        bias[:, : self.shift] = -math.inf
        return bias

    def attend(self, q, keys, values, start, bias):
        moved = (F.pad(t, (0, 0, self.shift, TILE - self.shift)) for t in (keys, values))
        return attend_ar_tiled(q, *moved, bias)


def uneven() -> Fast:
    """A fast arithmetic whose rows depend on their number, on every machine."""
    return Fast(single=backwards_for_one)


FAULTS = (OneRowBackwards, SplitSums, MovingBorder)


@torch.no_grad()
def strained(lm: LoadedModel) -> LoadedModel:
    """Weights whose attention output holds large terms that o_proj cancels: in bfloat16, too, an order of sums shows.

    With ordinary numbers its rounding hides nearly all of them.
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


def under(lm: LoadedModel, arithmetic: Arithmetic) -> LoadedModel:
    return replace(lm, model=lm.model.with_arithmetic(arithmetic), check=None)
