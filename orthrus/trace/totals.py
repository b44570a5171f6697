"""Running totals over the judged cycles of one run. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sums:
    """Running totals over the judged cycles."""

    tokens: int = 0
    accepted: int = 0
    proposals: int = 0
    passes_draft: int = 0
    written: int = 0
    kept: int = 0
    ms_cycles: float = 0.0
    ms_instr: float = 0.0
    reached: tuple[int, ...] = ()  # [k]: cycles that accepted slot k + 1
    offered: tuple[int, ...] = ()  # [k]: cycles that proposed slot k + 1


def counted(counts: tuple[int, ...], n: int) -> tuple[int, ...]:
    """The counts with one more in each of the first n places."""
    longer = counts + (0,) * (n - len(counts))
    return tuple(count + (k < n) for k, count in enumerate(longer))
