"""Whole-row forward passes for training: the AR view over packed rows, the diffusion view over anchored blocks.

Attention is explicit (two products and a softmax) instead of the fused operator: on two CPU cores the compiled
explicit form ran at 1.1x the flash kernel's speed for rows of 256, and blocks need a mask that no kernel offers.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import AR, DIFF, DecoderLayer
from orthrus.training.block_attention import Attend, attention


class Prefix(NamedTuple):
    """The AR view's rotated keys and its values, one [rows, kv_heads, length, head_dim] pair per layer."""

    keys: list[Tensor]
    values: list[Tensor]


def causal_document_bias(document: Tensor) -> Tensor:
    """[rows, length] document numbers -> [rows, 1, length, length] float32: 0 on a document's own past, else -inf."""
    length = document.shape[1]
    past = torch.ones(length, length, dtype=torch.bool, device=document.device).tril()
    seen = (document[:, :, None] == document[:, None, :]) & past
    return torch.zeros(seen.shape, device=document.device).masked_fill_(~seen, -math.inf)[:, None]


def _weighted_values(scores: Tensor, values: Tensor) -> Tensor:
    return torch.matmul(scores.softmax(-1).to(values.dtype), values)


def _grouped(q: Tensor, kv_heads: int) -> Tensor:
    """[rows, heads, n, head_dim] -> [rows, kv_heads, group * n, head_dim]."""
    rows, heads, n, head_dim = q.shape
    return q.reshape(rows, kv_heads, heads // kv_heads * n, head_dim)


def close(layer: DecoderLayer, view: str, x: Tensor, attended: Tensor) -> Tensor:
    """Output projection, residual, MLP; attended [rows, heads, n, head_dim]."""
    x = x + layer.self_attn.part("o_proj", view)(attended.transpose(1, 2).flatten(2))
    return x + layer.mlp(layer.post_attention_layernorm(x))


def forward_rows(model: Orthrus, ids: Tensor, bias: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Prefix]:
    """AR view of packed rows.

    ids [rows, length]; bias from `causal_document_bias`; cos, sin [rows, 1, length, head_dim].
    Returns the normed hidden states [rows, length, hidden] and the prefix the diffusion view will read.
    """
    x = model.model.embed_tokens(ids)
    prefix = Prefix([], [])
    for layer in model.model.layers:
        x, k, v = layer(_row_layer, x, bias, cos, sin)
        prefix.keys.append(k)
        prefix.values.append(v)
    return model.model.norm(x), prefix


def _row_layer(layer: DecoderLayer, x: Tensor, bias: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """One layer of `forward_rows`: the new states, keys and values."""
    q, k, v = layer.self_attn.project(layer.input_layernorm(x), AR, cos, sin)
    q, k = q.to(v.dtype), k.to(v.dtype)
    kv_heads, n, head_dim = k.shape[1:]
    scores = torch.matmul(_grouped(q, kv_heads), k.transpose(2, 3)).float() * head_dim**-0.5
    group = q.shape[1] // kv_heads
    scores = (scores.unflatten(2, (group, n)) + bias[:, :, None]).flatten(2, 3)
    attended = _weighted_values(scores, v).reshape(q.shape)
    return close(layer, AR, x, attended), k, v


class Blocks(NamedTuple):
    """Anchored blocks over packed rows, `count` per row; see `orthrus.training.mask.anchored_blocks`."""

    ids: Tensor  # [rows, count * block] anchor then masks
    position: Tensor  # [rows, count * block] within the document
    bias: Tensor  # [rows, 1, count, length] float32: 0 on the anchor's document before the anchor
    target: Tensor  # [rows, count, block - 1] index in the row whose AR row is the teacher of block row i
    valid: Tensor  # [rows, count, block - 1] bool: the token predicted is the assistant's, same document


def forward_blocks(
    model: Orthrus, blocks: Blocks, prefix: Prefix, cos: Tensor, sin: Tensor, recompute: bool = False,
    form: str = "explicit",
) -> Tensor:  # fmt: skip
    """Diffusion view of all blocks at once: each sees its prefix and itself, bidirectionally, never other blocks.

    cos, sin [rows, 1, count * block, head_dim]. Returns normed hidden states [rows, count, block, hidden]. `recompute`
    keeps one state per layer for the backward pass (gradient checkpointing); `form` as `block_attention.attention`.
    """
    count = blocks.bias.shape[2]
    attend = attention(form, blocks)
    x = model.model.embed_tokens(blocks.ids)
    for layer, keys, values in zip(model.model.layers, prefix.keys, prefix.values, strict=True):
        arguments = (_block_layer, x, attend, keys, values, cos, sin)
        x = checkpoint(layer, *arguments, use_reentrant=False) if recompute else layer(*arguments)
    return model.model.norm(x).unflatten(1, (count, blocks.ids.shape[1] // count))


def _block_layer(
    layer: DecoderLayer, x: Tensor, attend: Attend, keys: Tensor, values: Tensor, cos: Tensor, sin: Tensor
) -> Tensor:
    """One layer of `forward_blocks`; x [rows, count * block, hidden]."""
    q, k, v = layer.self_attn.project(layer.input_layernorm(x), DIFF, cos, sin)
    return close(layer, DIFF, x, attend(q.to(v.dtype), k.to(v.dtype), v, keys, values))
