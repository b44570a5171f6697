"""Collects per-cycle logit statistics with the lane's clock paused, and lowers the detail if they cost too much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from orthrus.decoding import logit_stats
from orthrus.decoding.acceptance import RejectionSample, Verification
from orthrus.decoding.logit_stats import Distribution, lps
from orthrus.decoding.request import Request
from orthrus.decoding.sampling import Sampler
from orthrus.decoding.timing import LaneClock, Stopwatch

SETTLING_CYCLES = 4  # cycles before the cost of telemetry is judged


class Telemetry:
    """Fields of a lane's events beyond ids and timings, at level `detail`; `ms` is its time so far."""

    def __init__(self, request: Request, clock: LaneClock, sampler: Sampler) -> None:
        self.request, self.clock, self.sampler = request, clock, sampler
        self.detail, self.n_alt = request.config.detail, request.config.n_alt
        self.ms = self.cycle_ms = 0.0  # in total, and in the current cycle
        self.q: Distribution | None = None  # of the draft, until its verdict is known

    def prefill(self, logits: Tensor) -> dict[str, Any]:
        """The prefill event's fields; the gap is present at every detail. logits [1, vocab]."""
        with self._aside():
            return {"p_gap": round(logit_stats.gaps(logits).item(), 3)} | logit_stats.prefill_fields(
                logits, self.detail, self.n_alt
            )

    def draft(self, logits: Tensor | None, ids: Tensor) -> tuple[int, dict[str, Any]]:
        """The draft event's detail and optional fields. A chain that was looked up has no distributions.

        logits [n_draft, vocab], None if no pass was made; ids [n_draft] int64.
        """
        self.cycle_ms, self.q = 0.0, None
        if logits is None and not len(ids):
            return self.detail, _empty_draft(self.detail)
        if logits is None or self.detail < 0:
            return -1, {}
        with self._aside():
            fields, self.q = logit_stats.draft_fields(logits, ids, self.detail, self.n_alt, self.sampler)
        return self.detail, fields

    def verdict(
        self, logits: Tensor | None, verification: Verification, proposals: Tensor
    ) -> tuple[int, dict[str, Any]]:
        """The verdict event's detail and optional fields: 0 at most if the draft had no distributions.

        logits [n_draft + 1, vocab], more for branches; proposals [n_draft] int64.
        """
        n = len(proposals)
        detail = self.detail if self.q is not None or not n else min(0, self.detail)
        if detail < 0:
            return detail, {}
        assert logits is not None, "a lane keeps what is read"
        with self._aside():
            return detail, logit_stats.verdict_fields(
                logits[: n + 1], verification.choices[: n + 1], proposals, self.q, detail, self.n_alt, self.sampler
            ) | rejection_fields(verification.rejection_sample, detail, self.n_alt)

    def rows(self, position: int, logits: Tensor | None, count: int) -> None:
        """Log the first `count` rows for the comparison of lanes, if the run has one. logits [rows, vocab]."""
        if self.request.rows is not None:
            assert logits is not None, "a lane keeps what is read"
            with self._aside():
                self.request.rows.add(position, logits[:count], self.sampler)

    def lower_detail(self, cycle: int, decode_ms: float) -> None:
        """Lower the detail by one level if telemetry costs more than its share of the cycles."""
        costly = self.ms > self.request.config.instrument_share * decode_ms
        if costly and cycle >= SETTLING_CYCLES and self.detail > 0:
            self.detail -= 1

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """Pause the lane's clock; the time counts as telemetry."""
        with self.clock.paused(), Stopwatch(self.request.lm.model.device) as watch, one_torch_thread():
            yield
        self.ms += watch.ms
        self.cycle_ms += watch.ms


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """PyTorch's threads spin after an operation, on the cores that the next pass shares: a third of it on two cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _empty_draft(detail: int) -> dict[str, Any]:
    """The optional fields of a draft without proposals."""
    names = ("q_lp", *(("q_H", "q_top_ids", "q_top_lp") if detail >= 1 else ())) if detail >= 0 else ()
    return {name: [] for name in names}


def rejection_fields(rejection_sample: RejectionSample | None, detail: int, n_alt: int) -> dict[str, Any]:
    """The verdict event's optional fields under rejection; the residual is present if a proposal was refused."""
    if rejection_sample is None or detail < 0:
        return {}
    fields: dict[str, Any] = {
        "p_f": lps(rejection_sample.p_f.log()),
        "accept_p": _coins(rejection_sample.accept_p),
        "u": [round(u, 6) for u in rejection_sample.u],
    }
    if detail >= 1 and rejection_sample.residual is not None:
        assert rejection_sample.residual_mass is not None, "a residual has its mass"
        top = rejection_sample.residual.topk(min(n_alt, len(rejection_sample.residual)))
        fields |= {
            "residual_top_ids": top.indices.tolist(),
            "residual_top_p": _coins(top.values),
            "residual_mass": min(1.0, round(rejection_sample.residual_mass, 6)),
        }
    return fields


def _coins(values: Tensor) -> list:
    """Probabilities with six decimals, 0 .. 1, to be compared with u."""
    return values.clamp(0.0, 1.0).round(decimals=6).tolist()
