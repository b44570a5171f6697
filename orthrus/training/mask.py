"""Block masks: anchors, block positions, and which block rows have a target."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from orthrus.training.data import Rows
from orthrus.training.forward import Blocks


def draw_anchors(rows: Rows, count: int, generator: torch.Generator) -> Tensor:
    """[rows, count] anchor indices, without replacement, on assistant tokens followed by an assistant token.

    A row with fewer candidates than `count` repeats its last one; `anchored_blocks` gives repeats no target.
    """
    same = rows.document[:, 1:] == rows.document[:, :-1]
    candidate = torch.zeros_like(rows.answer)
    candidate[:, :-1] = rows.answer[:, :-1] & rows.answer[:, 1:] & same
    keys = torch.rand(candidate.shape, generator=generator).masked_fill_(~candidate, -1.0)
    best = keys.topk(count, dim=1)
    usable = (best.values >= 0).sum(1, keepdim=True).clamp_(min=1)
    slot = torch.arange(count).expand_as(best.indices).minimum(usable - 1)
    return best.indices.gather(1, slot)


def anchored_blocks(rows: Rows, anchors: Tensor, block: int, mask_id: int) -> Blocks:
    """The blocks of `anchors` [rows, count]: input, positions, prefix bias, teacher index and validity.

    Row i of the block anchored at a learns the AR distribution of row a + i, which predicts token a + i + 1; it counts
    only if that token is the assistant's, in the anchor's document, with no break between. Row block - 1 has none.
    """
    n_rows, length = rows.ids.shape
    count = anchors.shape[1]
    line = torch.arange(n_rows)[:, None]
    ids = torch.full((n_rows, count, block), mask_id)
    ids[:, :, 0] = rows.ids[line, anchors]
    position = rows.position[line, anchors][..., None] + torch.arange(block)
    document = rows.document[line, anchors]
    index = torch.arange(length)
    seen = (rows.document[:, None, :] == document[..., None]) & (index < anchors[..., None])
    bias = torch.zeros(seen.shape).masked_fill_(~seen, -math.inf)
    predicted = anchors[..., None] + torch.arange(1, block)
    inside = predicted.clamp(max=length - 1)
    deep = line[..., None].expand_as(inside)
    valid = (predicted < length) & rows.answer[deep, inside] & (rows.document[deep, inside] == document[..., None])
    valid = valid.to(torch.int8).cumprod(-1).bool()  # a later turn of the same dialogue is a separate answer
    first = torch.ones(n_rows, count, dtype=torch.bool)
    first[:, 1:] = anchors[:, 1:] != anchors[:, :-1]
    valid &= first[..., None]
    return Blocks(ids.flatten(1), position.flatten(1), bias[:, None], inside - 1, valid)
