"""The dual-view model: a Qwen3 trunk with an AR and a diffusion attention in each layer.

`forward_ar(ids, cache)` appends to the shared cache, `forward_diffusion(block, cache)` only reads it. How
rows are computed is the model's `operators`; `graphs` decodes whole runs in their place on a GPU.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from orthrus.config import ModelConfig
from orthrus.model.argmax import finite_greedy
from orthrus.model.attention import attend_diffusion
from orthrus.model.compute import TORCH_OPERATORS, TorchOperators
from orthrus.model.fused_weights import LayerWeights, fuse_layer, scale
from orthrus.model.kv_cache import SharedCache
from orthrus.model.modules import Trunk, rope_table
from orthrus.model.workspace import Workspace, signed

Beside = Callable[[LayerWeights, Tensor, Tensor], None]  # a layer, its keys and values up to the last new row


class Orthrus(nn.Module):
    """The dual-view language model; batch size one when decoding."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.model = Trunk(config)
        self.lm_head = None if config.tie_word_embeddings else nn.Linear(config.hidden_size, config.vocab_size, False)
        self._fused: list[LayerWeights] | None = None
        self.last_norm: Tensor | None = None
        self.rope: tuple[Tensor, Tensor] | None = None
        self.operators = TORCH_OPERATORS
        self.graphs: Any = None  # an `orthrus.gpu.support.GraphRuntime`

    @property
    def head_weight(self) -> Tensor:
        """[vocab, hidden]: the head's own weight, or the embedding if they are tied."""
        return self.model.embed_tokens.weight if self.lm_head is None else self.lm_head.weight

    @property
    def dtype(self) -> torch.dtype:
        return self.head_weight.dtype

    @property
    def device(self) -> torch.device:
        return self.head_weight.device

    @property
    def engine(self) -> str:
        """ "triton" if runs decode by captured kernels, else "torch"."""
        return "torch" if self.graphs is None else "triton"

    @property
    def threads(self) -> int:
        """CPU threads that PyTorch's operators use."""
        return torch.get_num_threads()

    def new_cache(self, capacity: int) -> SharedCache:
        """An empty shared cache of this model's dtype and device."""
        return SharedCache(self.config, capacity, self.dtype, self.device)

    @property
    def kv_bytes_per_position(self) -> int:
        """Bytes of keys and values of one position."""
        return self.config.kv_bytes_per_position * self.dtype.itemsize

    argmax = staticmethod(finite_greedy)
    prompt_rows = 512  # prompt rows per pass: bounds the score matrix at this many rows x context

    def cache_bytes(self, capacity: int) -> int:
        """Bytes of a cache of `capacity` positions."""
        return SharedCache.bytes_for(self.config, capacity, self.dtype)

    def fuse(self) -> Orthrus:
        """Build the fused decoding weights; the named parameters become views of them, so nothing is held twice."""
        self.requires_grad_(False)
        self._fused = [fuse_layer(layer) for layer in self.model.layers]
        self.last_norm = scale(self.model.norm)
        self.rope = signed(*rope_table(self.config, self.config.max_position_embeddings, self.device))
        return self

    def with_operators(self, operators: TorchOperators) -> Orthrus:
        """The same weights, not copied, computed by other operators."""
        twin = self._twin()
        twin.operators = operators
        return twin

    def with_graphs(self, graphs: Any) -> Orthrus:
        """The same weights, not copied; `graphs` decodes whole runs, None means pass by pass."""
        twin = self._twin()
        twin.graphs = graphs
        return twin

    def _twin(self) -> Orthrus:
        self.fused_layers()
        return copy.copy(self)

    def with_layers(self, layers: int) -> Orthrus:
        """The first layers only, sharing the weights: for timing, its text is meaningless."""
        twin = self._twin()
        twin.config, twin._fused = replace(self.config, num_hidden_layers=layers), self.fused_layers()[:layers]
        return twin

    @torch.inference_mode()
    def forward_ar(self, ids: Tensor, cache: SharedCache, last_only: bool = False) -> Tensor:
        """AR view of new tokens: writes their keys and values behind the cache's length and commits them.

        ids [rows] int64. Returns logits [rows, vocab], or the last row's [1, vocab]; row i predicts the token after
        ids[i]. Raises ValueError if the rows do not fit the cache.
        """
        hidden = self.ar_states(ids, cache)
        return self.logits(hidden[-1:] if last_only else hidden)

    def ar_states(self, ids: Tensor, cache: SharedCache, beside: Beside | None = None) -> Tensor:
        """The rows' normed states [rows, hidden]; `beside` goes through each layer behind them."""
        start, rows, operators = cache.length, len(ids), self.operators
        end = cache.appended(rows)
        cos, sin = self.angles(start, rows)
        group = self.config.num_attention_heads // self.config.num_key_value_heads
        bias = operators.bias(rows, start, group, self.device, self.dtype)
        scratch = self._embedded(ids, cache)
        seen, slots = cache.seen(end), cache.slots(start, rows)
        for layer, keys, values, new_keys, new_values in zip(self.fused_layers(), *seen, *slots, strict=True):
            qkv = operators.linear(scratch.norm(layer.attn_norm), layer.ar.qkv)
            new_values.copy_(scratch.rotate(qkv, layer.ar.qk_norm, cos, sin, new_keys))
            attended = operators.attend(scratch.q, keys, values, start, bias)
            scratch.x.add_(operators.linear(attended, layer.ar.out))
            self.mlp(scratch, layer)
            if beside is not None:
                beside(layer, keys, values)
        return scratch.norm(self.last_norm)

    @torch.inference_mode()
    def forward_tree(self, ids: Tensor, cache: SharedCache, paths: Sequence[Sequence[int]]) -> Tensor:
        """AR view of a tree: a chain, which is committed as by `forward_ar`, then a row for each of `paths`.

        ids [rows] int64; a path is the rows from the one behind the anchor down to the branch itself. Returns logits
        [rows, vocab]. Each branch attends alone, to its path in the order of positions. `cache.keep` commits branches.
        """
        start, chain, operators = cache.length, len(ids) - len(paths), self.operators
        end = cache.appended(chain)
        listed = [*range(chain), *map(len, paths)]
        depths = torch.tensor(listed, device=self.device)
        cos, sin = (table[depths] for table in self.angles(start, 1 + max(listed)))
        group = self.config.num_attention_heads // self.config.num_key_value_heads
        bias = operators.bias(chain, start, group, self.device, self.dtype)
        scratch, rows = self._embedded(ids, cache), [torch.tensor([0, *path], device=self.device) for path in paths]
        seen, slots, side = cache.seen(end), cache.slots(start, chain), cache.side(len(ids))
        for layer, keys, values, new_keys, new_values, k, v in zip(
            self.fused_layers(), *seen, *slots, *side, strict=True
        ):
            qkv = operators.linear(scratch.norm(layer.attn_norm), layer.ar.qkv)
            v.copy_(scratch.rotate(qkv, layer.ar.qk_norm, cos, sin, k))
            new_keys.copy_(k[:chain])
            new_values.copy_(v[:chain])
            attended = [operators.attend(scratch.q[:chain], keys, values, start, bias)]
            for number, path in enumerate(rows, chain):
                along = (torch.cat((t[:, :start], own[path].transpose(0, 1)), 1) for t, own in ((keys, k), (values, v)))
                attended.append(operators.attend(scratch.q[number : number + 1], *along, start + len(path) - 1, None))
            scratch.x.add_(operators.linear(torch.cat(attended), layer.ar.out))
            self.mlp(scratch, layer)
        return self.logits(scratch.norm(self.last_norm))

    @torch.inference_mode()
    def forward_diffusion(self, block: Tensor, cache: SharedCache, n_draft: int) -> Tensor:
        """Diffusion view of one block at positions length .. length+rows-1; the cache is only read.

        block [rows] int64: the anchor, then mask tokens. Returns logits [n_draft, vocab] of the first n_draft rows; row
        i predicts block index i+1.
        """
        start, linear = cache.length, self.operators.linear
        cos, sin = self.angles(start, len(block))
        scratch = self._embedded(block, cache)
        for layer, keys, values in zip(self.fused_layers(), *cache.seen(start), strict=True):
            qkv = linear(scratch.norm(layer.attn_norm), layer.diff.qkv)
            own_values = scratch.rotate(qkv, layer.diff.qk_norm, cos, sin, scratch.k)
            attended = attend_diffusion(scratch.q, scratch.k, own_values, keys, values, start)
            scratch.x.add_(linear(attended, layer.diff.out))
            self.mlp(scratch, layer)
        return self.logits(scratch.norm(self.last_norm)[:n_draft])

    def _embedded(self, ids: Tensor, cache: SharedCache) -> Workspace:
        """Buffers for the rows, their embeddings in place."""
        scratch = cache.scratch(len(ids))
        scratch.x.copy_(torch.embedding(self.model.embed_tokens.weight, ids))
        return scratch

    def mlp(self, scratch: Workspace, layer: LayerWeights) -> None:
        """x + down(silu(gate) * up) of the normed x, in place."""
        gate_up = self.operators.linear(scratch.norm(layer.mlp_norm), layer.gate_up)
        scratch.x.add_(self.operators.linear(self.operators.silu_mul(gate_up), layer.down))

    def logits(self, hidden: Tensor) -> Tensor:
        """The head: [rows, hidden], normed, -> [rows, vocab]."""
        return self.operators.linear(hidden, self.head_weight)

    def fused_layers(self) -> list[LayerWeights]:
        """The fused weights, one record per layer; built at the first call."""
        if self._fused is None:
            self.fuse()
        return self._fused

    def angles(self, start: int, rows: int) -> tuple[Tensor, Tensor]:
        """Rotary tables of `rows` positions from `start` on, [rows, 1, head_dim]; ValueError beyond the context."""
        self.fused_layers()
        cos, sin = self.rope
        if start + rows > len(cos):
            raise ValueError(f"position {start + rows} lies beyond the model's context of {len(cos)}")
        return cos.narrow(0, start, rows), sin.narrow(0, start, rows)
