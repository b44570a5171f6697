"""Sums over runs of both lanes, and the rates that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

from orthrus.trace import Trace
from orthrus.trace.metrics import measure


@dataclass
class RunTotals:
    """What runs of both lanes add up to; times in milliseconds, prefill included."""

    prompts: int = 0
    tokens: int = 0
    passes: int = 0
    cycles: int = 0
    accepted: int = 0
    identical: int = 0  # prompts on which both lanes wrote the same
    orthrus_ms: float = 0.0
    ar_ms: float = 0.0

    def add(self, trace: Trace) -> None:
        metrics = measure(trace)
        self.prompts += 1
        self.tokens += metrics.tokens
        self.passes += metrics.passes
        self.cycles += metrics.cycles
        self.accepted += trace.sums.accepted
        self.identical += trace.lossless.verdict == "identical"
        self.orthrus_ms += metrics.total_ms
        self.ar_ms += metrics.ar_total_ms

    @property
    def acceptance_length(self) -> float | None:
        """Accepted proposals per cycle."""
        return ratio(self.accepted, self.cycles)

    @property
    def tpf(self) -> float | None:
        """Tokens per forward pass."""
        return ratio(self.tokens, self.passes)

    @property
    def speedup(self) -> float | None:
        """AR time over Orthrus time."""
        return ratio(self.ar_ms, self.orthrus_ms)


def ratio(over: float, under: float) -> float | None:
    """With three decimals; None if there is nothing to divide by."""
    return round(over / under, 3) if under else None
