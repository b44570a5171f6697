"""Numbers of one run, derived from its trace: acceptance length, TPF, rates and the speed-up.

`orthrus.evaluation.totals` sums over many runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from orthrus.trace.totals import Sums
from orthrus.trace.trace import Trace


class Compared(NamedTuple):
    """Both lanes' time for the same number of tokens, prefill in both."""

    tokens: int
    ms: float  # Orthrus, at the end of the cycle that wrote the last of them
    ar_ms: float
    whole: bool  # they are all of Orthrus's


@dataclass(frozen=True, slots=True)
class Metrics:
    """Derived numbers; None if not measured. Rates are tokens per second, times ms, kv_* cache rows."""

    tokens: int
    cycles: int
    passes: int
    acceptance_length: float | None  # accepted proposals per cycle, the AR view's own token excluded
    accepted_share: float | None  # accepted proposals / proposals
    tokens_per_cycle: float | None  # tokens committed by cycles / cycles
    tpf: float | None  # tokens / (1 prefill + draft passes + verify passes)
    ttft_ms: float | None
    decode_ms: float
    total_ms: float
    tokens_per_s: float | None  # decode only: cycles' tokens / cycles' time
    tokens_per_s_total: float | None  # prefill included
    ar_tokens: int
    ar_ttft_ms: float | None
    ar_total_ms: float | None
    ar_tokens_per_s: float | None
    ar_tokens_per_s_total: float | None
    compared: Compared | None
    survival: tuple[float, ...]  # [k]: share of the cycles proposing slot k + 1 that accepted it
    kv_rows: int
    kv_written: int
    kv_cropped: int
    kv_bytes: int
    block_bytes: int  # the diffusion view's own keys and values: the same in every cycle
    instr_ms: float

    @property
    def speedup(self) -> float | None:
        """AR time / Orthrus time for the same number of tokens, prefill in both."""
        return self.compared.ar_ms / self.compared.ms if self.compared else None


def measure(trace: Trace) -> Metrics:
    """The metrics of a run so far; O(block)."""
    sums, judged = trace.sums, len(trace.verdicts)
    passes = (1 if trace.prefill else 0) + sums.passes_draft + judged
    prefill = trace.prefill.ms if trace.prefill else 0.0
    total = prefill + sums.ms_cycles
    n_ar, per_row = len(trace.ar_ids), trace.start.kv_bytes_per_token if trace.start else 0
    rows = (trace.prefill.kv_len if trace.prefill else 0) + sums.kept
    return Metrics(
        tokens=sums.tokens,
        cycles=judged,
        passes=passes,
        acceptance_length=_ratio(sums.accepted, judged),
        accepted_share=_ratio(sums.accepted, sums.proposals),
        tokens_per_cycle=_ratio(sums.tokens - 1, judged),
        tpf=_ratio(sums.tokens, passes),
        ttft_ms=trace.prefill.ms if trace.prefill else None,
        decode_ms=sums.ms_cycles,
        total_ms=total,
        tokens_per_s=_ratio(1e3 * (sums.tokens - 1), sums.ms_cycles),
        tokens_per_s_total=_ratio(1e3 * sums.tokens, total),
        ar_tokens=n_ar,
        ar_ttft_ms=trace.ar_ms[0] if n_ar else None,
        ar_total_ms=trace.ar_ms[-1] if n_ar else None,
        ar_tokens_per_s=_ratio(1e3 * (n_ar - 1), trace.ar_ms[-1] - trace.ar_ms[0]) if n_ar else None,
        ar_tokens_per_s_total=_ratio(1e3 * n_ar, trace.ar_ms[-1]) if n_ar else None,
        compared=_compared(trace, total),
        survival=tuple(hit / offered for hit, offered in zip(_padded(sums), sums.offered, strict=True)),
        kv_rows=rows,
        kv_written=sums.written,
        kv_cropped=sums.written - sums.kept,
        kv_bytes=rows * per_row,
        block_bytes=trace.block * per_row,
        instr_ms=sums.ms_instr,
    )


def _compared(trace: Trace, total: float) -> Compared | None:
    """At Orthrus's length; once the run has ended, at the shorter one: by coin toss the lanes write different texts."""
    ours, theirs = trace.sums.tokens, len(trace.ar_ids)
    n = min(ours, theirs)
    if not n or (n < ours and trace.done is None):
        return None
    cycle = trace.tokens[n - 1].cycle
    prefill = trace.prefill.ms if trace.prefill else 0.0
    ms = total if n == ours else trace.ends_ms[cycle] if cycle >= 0 else prefill
    return Compared(n, ms, trace.ar_ms[n - 1], n == ours) if ms > 0 else None


def _padded(sums: Sums) -> tuple[int, ...]:
    return sums.reached + (0,) * (len(sums.offered) - len(sums.reached))


def _ratio(over: float, under: float) -> float | None:
    return over / under if under > 0 else None
