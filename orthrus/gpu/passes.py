"""The two passes of the trunk as kernel launches.

No launch reads a length or an id on the host, shapes depend on the number of rows alone, and every operation is row-
invariant (`kernels.ops`): a row's bits are the same alone and among 32. So the passes can be captured in a CUDA graph,
and verifying equals decoding one token at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from kernels import ops
from orthrus.config import ModelConfig
from orthrus.model.dual_view import Orthrus
from orthrus.model.kv_cache import SharedCache
from orthrus.model.modules import AR, DIFF, DecoderLayer, rope_table

PREFILL_ROWS = 128  # prompt rows per graph: bounds the intermediate memory of attention over a long context
BEYOND = 256  # positions of the longest block a configuration allows


class PassViewWeights(NamedTuple):
    """One view's attention of one layer."""

    qkv: Tensor  # [(heads + 2 * kv_heads) * head_dim, hidden]
    q_norm: Tensor  # [head_dim]
    k_norm: Tensor
    out: Tensor  # [hidden, heads * head_dim]


class PassLayerWeights(NamedTuple):
    """One layer; both views share all but `ar` and `diff`."""

    ar: PassViewWeights
    diff: PassViewWeights
    attn_norm: Tensor  # [hidden]
    mlp_norm: Tensor
    gate_up: Tensor  # [2 * intermediate, hidden]
    down: Tensor


class Stack:
    """The weights of one model and the launches of its passes; holds no state."""

    def __init__(self, model: Orthrus, backend: str = "triton") -> None:
        self.config: ModelConfig = model.config
        self.dtype, self.device, self.backend = model.dtype, model.device, backend
        fused = model.fused_layers()
        self.layers = [_weights(layer, f) for layer, f in zip(model.model.layers, fused, strict=False)]
        self.embedding, self.head = model.model.embed_tokens.weight.data, model.head_weight.data
        self.last_norm = model.model.norm.weight.data

    def angles(self, cache: SharedCache) -> tuple[Tensor, Tensor]:
        """cos and sin of the rotary embedding for the cache's positions and a block after them.

        [positions, head_dim / 2] float32 each.
        """
        return self.angles_to(cache.keys[0].shape[1])

    def angles_to(self, positions: int) -> tuple[Tensor, Tensor]:
        """As `angles`, of `positions` and a block after them. [positions + BEYOND, head_dim / 2] each."""
        half = self.config.head_dim // 2
        cos, sin = rope_table(self.config, positions + BEYOND, self.device)
        return cos[:, :half].contiguous(), sin[:, :half].contiguous()

    def forward_ar(self, ids: Tensor, length: Tensor, cache: SharedCache, angles: tuple[Tensor, Tensor]) -> Tensor:
        """AR view of ids [rows] int32 at positions from length [1] int32 on; keys and values go to the cache.

        Rows past the cache's end are computed and not kept. Returns float32 logits [rows, vocab].
        """
        return self.logits(self.hidden_ar(ids, length, cache, angles))

    def hidden_ar(self, ids: Tensor, length: Tensor, cache: SharedCache, angles: tuple[Tensor, Tensor]) -> Tensor:
        """`forward_ar` up to the head: [rows, hidden], normed."""
        run, c = {"backend": self.backend}, self.config
        stream = F.embedding(ids, self.embedding)
        x = ops.rmsnorm(stream, self.layers[0].attn_norm, c.rms_norm_eps, **run)
        for i, layer in enumerate(self.layers):
            keys, values, w = cache.keys[i], cache.values[i], layer.ar
            qkv = self.parts(x, w.qkv)
            norms = w.q_norm, w.k_norm
            q = ops.qk_norm_rope(qkv, *norms, *angles, length, keys, values, "cache", c.rms_norm_eps, **run)
            mixed = ops.attention(q, keys, values, length, **run)
            x, stream = self._rest(i, self.parts(mixed, w.out), stream)
        return x

    def forward_tree(
        self,
        ids: Tensor,
        length: Tensor,
        cache: SharedCache,
        angles: tuple[Tensor, Tensor],
        side: tuple[Sequence[Tensor], Sequence[Tensor]],
        paths: Tensor,
        depths: Tensor,
    ) -> Tensor:
        """AR view of a tree's ids [rows] behind length [1] int32; paths and depths as `kernels.ops.tree_attention` has.

        Keys and values go to `side`, [rows, kv_heads, head_dim] a layer; the cache is only read. Returns float32 logits
        [rows, vocab], each row's bits those of its path decoded alone.
        """
        run, c = {"backend": self.backend}, self.config
        places = (length + depths).clamp(max=angles[0].shape[0] - 1).long()
        turned, zero = [table[places] for table in angles], torch.zeros_like(length)
        stream = F.embedding(ids, self.embedding)
        x = ops.rmsnorm(stream, self.layers[0].attn_norm, c.rms_norm_eps, **run)
        for i, (layer, *own) in enumerate(zip(self.layers, *side, strict=True)):
            w, own = layer.ar, [t.transpose(0, 1) for t in own]
            qkv = self.parts(x, w.qkv)
            q = ops.qk_norm_rope(qkv, w.q_norm, w.k_norm, *turned, zero, *own, "block", c.rms_norm_eps, **run)
            mixed = ops.tree_attention(q, cache.keys[i], cache.values[i], length, *own, paths, depths, **run)
            x, stream = self._rest(i, self.parts(mixed, w.out), stream)
        return self.logits(x)

    def forward_diffusion(
        self, block: Tensor, length: Tensor, cache: SharedCache, angles: tuple[Tensor, Tensor]
    ) -> Tensor:
        """Diffusion view of a block [rows] int32, the anchor and masks, at length [1] int32; the cache is only read.

        Returns float32 logits [rows - 1, vocab]; row i proposes for slot i + 1.
        """
        run, c = {"backend": self.backend}, self.config
        stream = F.embedding(block, self.embedding)
        x = ops.rmsnorm(stream, self.layers[0].attn_norm, c.rms_norm_eps, **run)
        for i, layer in enumerate(self.layers):
            keys, values, w = cache.keys[i], cache.values[i], layer.diff
            qkv = self.parts(x, w.qkv)
            own = [keys.new_empty(c.num_key_value_heads, len(block), c.head_dim) for _ in range(2)]
            norms = w.q_norm, w.k_norm
            q = ops.qk_norm_rope(qkv, *norms, *angles, length, *own, "block", c.rms_norm_eps, **run)
            mixed = ops.attention(q, keys, values, length, *own, **run)
            x, stream = self._rest(i, self.parts(mixed, w.out), stream)
        return self.logits(x[:-1])

    def _rest(self, index: int, attended: Tensor, stream: Tensor) -> tuple[Tensor, Tensor]:
        """The layer after its attention: residual, MLP, and the norm of the next layer or the head."""
        layer, eps, run = self.layers[index], self.config.rms_norm_eps, {"backend": self.backend}
        follows = self.layers[index + 1].attn_norm if index + 1 < len(self.layers) else self.last_norm
        x, stream = ops.add_rmsnorm(attended, stream, layer.mlp_norm, eps, **run)
        hidden = self.gated(x, layer.gate_up)
        return ops.add_rmsnorm(self.parts(hidden, layer.down), stream, follows, eps, **run)

    def parts(self, x: Tensor, weight: Tensor) -> Tensor:
        """x @ weight.T, its slices not yet added: [rows, columns], or [slices, rows, columns] float32."""
        return ops.linear_parts(x, weight, backend=self.backend)

    def gated(self, x: Tensor, gate_up: Tensor) -> Tensor:
        """The MLP's hidden rows [rows, intermediate]."""
        return ops.linear_silu_mul(x, gate_up, backend=self.backend)

    def logits(self, x: Tensor) -> Tensor:
        """[rows, vocab] float32."""
        return ops.linear(x, self.head, torch.float32, backend=self.backend)


class LibraryStack(Stack):
    """Passes with cuBLAS products, fast and not row-invariant: the baseline for the cost of the exact ones."""

    def parts(self, x: Tensor, weight: Tensor) -> Tensor:
        """x [rows, inputs], weight [outputs, inputs] -> [rows, outputs]."""
        return F.linear(x, weight)

    def gated(self, x: Tensor, gate_up: Tensor) -> Tensor:
        """x [rows, hidden], gate_up [2 * size, hidden] -> [rows, size]."""
        gate, up = F.linear(x, gate_up).chunk(2, dim=-1)
        return F.silu(gate) * up

    def logits(self, x: Tensor) -> Tensor:
        """x [rows, hidden] -> [rows, vocab]."""
        return F.linear(x, self.head).float()


def _weights(layer: DecoderLayer, fused) -> PassLayerWeights:
    """Products that share their input are stacked (`orthrus.model.fused_weights`); the norms are as stored."""
    attn = layer.self_attn

    def view(suffix: str, stacked) -> PassViewWeights:
        norms = (attn.part(f"{name}_norm", suffix).weight.data for name in "qk")
        return PassViewWeights(stacked.qkv, *norms, stacked.out)

    norms = layer.input_layernorm.weight.data, layer.post_attention_layernorm.weight.data
    return PassLayerWeights(view(AR, fused.ar), view(DIFF, fused.diff), *norms, fused.gate_up, fused.down)
