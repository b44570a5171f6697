"""Fused decoding weights: matrices that share their input are stacked into one product.

A norm's scale is held in float32, times sqrt(size): x / ||x|| * scale is then the whole norm
(`orthrus.model.workspace`).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from orthrus.model.modules import AR, DIFF, DecoderLayer, DualAttention


class ViewWeights(NamedTuple):
    """One view's attention of one layer."""

    qkv: Tensor  # [(heads + 2 * kv_heads) * head_dim, hidden]
    qk_norm: Tensor  # [heads + kv_heads, head_dim], a scale
    out: Tensor  # [hidden, heads * head_dim]


class LayerWeights(NamedTuple):
    """One layer; both views share all but `ar` and `diff`."""

    ar: ViewWeights
    diff: ViewWeights
    attn_norm: Tensor  # [hidden], a scale
    mlp_norm: Tensor
    gate_up: Tensor  # [2 * intermediate, hidden]
    down: Tensor


def scale(norm: nn.Module) -> Tensor:
    """[size] float32: what turns a row of length 1 into the norm's output."""
    return norm.weight.data.float() * len(norm.weight) ** 0.5


def fuse_layer(layer: DecoderLayer) -> LayerWeights:
    """The fused weights; the modules' parameters become views of them, so that nothing large is stored twice."""
    return LayerWeights(
        ar=_fuse_view(layer.self_attn, AR),
        diff=_fuse_view(layer.self_attn, DIFF),
        attn_norm=scale(layer.input_layernorm),
        mlp_norm=scale(layer.post_attention_layernorm),
        gate_up=_fuse(layer.mlp.gate_proj, layer.mlp.up_proj),
        down=layer.mlp.down_proj.weight.data,
    )


def _fuse_view(attn: DualAttention, view: str) -> ViewWeights:
    norms = []
    for name in "qk":
        heads = attn.part(f"{name}_proj", view).out_features // attn.head_dim
        norms.append(scale(attn.part(f"{name}_norm", view)).expand(heads, -1))
    qkv = _fuse(*(attn.part(f"{name}_proj", view) for name in "qkv"))
    return ViewWeights(qkv, torch.cat(norms), attn.part("o_proj", view).weight.data)


def _fuse(*linears: nn.Module) -> Tensor:
    """One weight of several, stacked along the output; each module's parameter becomes a view of it."""
    fused = torch.cat([linear.weight.data for linear in linears])
    start = 0
    for linear in linears:
        rows = linear.weight.shape[0]
        linear.weight.data = fused[start : start + rows]
        start += rows
    return fused
