"""The trunk's torch modules, under the published tensor names; used by training and checkpoints.

Norms, MLP, embedding and head are shared by both views; `*_diff` are the diffusion view's own projections and head
norms. Decoding runs on the same weights, fused (`orthrus.model.fused_weights`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from orthrus.config import ModelConfig

T = TypeVar("T")
AR, DIFF = "", "_diff"  # the suffix of a view's tensor names


class RMSNorm(nn.Module):
    """x / sqrt(mean(x^2) + eps) * weight over the last dimension, statistics in float32."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """x [..., size] -> [..., size]."""
        return rms_norm(x, self.weight, self.eps)


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """[..., size] -> the same shape and dtype; the scale is applied after rounding back, as Qwen3 does."""
    wide = x.float()
    wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)
    return weight * wide.to(x.dtype)


def rope_table(config: ModelConfig, positions: int, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """(cos, sin), each [positions, head_dim] float32; frequency i is theta^(-2i / head_dim), halves repeated."""
    exponents = torch.arange(0, config.head_dim, 2, dtype=torch.float32, device=device) / config.head_dim
    angles = torch.outer(torch.arange(positions, device=device).float(), config.rope_theta**-exponents)
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding of [..., head_dim]; cos and sin broadcast against x, with Qwen3's half-and-half pairing."""
    low, high = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-high, low], dim=-1) * sin


class DualAttention(nn.Module):
    """The projections and head norms of both views of one layer."""

    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.head_dim = c.head_dim
        q_size, kv_size = c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim
        for view in (AR, DIFF):
            self.add_module(f"q_proj{view}", nn.Linear(c.hidden_size, q_size, bias=False))
            self.add_module(f"k_proj{view}", nn.Linear(c.hidden_size, kv_size, bias=False))
            self.add_module(f"v_proj{view}", nn.Linear(c.hidden_size, kv_size, bias=False))
            self.add_module(f"o_proj{view}", nn.Linear(q_size, c.hidden_size, bias=False))
            self.add_module(f"q_norm{view}", RMSNorm(c.head_dim, c.rms_norm_eps))
            self.add_module(f"k_norm{view}", RMSNorm(c.head_dim, c.rms_norm_eps))

    def part(self, name: str, view: str) -> nn.Module:
        """`part("q_proj", DIFF)` is q_proj_diff."""
        return self._modules[name + view]

    def project(self, x: Tensor, view: str, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[batch, rows, hidden] -> q, k, v as [batch, heads, rows, head_dim], q and k normed and rotated."""
        q, k, v = (self.part(f"{p}_proj", view)(x).unflatten(-1, (-1, self.head_dim)).transpose(1, 2) for p in "qkv")
        q = rotate(self.part("q_norm", view)(q), cos, sin)
        k = rotate(self.part("k_norm", view)(k), cos, sin)
        return q, k, v


class MLP(nn.Module):
    """SwiGLU: down(silu(gate(x)) * up(x))."""

    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=False)
        self.up_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=False)
        self.down_proj = nn.Linear(c.intermediate_size, c.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """x [..., hidden] -> [..., hidden]."""
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class DecoderLayer(nn.Module):
    """One layer: the view's attention, then the shared MLP, each behind its norm and residual."""

    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.self_attn = DualAttention(c)
        self.mlp = MLP(c)
        self.input_layernorm = RMSNorm(c.hidden_size, c.rms_norm_eps)
        self.post_attention_layernorm = RMSNorm(c.hidden_size, c.rms_norm_eps)

    def forward(self, run: Callable[..., T], *args: Any) -> T:
        """Call `run(self, *args)`. Training enters here, so that hooks can gather weights split over processes."""
        return run(self, *args)


def embedding(rows: int, columns: int) -> nn.Embedding:
    """An embedding; not initialised on the meta device, where `normal_` spends 1.7 s importing torch._dynamo."""
    if torch.get_default_device().type == "meta":
        return nn.Embedding(rows, columns, _weight=torch.empty(rows, columns))
    return nn.Embedding(rows, columns)


class Trunk(nn.Module):
    """The decoder stack: `model.*` of the checkpoint."""

    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.embed_tokens = embedding(c.vocab_size, c.hidden_size)
        self.layers = nn.ModuleList(DecoderLayer(c) for _ in range(c.num_hidden_layers))
        self.norm = RMSNorm(c.hidden_size, c.rms_norm_eps)
