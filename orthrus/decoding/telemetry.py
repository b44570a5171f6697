"""The instruments of one lane: read while its clock stands still, and fewer of them where they cost too much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from orthrus.decoding import logit_stats
from orthrus.decoding.acceptance import Ruling, Toss
from orthrus.decoding.logit_stats import Distribution, lps
from orthrus.decoding.request import Request
from orthrus.decoding.sampling import Chooser
from orthrus.decoding.timing import LaneClock, Stopwatch

SETTLING_CYCLES = 4  # cycles before the cost of instruments is judged


class Readings:
    """What the events of a lane say beyond ids and timings, at the level of `detail`; `ms` is what it took so far."""

    def __init__(self, request: Request, clock: LaneClock, chooser: Chooser) -> None:
        self.request, self.clock, self.chooser = request, clock, chooser
        self.detail, self.n_alt = request.config.detail, request.config.n_alt
        self.ms = self.cycle_ms = 0.0  # in all, and of the cycle that is under way
        self.q: Distribution | None = None  # of the draft, until its verdict is known

    def prefill(self, logits: Tensor) -> dict[str, Any]:
        """The prefill event's fields; the gap is there at every detail."""
        with self._aside():
            return {"p_gap": round(logit_stats.gaps(logits).item(), 3)} | logit_stats.prefill_fields(
                logits, self.detail, self.n_alt
            )

    def draft(self, logits: Tensor | None, ids: Tensor) -> dict[str, Any]:
        """The draft event's optional fields; without logits those of a draft that proposes nothing."""
        self.cycle_ms, self.q = 0.0, None
        if logits is None:
            return _empty_draft(self.detail)
        if self.detail < 0:
            return {}
        with self._aside():
            fields, self.q = logit_stats.draft_fields(logits, ids, self.detail, self.n_alt, self.chooser)
        return fields

    def verdict(self, logits: Tensor, ruling: Ruling, proposals: Tensor) -> dict[str, Any]:
        """The verdict event's optional fields."""
        if self.detail < 0:
            return {}
        with self._aside():
            return logit_stats.verdict_fields(
                logits, ruling.choices, proposals, self.q, self.detail, self.n_alt, self.chooser
            ) | coin_fields(ruling.toss, self.detail, self.n_alt)

    def rows(self, position: int, logits: Tensor, count: int) -> None:
        """Log the first `count` rows for the comparison of lanes, where the run has one."""
        if self.request.rows is not None:
            with self._aside():
                self.request.rows.add(position, logits[:count], self.chooser)

    def settle(self, cycle: int, decode_ms: float) -> None:
        """Instruments that cost more than the allowed share of the cycles lose a level of detail."""
        costly = self.ms > self.request.config.instrument_share * decode_ms
        if costly and cycle >= SETTLING_CYCLES and self.detail > 0:
            self.detail -= 1

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """The lane's clock stands still; the time goes to the instruments."""
        with self.clock.held(), Stopwatch(self.request.lm.model.device) as watch:
            yield
        self.ms += watch.ms
        self.cycle_ms += watch.ms


def _empty_draft(detail: int) -> dict[str, Any]:
    """The optional fields of a draft without proposals."""
    names = ("q_lp", *(("q_H", "q_top_ids", "q_top_lp") if detail >= 1 else ())) if detail >= 0 else ()
    return {name: [] for name in names}


def coin_fields(toss: Toss | None, detail: int, n_alt: int) -> dict[str, Any]:
    """The verdict event's optional fields under rejection; the residual is there where a proposal was refused."""
    if toss is None or detail < 0:
        return {}
    fields = {"p_f": lps(toss.p_f.log()), "accept_p": _coins(toss.accept_p), "u": [round(u, 6) for u in toss.u]}
    if detail >= 1 and toss.residual is not None:
        top = toss.residual.topk(min(n_alt, len(toss.residual)))
        fields |= {
            "residual_top_ids": top.indices.tolist(),
            "residual_top_p": _coins(top.values),
            "residual_mass": min(1.0, round(toss.residual_mass, 6)),
        }
    return fields


def _coins(values: Tensor) -> list:
    """Probabilities with six decimals, 0 .. 1: what a view compares with u."""
    return values.clamp(0.0, 1.0).round(decimals=6).tolist()
