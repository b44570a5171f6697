"""Lossless check of one run: the texts of both lanes, compared token by token."""

from __future__ import annotations

import math
from collections.abc import Iterator

from orthrus.decoding.request import Request
from orthrus.events import Event, Lossless, TopLogit

NEAR_TIE = 0.5  # logits: a divergence is a rounding matter if the gap is below this in both passes, else a bug


def compare(request: Request, single: Request, ours: list[int], theirs: list[int]) -> Iterator[Event]:
    """The lossless event, with the near-tie data of the first divergence if there is one."""
    identical = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), None)
    if identical is None:
        identical = min(len(ours), len(theirs))
    first = None if ours == theirs else identical
    mine, other = request.rows, single.rows
    assert mine is not None and other is not None, "a run of both lanes logs its rows"
    compared = [p for p in mine.fingerprints if p in other.fingerprints]
    # Rows after a divergence have different inputs, so they cannot be compared.
    compared = [p for p in compared if first is None or p <= len(request.ids) - 1 + first]
    equal = sum(mine.fingerprints[p] == other.fingerprints[p] for p in compared)
    at = len(request.ids) - 1 + identical
    block, alone = ((), ()) if first is None else (mine.top3.get(at, ()), other.top3.get(at, ()))
    gap_block, gap_single = _gap(block), _gap(alone)
    near = first is not None and max(gap_block or 0.0, gap_single or 0.0) < NEAR_TIE
    yield from request.pieces([index for index, _ in (*block, *alone)])
    yield request.stamp(
        Lossless,
        n_compared=max(len(ours), len(theirs)) if first is None else identical + 1,
        identical=identical,
        rows_compared=len(compared),
        rows_equal=equal,
        first_div=first,
        block_top3=_top(block),
        single_top3=_top(alone),
        gap_block=gap_block,
        gap_single=gap_single,
        verdict="identical" if first is None else "near_tie" if near else "mismatch",
    )


def _gap(top3: tuple) -> float | None:
    """Top-1 minus top-2; None if a filter left one token."""
    return round(top3[0][1] - top3[1][1], 4) if len(_top(top3)) > 1 else None


def _top(top3: tuple) -> tuple[TopLogit, ...]:
    """The top entries without those a filter removed."""
    return tuple(TopLogit(id=index, logit=round(value, 4)) for index, value in top3 if math.isfinite(value))
