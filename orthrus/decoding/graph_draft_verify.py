"""The Orthrus lane on CUDA graphs: the same events as `draft_verify`, read from the device's records.

Without telemetry several replays are in in_flight while an event is consumed. With telemetry it is one, because logits
must be read before the next cycle overwrites them. Passes are timed by the device's clock.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch

from kernels import records
from kernels.records import Record
from orthrus.decoding.acceptance import AcceptResult, Verification, accept_matching
from orthrus.decoding.cycle_records import Drafted, Verified
from orthrus.decoding.draft_verify import DraftVerifyLane
from orthrus.decoding.request import Request, graphed
from orthrus.events import Event
from orthrus.gpu.runner import AHEAD, InFlightReplays, Landed
from orthrus.model.kv_cache import SharedCache


class Idle:
    """Measures the device's idle time between cycles, less the time in which the lane was paused.

    With replays in in_flight the host's clock cannot tell: a cycle may end before the last one's events are sent.
    """

    def __init__(self) -> None:
        self._idle = self._given = self._clock = 0.0
        self._wall = 0.0
        self._end: int | None = None

    def start(self, ms: float, clock: float) -> None:
        """The lane spent `ms` on preparation; its clock shows `clock` now."""
        self._idle, self._clock, self._wall = ms, clock, time.perf_counter()

    def observe(self, landed: Landed) -> None:
        """The next cycle, in order."""
        if self._end is not None:
            self._idle += max(0, landed.times[records.START] - self._end) / 1e6
        self._end = landed.times[records.JUDGED]

    def gap(self, clock: float) -> float:
        """Idle milliseconds not reported before; the lane's clock was paused while an event was consumed."""
        away = (time.perf_counter() - self._wall) * 1e3 - (clock - self._clock)
        unreported = max(0.0, self._idle - away - self._given)
        self._given += unreported
        return unreported


class GraphDraftVerifyLane(DraftVerifyLane):
    """The state of one run; what a cycle did comes from its record."""

    def __init__(self, request: Request) -> None:
        model, graphs = graphed(request.lm)
        self.runner = graphs.runner(model)
        self._prepared = self.runner.prepare(request.capacity, request.block, request.config.sampled)
        super().__init__(request)  # starts the clock
        self._watched = self.telemetry.detail >= 0 or request.rows is not None
        self._idle = Idle()

    def _new_cache(self) -> SharedCache:
        return self._prepared

    def _read_prompt(self) -> tuple[torch.Tensor | None, int]:
        return self.runner.prefill(self.request.ids, self.request.config)

    def _cycles(self) -> Iterator[Event]:
        yield from self._prefill()
        if self.stop is not None:
            return
        request, ahead = self.request, 1 if self._watched else AHEAD
        zero = self.clock.ms()
        in_flight = self.runner.begin(request.config, self.token_ids[-1], request.capacity, ahead)
        self._idle.start(self.clock.ms() - zero, self.clock.ms())
        while self.stop is None:
            if request.cancelled():
                self.stop = "cancel"
                break
            began = zero + self.decode_ms  # a cycle in in_flight begins while the events of the last one are sent
            landed = in_flight.next()
            self._idle.observe(landed)
            drafted = self._drafted(landed, in_flight)
            yield from self._draft_event(drafted, began)
            if request.cancelled():
                self.stop = "cancel"
                break
            verified = self._verified(landed, in_flight)
            self._commit(drafted, verified, self.cache.length)
            yield from self._verdict_event(drafted, verified, began)

    def _gap(self, began: float, passes: float) -> float:
        return self._idle.gap(self.clock.ms())

    def _drafted(self, landed: Landed, in_flight: InFlightReplays) -> Drafted:
        """The eligible proposals. The pass was made even if there were none."""
        listed = list(landed.record.block[1 : 1 + landed.record.n_draft])
        passed = in_flight.passed.draft if self._watched and listed else None
        logits = None if passed is None else passed[: len(listed)]
        self.drafts += in_flight.cycle.block_size > 1
        ids, spent = self._on_device(listed), landed.ms(records.START, records.DRAFTED)
        return Drafted(self.token_ids[-1], self.cache.length, ids, listed, logits, spent)

    def _verified(self, landed: Landed, in_flight: InFlightReplays) -> Verified:
        record = landed.record
        settled = self._settled(record)
        choices = list(record.choice[: record.n_draft + 1])
        written = min(in_flight.cycle.block_size, self.cache.capacity - self.cache.length)
        self.cache.appended(settled.kept)
        logits = in_flight.passed.verify[: len(choices)] if self._watched else None
        verification = Verification(self._on_device(choices), choices, settled, None)
        times = landed.ms(records.DRAFTED, records.VERIFIED), landed.ms(records.VERIFIED, records.JUDGED)
        return Verified(written, logits, verification, *times)

    def _settled(self, record: Record) -> AcceptResult:
        """The acceptance result by the shared rule; RuntimeError if the device's result differs."""
        proposals, choices = record.block[1 : 1 + record.n_draft], record.choice[: record.n_draft + 1]
        settled = accept_matching(proposals, choices, self.eos, self._remaining())
        ours = (self.cache.length, settled.n_accept, len(settled.tokens), settled.next_id)
        theirs = (record.length, record.n_accept, record.n_commit, record.next_id)
        stop = settled.stop or ("capacity" if self.cache.length + settled.kept >= self.request.context else None)
        if ours != theirs or stop != record.stop:
            raise RuntimeError(
                f"cycle {self.cycle}: the device has {theirs}, {record.stop}; the rule says {ours}, {stop}"
            )
        return settled

    def _on_device(self, ids: list[int]) -> torch.Tensor:
        """[n] int64 on the device if telemetry reads them, else on the host."""
        return torch.tensor(ids, dtype=torch.int64, device=self.model.device if self._watched else "cpu")
