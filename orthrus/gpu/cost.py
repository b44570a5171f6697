"""Roofline estimates: bytes, FLOPs and launches of a captured AR step and cycle, and their least time.

Bytes: every weight once per pass, the keys and values read and written. FLOPs: two per weight and row, and attention.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from orthrus.config import ModelConfig
from orthrus.gpu.datasheets import CARDS, Card

SHAPES = {  # of the published Qwen3 checkpoints
    "0.6b": ModelConfig(151_936, 1024, 3072, 28, 16, 8, 128, 40_960, 151_935, tie_word_embeddings=True),
    "1.7b": ModelConfig(151_936, 2048, 6144, 28, 16, 8, 128, 40_960, 151_935, tie_word_embeddings=True),
    "4b": ModelConfig(151_936, 2560, 9728, 36, 32, 8, 128, 40_960, 151_935, tie_word_embeddings=True),
    "8b": ModelConfig(151_936, 4096, 12_288, 36, 32, 8, 128, 40_960, 151_935),
}
CONTEXT = 512  # default context length of the estimates
LAYER = 9  # launches per layer and pass: four products, two norms, rotation, spans, merging
PASS = 5  # embedding, first norm, head, and the two kernels that choose
CYCLE = 9  # four stamps, masks, anchor, proposals, accept, the copy to the host
STEP = 11  # the same without proposals, plus three for the kept logits


class Work(NamedTuple):
    """What passes must read and compute at least."""

    bytes: int
    flops: int

    def seconds(self, bytes_per_s: float, flops_per_s: float) -> float:
        """The least time on a device with these rates."""
        return max(self.bytes / bytes_per_s, self.flops / flops_per_s)


def work(c: ModelConfig, rows: int, context: int, itemsize: int, head_rows: int) -> Work:
    """Work of a pass of `rows` rows after `context` positions, of either view; the head runs on `head_rows` rows."""
    q, kv = c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim
    layer = c.hidden_size * (2 * q + 2 * kv) + 3 * c.hidden_size * c.intermediate_size
    head = c.vocab_size * c.hidden_size
    seen = context + rows
    weights = c.num_hidden_layers * layer + head
    moved = itemsize * (weights + c.kv_bytes_per_position * (seen + rows))
    products = 2 * (rows * c.num_hidden_layers * layer + head_rows * head)
    return Work(moved, products + 4 * rows * seen * q * c.num_hidden_layers)


def passes(c: ModelConfig, context: int, itemsize: int) -> dict[str, tuple[Work, ...]]:
    """The work of an AR step and of a cycle, pass by pass."""
    block = c.block_size
    drafted, verified = (work(c, block, context, itemsize, rows) for rows in (block - 1, block))
    return {"step": (work(c, 1, context, itemsize, 1),), "cycle": (drafted, verified)}


def launches(c: ModelConfig) -> dict[str, int]:
    """Number of nodes of the captured greedy graphs."""
    one = LAYER * c.num_hidden_layers + PASS
    return {"step": one + STEP, "cycle": 2 * one + CYCLE}


def floors(c: ModelConfig, context: int, itemsize: int, bytes_per_s: float, flops_per_s: float) -> dict[str, float]:
    """Lower bounds in ms of an AR step and a cycle on a device with these rates."""
    parts = passes(c, context, itemsize)
    return {name: 1e3 * sum(w.seconds(bytes_per_s, flops_per_s) for w in ws) for name, ws in parts.items()}


def card_floors(c: ModelConfig, card: Card, itemsize: int, context: int = CONTEXT) -> dict[str, float]:
    """`floors` by a card's datasheet."""
    tflops = card.bf16_tflops if itemsize == 2 else card.fp32_tflops
    return floors(c, context, itemsize, card.gb_per_s * 1e9, tflops * 1e12)


def summary(c: ModelConfig, itemsize: int, cards: tuple[Card, ...] = CARDS, context: int = CONTEXT) -> dict[str, Any]:
    """Bytes, launches and lower bounds in ms on these cards, of a step and a cycle after `context` positions."""
    moved = {name: sum(w.bytes for w in ws) for name, ws in passes(c, context, itemsize).items()}
    least = {card.name: card_floors(c, card, itemsize, context) for card in cards}
    floor_ms = {name: {kind: round(ms, 3) for kind, ms in by_kind.items()} for name, by_kind in least.items()}
    return {"context": context, "bytes": moved, "launches": launches(c), "floor_ms_by_datasheet": floor_ms}
