"""Logits -> tokens. Pure functions; both views and both decoders choose with the same ones."""

from __future__ import annotations

from torch import Tensor


def greedy(logits: Tensor) -> Tensor:
    """[rows, vocab] -> [rows] int64; the lowest index wins on equal logits (torch.argmax returns the first)."""
    return logits.argmax(-1)
