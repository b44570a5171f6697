"""The Qwen3 trunk with two attentions a layer, under the published tensor names.

Two verbs: `forward_ar(ids, cache)` appends to the shared cache, `forward_diffusion(block, cache)` only reads it.
Norms, MLP, embedding and head are shared; `*_diff` are the diffusion view's own projections and head norms. How rows
are computed, quickly or exactly, is the model's `arithmetic`.
"""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from orthrus.arithmetic import FAST, Arithmetic
from orthrus.attention import attend_diffusion
from orthrus.cache import SharedCache
from orthrus.config import ModelConfig

AR, DIFF = "", "_diff"  # the suffix of a view's tensors


class RMSNorm(nn.Module):
    """x / sqrt(mean(x^2) + eps) * weight over the last dimension, statistics in float32."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
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
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class DecoderLayer(nn.Module):
    """One layer: the view's attention, then the shared MLP, each behind its norm and residual."""

    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.self_attn = DualAttention(c)
        self.mlp = MLP(c)
        self.input_layernorm = RMSNorm(c.hidden_size, c.rms_norm_eps)
        self.post_attention_layernorm = RMSNorm(c.hidden_size, c.rms_norm_eps)


class Trunk(nn.Module):
    """`model.*` of the checkpoint."""

    def __init__(self, c: ModelConfig) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(c.vocab_size, c.hidden_size)
        self.layers = nn.ModuleList(DecoderLayer(c) for _ in range(c.num_hidden_layers))
        self.norm = RMSNorm(c.hidden_size, c.rms_norm_eps)


class ViewWeights(NamedTuple):
    """One view's attention of one layer, fused for decoding."""

    qkv: Tensor  # [(heads + 2 * kv_heads) * head_dim, hidden]
    qk_norm: Tensor  # [heads + kv_heads, head_dim]
    out: Tensor  # [hidden, heads * head_dim]


class LayerWeights(NamedTuple):
    """One layer, fused for decoding; both views share all but `ar` and `diff`."""

    ar: ViewWeights
    diff: ViewWeights
    attn_norm: Tensor
    mlp_norm: Tensor
    gate_up: Tensor  # [2 * intermediate, hidden]
    down: Tensor


class Orthrus(nn.Module):
    """The dual-view language model; batch size one when decoding."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.model = Trunk(config)
        self.lm_head = None if config.tie_word_embeddings else nn.Linear(config.hidden_size, config.vocab_size, False)
        self._fused: list[LayerWeights] | None = None
        self.rope: tuple[Tensor, Tensor] | None = None
        self.arithmetic: Arithmetic = FAST

    @property
    def head_weight(self) -> Tensor:
        """[vocab, hidden]: the head's own weight, or the embedding where they are tied."""
        return self.model.embed_tokens.weight if self.lm_head is None else self.lm_head.weight

    @property
    def dtype(self) -> torch.dtype:
        return self.head_weight.dtype

    @property
    def device(self) -> torch.device:
        return self.head_weight.device

    def new_cache(self, capacity: int) -> SharedCache:
        """An empty shared cache of this model's dtype and device."""
        return SharedCache(self.config, capacity, self.dtype, self.device)

    def fuse(self) -> Orthrus:
        """Build the fused decoding weights; the named parameters become views of them, so nothing is held twice."""
        self.requires_grad_(False)
        self._fused = [_fuse_layer(layer) for layer in self.model.layers]
        self.rope = rope_table(self.config, self.config.max_position_embeddings, self.device)
        return self

    def with_arithmetic(self, arithmetic: Arithmetic) -> Orthrus:
        """The same weights under another arithmetic; nothing is copied."""
        self.fused_layers()
        twin = copy.copy(self)
        twin.arithmetic = arithmetic
        return twin

    @torch.inference_mode()
    def forward_ar(self, ids: Tensor, cache: SharedCache, last_only: bool = False) -> Tensor:
        """AR view of new tokens: writes their keys and values behind the cache's length and commits them.

        ids [rows] int64. Returns logits [rows, vocab], or the last row's [1, vocab]; row i predicts the token after
        ids[i]. Raises ValueError when the rows do not fit the cache.
        """
        if len(ids) > self.arithmetic.rows_at_once:
            parts = [self.forward_ar(part, cache, last_only) for part in ids.split(self.arithmetic.rows_at_once)]
            return parts[-1] if last_only else torch.cat(parts)
        x = self.hidden_ar(ids, cache)
        return self.logits(x[-1:] if last_only else x)

    @torch.inference_mode()
    def hidden_ar(self, ids: Tensor, cache: SharedCache) -> Tensor:
        """`forward_ar` up to the last norm: [rows] -> [rows, hidden]."""
        start, rows, arithmetic = cache.length, len(ids), self.arithmetic
        cache.appended(rows)
        cos, sin = self._angles(start, rows)
        group = self.config.num_attention_heads // self.config.num_key_value_heads
        bias = arithmetic.bias(rows, start, group, self.device)
        x = self.model.embed_tokens.weight[ids]
        for layer, keys, values in zip(self.fused_layers(), cache.keys, cache.values, strict=True):
            q, k, v = self.project(x, layer.ar, layer.attn_norm, cos, sin)
            keys[:, start : start + rows] = k.transpose(0, 1)
            values[:, start : start + rows] = v.transpose(0, 1)
            x = x + arithmetic.linear(arithmetic.attend(q, keys, values, start, bias), layer.ar.out)
            x = self.mlp(x, layer)
        return x

    @torch.inference_mode()
    def forward_diffusion(self, block: Tensor, cache: SharedCache, n_draft: int) -> Tensor:
        """Diffusion view of one block at positions length .. length+rows-1; the cache is only read.

        block [rows] int64: the anchor, then mask tokens. Returns logits [n_draft, vocab] of the first n_draft < rows
        rows; row i predicts block index i+1.
        """
        start, rows = cache.length, len(block)
        cos, sin = self._angles(start, rows)
        x = self.model.embed_tokens.weight[block]
        for layer, keys, values in zip(self.fused_layers(), cache.keys, cache.values, strict=True):
            q, k, v = self.project(x, layer.diff, layer.attn_norm, cos, sin)
            x = x + self.arithmetic.linear(attend_diffusion(q, k, v, keys, values, start), layer.diff.out)
            x = self.mlp(x, layer)
        return self.logits(x[:n_draft])

    def fused_layers(self) -> list[LayerWeights]:
        """The fused weights, one record a layer; built at the first call."""
        if self._fused is None:
            self.fuse()
        return self._fused

    def _angles(self, start: int, rows: int) -> tuple[Tensor, Tensor]:
        self.fused_layers()
        cos, sin = self.rope
        if start + rows > len(cos):
            raise ValueError(f"position {start + rows} lies beyond the model's context of {len(cos)}")
        return cos[start : start + rows, None], sin[start : start + rows, None]

    def project(
        self, x: Tensor, view: ViewWeights, norm: Tensor, cos: Tensor, sin: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """[rows, hidden] -> q [rows, heads, head_dim], k, v [rows, kv_heads, head_dim], q and k normed and rotated."""
        c = self.config
        heads = self.arithmetic.linear(rms_norm(x, norm, c.rms_norm_eps), view.qkv).view(len(x), -1, c.head_dim)
        qk, v = heads.split((c.num_attention_heads + c.num_key_value_heads, c.num_key_value_heads), dim=1)
        qk = rotate(rms_norm(qk, view.qk_norm, c.rms_norm_eps), cos, sin).to(x.dtype)
        return qk[:, : c.num_attention_heads], qk[:, c.num_attention_heads :], v

    def mlp(self, x: Tensor, layer: LayerWeights) -> Tensor:
        """x + down(silu(gate) * up) of the normed x, [rows, hidden]."""
        gate_up = self.arithmetic.linear(rms_norm(x, layer.mlp_norm, self.config.rms_norm_eps), layer.gate_up)
        return x + self.arithmetic.linear(self.arithmetic.silu_mul(gate_up), layer.down)

    def logits(self, x: Tensor) -> Tensor:
        """Last norm and head: [rows, hidden] -> [rows, vocab]."""
        return self.arithmetic.linear(self.model.norm(x), self.head_weight)


def _fuse(*linears: nn.Module) -> Tensor:
    """One weight of several, stacked along the output; each module's parameter becomes a view of it."""
    fused = torch.cat([linear.weight.data for linear in linears])
    start = 0
    for linear in linears:
        rows = linear.weight.shape[0]
        linear.weight.data = fused[start : start + rows]
        start += rows
    return fused


def _fuse_view(attn: DualAttention, view: str, heads: int, kv_heads: int) -> ViewWeights:
    norms = [attn.part("q_norm", view).weight.data] * heads + [attn.part("k_norm", view).weight.data] * kv_heads
    qkv = _fuse(*(attn.part(f"{p}_proj", view) for p in "qkv"))
    return ViewWeights(qkv, torch.stack(norms), attn.part("o_proj", view).weight.data)


def _fuse_layer(layer: DecoderLayer) -> LayerWeights:
    attn = layer.self_attn
    heads = attn.part("q_proj", AR).out_features // attn.head_dim
    kv_heads = attn.part("k_proj", AR).out_features // attn.head_dim
    return LayerWeights(
        ar=_fuse_view(attn, AR, heads, kv_heads),
        diff=_fuse_view(attn, DIFF, heads, kv_heads),
        attn_norm=layer.input_layernorm.weight.data,
        mlp_norm=layer.post_attention_layernorm.weight.data,
        gate_up=_fuse(layer.mlp.gate_proj, layer.mlp.up_proj),
        down=layer.mlp.down_proj.weight.data,
    )
