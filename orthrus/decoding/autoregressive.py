"""The AR lane, the baseline: the same model, one token per pass, the same stop rules, measured alone."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from orthrus.decoding import logit_stats
from orthrus.decoding.prefill import ModelCache, prefill
from orthrus.decoding.request import Request, vocabulary
from orthrus.decoding.timing import EVENTS_MS, LaneClock, Stopwatch
from orthrus.events import ArChunk, Done, Event


class AutoregressiveLane:
    """The state of one AR run."""

    def __init__(self, request: Request) -> None:
        self.request, self.clock = request, LaneClock()
        self.model = request.lm.model
        self.eos = frozenset(request.lm.config.eos_token_ids)
        self.sampler = request.sampler()
        self.cache = self._new_cache()
        self.token_ids: list[int] = []
        self.times: list[float] = []
        self.recent: list[Tensor] = []  # logit rows whose gaps have not been read yet
        self.stop: str | None = None
        self.prefill_ms = self.instr_ms = 0.0

    def _new_cache(self) -> ModelCache:
        return self.model.new_cache(self.request.capacity)

    def events(self) -> Iterator[Event]:
        """ar_chunk events (and the pieces they need), on the lane's own clock."""
        return self.clock.around(self._tokens())

    def _tokens(self) -> Iterator[Event]:
        limit, context, position = self.request.config.max_new_tokens, self.request.context, len(self.request.ids)
        logits = prefill(self.request, self.cache)
        self.prefill_ms = self.clock.ms()
        due = self.prefill_ms + EVENTS_MS
        if logits is None:
            self.stop = "cancel"
            return
        while True:
            token = self.sampler.sample(logits, position - 1)
            index = int(token.item())
            self.token_ids.append(index)
            self.times.append(self.clock.ms())
            self.recent.append(logits)
            if index in self.eos:
                self.stop = "eos"
            elif len(self.token_ids) == limit:
                self.stop = "length"
            elif position == context:
                self.stop = "capacity"
            elif self.request.cancelled():
                self.stop = "cancel"
            if self.stop or self.times[-1] > due:
                yield from self._chunk()
                due = self.clock.ms() + EVENTS_MS
            if self.stop:
                return
            logits = self.model.forward_ar(token, self.cache)
            position += 1

    def _chunk(self) -> Iterator[Event]:
        """The event of the tokens since the last one; their logit gaps are read while the clock is paused."""
        count = len(self.recent)
        first = len(self.token_ids) - count
        with self.clock.paused():
            with Stopwatch(self.model.device) as watch:
                # One by one on a CPU: PyTorch would share a longer tensor among threads, which spin for a while.
                parts = self.recent if self.model.device.type == "cpu" else [torch.cat(self.recent)]
                gaps = [round(gap, 3) for part in parts for gap in logit_stats.gaps(part).tolist()]
                if self.request.rows is not None:
                    self.request.rows.add(len(self.request.ids) - 1 + first, torch.cat(self.recent), self.sampler)
            self.instr_ms += watch.ms
            self.recent.clear()
            yield from self.request.pieces(self.token_ids[first:])
            times = [round(ms, 3) for ms in self.times[first:]]
            yield self.request.stamp(ArChunk, i0=first, ids=self.token_ids[first:], t_ms=times, gap=gaps)

    def done(self) -> Event:
        """The closing event of a run that has only this lane."""
        return self.request.stamp(
            Done,
            stop=self.stop,
            n_tokens=len(self.token_ids),
            cycles=0,
            passes_draft=0,
            passes_verify=max(0, len(self.token_ids) - 1),
            t_prefill=round(self.prefill_ms, 3),
            t_decode=round(self.times[-1] - self.prefill_ms, 3) if self.times else 0.0,
            t_instr=round(self.instr_ms, 3),
            text_sha256=vocabulary(self.request.lm.tokenizer).sha256(self.token_ids),
        )
