"""The AR lane on CUDA graphs, with several replays in in_flight; same events as `orthrus.decoding.autoregressive`.

An event's logit gaps need the logits, so the device keeps those of a chunk's steps. They are read with the clock
paused, before the next chunk begins.
"""

from __future__ import annotations

from collections.abc import Iterator

from kernels import records
from orthrus.decoding.autoregressive import AutoregressiveLane
from orthrus.decoding.request import Request, graphed
from orthrus.events import Event
from orthrus.gpu.runner import AHEAD, InFlightReplays
from orthrus.model.kv_cache import SharedCache

CHUNK = 32  # tokens per event: often enough for the page, rare enough for the loop


class GraphAutoregressiveLane(AutoregressiveLane):
    """The state of one AR run."""

    def __init__(self, request: Request) -> None:
        model, graphs = graphed(request.lm)
        self.runner = graphs.runner(model)
        self._prepared = self.runner.prepare(request.capacity, 1, request.config.sampled)
        super().__init__(request)  # starts the clock

    def _new_cache(self) -> SharedCache:
        return self._prepared

    def _tokens(self) -> Iterator[Event]:
        request, config = self.request, self.request.config
        logits, first = self.runner.prefill(request.ids, config)
        self.prefill_ms = self.clock.ms()
        self.token_ids.append(first)
        self.times.append(self.clock.ms())
        self.recent.append(logits)
        ended = "eos" if first in self.eos else "length" if config.max_new_tokens == 1 else None
        self.stop = ended or ("cancel" if request.cancelled() else None)
        if self.stop is None:
            in_flight = self.runner.begin(config, first, request.capacity, AHEAD)
        while self.stop is None:
            self._fly(in_flight, in_flight.landed + CHUNK - len(self.recent))
            yield from self._chunk()
        if self.recent:
            yield from self._chunk()

    def _fly(self, in_flight: InFlightReplays, limit: int) -> None:
        """Steps up to `limit` or the end. Times come from the lane's clock, within a chunk from the device's."""
        began, start, first = self.clock.ms(), None, in_flight.landed
        while self.stop is None and in_flight.landed < limit:
            landed = in_flight.next(limit)
            start = landed.times[records.START] if start is None else start
            at = began + (landed.times[records.JUDGED] - start) / 1e6
            self.token_ids.append(landed.record.choice[0])
            self.times.append(max(self.times[-1], min(at, self.clock.ms())))
            self.stop = landed.record.stop or ("cancel" if self.request.cancelled() else None)
        self.recent.extend(in_flight.kept_logits(range(first, in_flight.landed)).split(1))
