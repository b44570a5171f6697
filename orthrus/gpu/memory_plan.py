"""Memory plan of a GPU run, computed from the configuration before anything is allocated.

weights    every parameter once, and one layer's copies while its products are stacked
cache      keys and values of a bucket of positions
work       buffers of the graphs and the prefill
"""

from __future__ import annotations

import torch

from kernels.slices import slices_for
from kernels.spans import spans
from orthrus.config import ModelConfig
from orthrus.errors import OrthrusError
from orthrus.gpu.cycle import HISTORY
from orthrus.gpu.passes import BEYOND, PREFILL_ROWS
from orthrus.model import memory
from orthrus.model.dual_view import Orthrus
from orthrus.model.kv_cache import TILE, SharedCache

SMALLEST = 1024  # positions of the smallest cache; each next size doubles
GRAPHS = 4  # kept at a time: a cycle's and a step's, greedy and sampled; the oldest is evicted
WIDEST = 64  # rows of the widest tree, the anchor included
PASSES = 8  # graphs of single passes kept at a time


def bucket(config: ModelConfig, rows: int) -> int:
    """Cache size for a run of `rows` positions: SMALLEST doubled as needed, at most the model's context."""
    size = SMALLEST
    while size < rows:
        size *= 2
    return max(rows, min(size, config.max_position_embeddings))


def weight_bytes(config: ModelConfig, dtype: torch.dtype) -> int:
    """Bytes of both views' parameters, plus one layer's stacked products."""
    with torch.device("meta"):
        model = Orthrus(config)
    stacked = sum(p.numel() for name, p in model.model.layers[0].named_parameters() if _is_stacked(name))
    return (sum(p.numel() for p in model.parameters()) + stacked) * dtype.itemsize


def _is_stacked(name: str) -> bool:
    return any(f".{part}_proj" in f".{name}" for part in ("q", "k", "v", "gate", "up"))


def layer_products(c: ModelConfig) -> dict[str, tuple[int, int]]:
    """name -> [columns, depth] of the products of one layer and view, as one stacked weight each."""
    heads = c.num_attention_heads * c.head_dim
    qkv = heads + 2 * c.num_key_value_heads * c.head_dim
    gated = 2 * c.intermediate_size, c.hidden_size
    return {
        "qkv": (qkv, c.hidden_size),
        "o": (c.hidden_size, heads),
        "gate_up": gated,
        "down": (c.hidden_size, c.intermediate_size),
    }


def sliced_columns(c: ModelConfig) -> int:
    """Float32 numbers per row that a product's slices come to at most."""
    cut = (shape for name, shape in layer_products(c).items() if name != "gate_up")
    return max(columns * slices_for(columns, depth) for columns, depth in cut)


def run_bytes(config: ModelConfig, dtype: torch.dtype, rows: int) -> int:
    """Cache and work of runs in a bucket of `rows` positions, with GRAPHS graphs of whole blocks."""
    c, positions = config, -(-rows // TILE) * TILE + BEYOND
    row_logits, row = 4 * c.vocab_size, _row_bytes(config, dtype, rows)
    graph = 2 * c.block_size * row_logits + c.block_size * row
    steps, prefill, angles = 2 * HISTORY * row_logits, PREFILL_ROWS * row, 4 * c.head_dim * positions
    return SharedCache.bytes_for(c, rows, dtype) + GRAPHS * graph + steps + prefill + angles


def _row_bytes(c: ModelConfig, dtype: torch.dtype, rows: int) -> int:
    """What a pass computes of one row before its logits, in a bucket of `rows` positions."""
    n_spans = spans(-(-rows // TILE) * TILE + max(WIDEST, c.block_size))
    row_sums = 4 * n_spans * c.num_attention_heads * (c.head_dim + 2)  # of attention, in float32, a layer at a time
    products = c.intermediate_size * 3 + c.hidden_size * 6 + 3 * c.num_attention_heads * c.head_dim
    slices = 4 * sliced_columns(c)  # partial products in float32
    return row_sums + slices + products * dtype.itemsize


def passes_bytes(config: ModelConfig, dtype: torch.dtype, rows: int) -> int:
    """PASSES graphs of single passes of WIDEST rows, their logits twice, and the keys and values of a tree."""
    graphs = PASSES * WIDEST * (2 * 4 * config.vocab_size + _row_bytes(config, dtype, rows))
    return graphs + WIDEST * config.kv_bytes_per_position * dtype.itemsize


def longest(config: ModelConfig, dtype: torch.dtype, free: int) -> int:
    """The largest bucket whose runs fit into `free` bytes; 0 if not even the smallest does."""
    best, rows = 0, bucket(config, 1)
    while run_bytes(config, dtype, rows) <= free:
        best = rows
        if rows >= config.max_position_embeddings:
            break
        rows = bucket(config, min(2 * rows, config.max_position_embeddings))
    return best


def refuse_model(config: ModelConfig, dtype: torch.dtype, device: torch.device) -> None:
    """Raise OrthrusError, naming needed and free memory, if the model and its shortest run do not fit."""
    rows = bucket(config, 1)
    wanted = weight_bytes(config, dtype) + run_bytes(config, dtype, rows)
    name = str(dtype).removeprefix("torch.")
    memory.refuse_what_does_not_fit(wanted, f"the model in {name} with room to decode {rows:,} positions", device)


def refuse(model: Orthrus, rows: int) -> None:
    """Raise OrthrusError: not enough memory for a run of `rows` positions."""
    wanted, free = run_bytes(model.config, model.dtype, rows), memory.free_bytes(model.device)
    short = f"a run of {rows:,} positions needs {memory.mebibytes(wanted)} beside the model"
    if free is None:
        raise OrthrusError("out-of-memory", f"out of memory: {short}") from None
    fits = longest(model.config, model.dtype, free)
    left = f"{memory.mebibytes(free)} are free on {model.device.type}"
    advice = f"; {fits:,} positions fit" if 0 < fits < rows else ""
    raise OrthrusError("out-of-memory", f"out of memory: {short}, {left}{advice}") from None
