"""Weight layout of the compiled CPU model: every matrix in panels, in one pool (`kernels.numba_pass`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from kernels.numba_common import PANEL
from kernels.numba_linear import panels_size, pool_of
from kernels.numba_pass import DOWN, EMBEDDING, GATE_UP, HEAD, MATRICES, OUT, QKV, Weights
from orthrus.config import ModelConfig
from orthrus.model.modules import AR, DIFF

Read = Callable[[str], Tensor]  # a tensor by its published name


class Matrix(NamedTuple):
    """One matrix of the pool, read lazily."""

    layer: int
    place: int  # in `Weights.at[layer]`
    outputs: int
    inputs: int
    read: Callable[[], Tensor]  # [outputs, inputs]


def compiled_weights(c: ModelConfig, read: Read, dtype: torch.dtype) -> Weights:
    """Pack every matrix into one pool of panels; at most one unpacked matrix is in memory at a time."""
    matrices = [*_ends(c, read), *(matrix for i in range(c.num_hidden_layers) for matrix in _of_layer(c, i, read))]
    ends = np.cumsum([0, *(panels_size(m.outputs, m.inputs, dtype) for m in matrices)])
    pool = np.empty(ends[-1], np.uint32 if dtype == torch.bfloat16 else np.float32)
    at = np.zeros((c.num_hidden_layers, MATRICES), np.int64)
    for matrix, start, end in zip(matrices, ends, ends[1:], strict=False):
        at[matrix.layer, matrix.place] = start
        pool[start:end] = pool_of(matrix.read().detach().to(dtype))
    if c.tie_word_embeddings:
        at[0, HEAD] = at[0, EMBEDDING]
    return Weights(pool, at, *_small(c, read))


def _ends(c: ModelConfig, read: Read) -> Iterator[Matrix]:
    size = c.vocab_size, c.hidden_size
    yield Matrix(0, EMBEDDING, *size, lambda: read("model.embed_tokens.weight"))
    if not c.tie_word_embeddings:
        yield Matrix(0, HEAD, *size, lambda: read("lm_head.weight"))


def _of_layer(c: ModelConfig, i: int, read: Read) -> Iterator[Matrix]:
    """q, k and v are grouped by key-value head, gate and up by panels, as the pass multiplies them in one product."""
    kv_heads, dim, hidden = c.num_key_value_heads, c.head_dim, c.hidden_size
    for view, suffix in enumerate((AR, DIFF)):

        def projected(name: str, suffix: str = suffix) -> Tensor:
            return read(f"model.layers.{i}.self_attn.{name}_proj{suffix}.weight")

        def grouped(projected: Callable[[str], Tensor] = projected) -> Tensor:
            return torch.cat([projected(name).view(kv_heads, -1, hidden) for name in "qkv"], 1).view(-1, hidden)

        heads = c.num_attention_heads * dim
        yield Matrix(i, QKV + view, heads + 2 * kv_heads * dim, hidden, grouped)
        yield Matrix(i, OUT + view, hidden, heads, lambda projected=projected: projected("o"))

    def mlp(name: str) -> Tensor:
        return read(f"model.layers.{i}.mlp.{name}_proj.weight")

    def paired() -> Tensor:
        return torch.stack([mlp(name).view(-1, PANEL, hidden) for name in ("gate", "up")], 1).view(-1, hidden)

    yield Matrix(i, GATE_UP, 2 * c.intermediate_size, hidden, paired)
    yield Matrix(i, DOWN, hidden, c.intermediate_size, lambda: mlp("down"))


def _small(c: ModelConfig, read: Read) -> tuple[np.ndarray, ...]:
    """Norms, rotary tables and eps, float32; the tables are made in float64."""

    def stacked(names: list[str]) -> np.ndarray:
        return torch.stack([read(f"model.{name}.weight").detach().float() for name in names]).numpy()

    layers = range(c.num_hidden_layers)
    norms = [f"layers.{i}.{name}_layernorm" for i in layers for name in ("input", "post_attention")]
    heads = (stacked([f"layers.{i}.self_attn.{n}_norm{view}" for i in layers for view in (AR, DIFF)]) for n in "qk")
    q_norm, k_norm = (norm.reshape(c.num_hidden_layers, 2, c.head_dim) for norm in heads)
    frequencies = c.rope_theta ** -(np.arange(0, c.head_dim, 2) / c.head_dim)
    angles = np.outer(np.arange(c.max_position_embeddings), frequencies)
    tables = (f(angles).astype(np.float32) for f in (np.cos, np.sin))
    return stacked([*norms, "norm"]), q_norm, k_norm, *tables, np.array([c.rms_norm_eps], np.float32)
