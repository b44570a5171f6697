"""What a captured AR step and a captured cycle must move and launch, and how long that takes at least.

Bytes: every weight once a pass, the keys and values seen, those written. FLOPs: two per weight and row, and attention.
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
CONTEXT = 512  # positions behind which a cost is named unless another number is asked for
LAYER = 9  # launches a layer and pass: four products, two norms, rotation, spans, merging
PASS = 5  # embedding, first norm, head, and the two kernels that choose
CYCLE = 9  # four stamps, masks, anchor, proposals, accept, the copy to the host
STEP = 11  # the same without proposals, and three for the logits that are kept


class Work(NamedTuple):
    """What passes must read and compute at least."""

    bytes: int
    flops: int

    def seconds(self, bytes_per_s: float, flops_per_s: float) -> float:
        """At least, on a device of these rates."""
        return max(self.bytes / bytes_per_s, self.flops / flops_per_s)


def work(c: ModelConfig, rows: int, context: int, itemsize: int, head_rows: int) -> Work:
    """A pass of `rows` rows behind `context` positions, of either view; the head for `head_rows` of them."""
    q, kv = c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim
    layer = c.hidden_size * (2 * q + 2 * kv) + 3 * c.hidden_size * c.intermediate_size
    head = c.vocab_size * c.hidden_size
    seen = context + rows
    weights = c.num_hidden_layers * layer + head
    moved = itemsize * (weights + c.kv_bytes_per_position * (seen + rows))
    products = 2 * (rows * c.num_hidden_layers * layer + head_rows * head)
    return Work(moved, products + 4 * rows * seen * q * c.num_hidden_layers)


def passes(c: ModelConfig, context: int, itemsize: int) -> dict[str, tuple[Work, ...]]:
    """The passes of an AR step and of a cycle."""
    block = c.block_size
    drafted, verified = (work(c, block, context, itemsize, rows) for rows in (block - 1, block))
    return {"step": (work(c, 1, context, itemsize, 1),), "cycle": (drafted, verified)}


def launches(c: ModelConfig) -> dict[str, int]:
    """Nodes of the captured graphs, greedy."""
    one = LAYER * c.num_hidden_layers + PASS
    return {"step": one + STEP, "cycle": 2 * one + CYCLE}


def floors(c: ModelConfig, context: int, itemsize: int, bytes_per_s: float, flops_per_s: float) -> dict[str, float]:
    """Milliseconds that an AR step and a cycle cannot go below on a device of these rates."""
    parts = passes(c, context, itemsize)
    return {name: 1e3 * sum(w.seconds(bytes_per_s, flops_per_s) for w in ws) for name, ws in parts.items()}


def card_floors(c: ModelConfig, card: Card, itemsize: int, context: int = CONTEXT) -> dict[str, float]:
    """`floors` by a card's datasheet."""
    tflops = card.bf16_tflops if itemsize == 2 else card.fp32_tflops
    return floors(c, context, itemsize, card.gb_per_s * 1e9, tflops * 1e12)


def summary(c: ModelConfig, itemsize: int, cards: tuple[Card, ...] = CARDS, context: int = CONTEXT) -> dict[str, Any]:
    """Bytes and launches of a step and a cycle behind `context` positions, and their floors in ms on these cards."""
    moved = {name: sum(w.bytes for w in ws) for name, ws in passes(c, context, itemsize).items()}
    least = {card.name: card_floors(c, card, itemsize, context) for card in cards}
    floor_ms = {name: {kind: round(ms, 3) for kind, ms in by_kind.items()} for name, by_kind in least.items()}
    return {"context": context, "bytes": moved, "launches": launches(c), "floor_ms_by_datasheet": floor_ms}
