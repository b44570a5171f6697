"""Runs a model's CUDA graphs: owns the KV cache, the graphs and the replays in flight.

A prompt goes through one graph of PREFILL_ROWS rows, chunk by chunk; a shorter chunk is padded with rows that nothing
reads and the next rows overwrite, as with refused proposals.

The cache comes in sizes that double. All graphs are captured for the current size and dropped when it grows, because
they hold its addresses. One run at a time: a new one waits until an abandoned one has left the device. Runs whose
cycles are no fixed sequence lend the cache (`Runner.lend`) and replay pass by pass (`orthrus.gpu.single_passes`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor

from kernels import records
from kernels.records import Record
from orthrus.config import DecodeConfig
from orthrus.gpu import memory_plan
from orthrus.gpu.captured_pass import CapturedPass, Piece
from orthrus.gpu.cycle import HISTORY, SLOTS, Cycle, Passed
from orthrus.gpu.device import Device, Graph
from orthrus.gpu.passes import Stack
from orthrus.model.dual_view import Orthrus
from orthrus.model.kv_cache import SharedCache

AHEAD = 3  # most replays in flight: they hide the host's work per cycle


class Landed(NamedTuple):
    """One judged cycle, read back to the host; times in ns of the device's clock."""

    record: Record
    times: tuple[int, ...]

    def ms(self, first: int, last: int) -> float:
        """Milliseconds between two marks."""
        return max(0, self.times[last] - self.times[first]) / 1e6


class Runner:
    """Runs one model; call `prepare` first."""

    def __init__(self, model: Orthrus, device: Device) -> None:
        self.model, self.device = model, device
        self.stack = Stack(model, device.backend)
        self.cache: SharedCache | None = None
        self.angles: tuple[Tensor, Tensor] | None = None
        self.cycle: Cycle | None = None  # of the current run
        self.graph: Graph | None = None
        self._cycles: dict[tuple[int, bool], tuple[Cycle, Graph]] = {}
        self._passes: dict[tuple[str, int], CapturedPass] = {}
        self.piece: Piece | None = None
        self.flight: InFlightReplays | SharedCache | None = None  # what the current run holds

    @torch.inference_mode()
    def prepare(self, rows: int, block: int, sampled: bool) -> SharedCache:
        """Prepare an empty cache for a run of `rows` positions, and the graph of its cycles.

        Allocation and capture happen here, before the run's clock starts. Raises ValueError if memory is short.
        """
        self._make_room(rows)
        if (block, sampled) not in self._cycles:
            if len(self._cycles) == memory_plan.GRAPHS:
                self._cycles.pop(next(iter(self._cycles)))
            with self._all_or_nothing(self.cache.capacity):
                with self.device.working():
                    cycle = Cycle(self.stack, self.cache, self.angles, self.device, block, sampled)
                self._cycles[block, sampled] = cycle, self.device.capture(cycle.launch)
                self.device.drain()
        self.cycle, self.graph = self._cycles[block, sampled]
        self.cache.length = 0
        return self.cache

    def _make_room(self, rows: int) -> None:
        """A cache of at least `rows` positions that no run holds, and the graph of a prompt's pieces."""
        self.device.drain()  # replays of an abandoned run
        self.flight = None
        rows = memory_plan.bucket(self.model.config, rows)
        if self.cache is None or self.cache.capacity < rows:
            self.release()
            with self._all_or_nothing(rows):
                with self.device.working():
                    self.cache = self.model.new_cache(rows)
                    self.angles = self.stack.angles(self.cache)
                self.piece = Piece(self.stack, self.cache, self.angles, self.device)

    @torch.inference_mode()
    def lend(self, rows: int) -> SharedCache:
        """The cache, empty, for a run of `rows` positions that replays pass by pass; the next run takes it over.

        Raises ValueError if memory is short.
        """
        self._make_room(rows)
        with self._all_or_nothing(self.cache.capacity), self.device.working():
            self.cache.side(memory_plan.WIDEST)
        self.flight = self.cache.emptied(rows)
        return self.flight

    def captured_pass(self, which: str, rows: int, length: int) -> CapturedPass:
        """The graph of a pass ("ar", "draft" or "tree") of `rows` rows, captured when it is first asked for.

        `length` positions are committed: the run made for capture writes behind them.
        """
        key = which, rows
        if key not in self._passes:
            if len(self._passes) == memory_plan.PASSES:
                self._passes.pop(next(iter(self._passes)))
            with self._all_or_nothing(self.cache.capacity):
                self._passes[key] = CapturedPass(self.stack, self.cache, self.angles, self.device, which, rows, length)
                self.device.drain()
        self._passes[key] = self._passes.pop(key)  # the last one used is evicted last
        return self._passes[key]

    @torch.inference_mode()
    def prefill(self, ids: Sequence[int], config: DecodeConfig) -> tuple[Tensor, int]:
        """The AR view over a prompt, in chunks: the last row's logits [1, vocab] and the first token."""
        with self._all_or_nothing(self.cache.capacity), self.device.working():
            prompt = torch.tensor(ids, dtype=torch.int32, device=self.model.device)
            for rows in prompt.split(self.piece.rows):
                hidden = self.piece.read(rows, self.cache.length)
                self.cache.length += len(rows)
            logits = self.stack.logits(hidden[len(rows) - 1 : len(rows)])
            self.cycle.stand(self.cache.length - 1, config.seed, config.temperature)
            first = int(self.cycle.sample(logits))
            self.device.drain()
        return logits, first

    @torch.inference_mode()
    def begin(self, config: DecodeConfig, anchor: int, capacity: int, ahead: int) -> InFlightReplays:
        """Start the cycles after the prefill; the run may fill `capacity` rows, `anchor` is the text's first token."""
        with self.device.working():
            self.cycle.stand(self.cache.length, config.seed, config.temperature)
            self.cycle.reset(records.make_state(self.cache.length, 1, anchor, config.max_new_tokens, capacity))
            self.device.drain()
        self.flight = InFlightReplays(self, self.cycle, self.graph, ahead)
        return self.flight

    def release(self) -> None:
        """Drop cache and graphs."""
        self.flight = self.cache = self.angles = self.cycle = self.graph = self.piece = None
        self._cycles.clear()
        self._passes.clear()
        self.device.drain()
        self.device.free()

    @contextmanager
    def _all_or_nothing(self, rows: int) -> Iterator[None]:
        """Release everything on failure; out-of-memory errors become an OrthrusError."""
        try:
            yield
        except BaseException as error:
            self.release()
            if _lacked_memory(error):
                memory_plan.refuse(self.model, rows)
            raise


def _lacked_memory(error: BaseException | None) -> bool:
    """Whether memory ran out, also if that broke off a capture whose end then raised something else."""
    while error is not None and not isinstance(error, torch.OutOfMemoryError):
        error = error.__context__
    return error is not None


class InFlightReplays:
    """The replays of one run, at most `ahead` of them in flight; their records come in order."""

    def __init__(self, runner: Runner, cycle: Cycle, graph: Graph, ahead: int) -> None:
        if not 1 <= ahead < SLOTS // 2:
            raise ValueError(f"{ahead} replays ahead, the ring of {SLOTS} records allows 1 to {SLOTS // 2 - 1}")
        self.runner, self.cycle, self.graph, self.ahead = runner, cycle, graph, ahead
        self._marks: deque[Any] = deque()
        self.sent = self.landed = 0

    def next(self, limit: int | None = None) -> Landed:
        """The next cycle's record; `limit` is the number of cycles that may have been enqueued by then.

        Raises RuntimeError if another run of the model has begun in the meantime.
        """
        if self.runner.flight is not self:
            raise RuntimeError("another run of this model has begun; this one cannot go on")
        device = self.runner.device
        while len(self._marks) < self.ahead and (limit is None or self.sent < limit):
            self.graph.replay()
            self._marks.append(device.mark())
            self.sent += 1
        device.wait(self._marks.popleft())
        record = records.read_record(self.cycle.seen_ring, self.landed)  # complete: the mark comes after its copy
        if record is None:
            raise RuntimeError(f"the device has passed cycle {self.landed}, but its record did not arrive")
        times = tuple(self.cycle.seen_times[self.landed % SLOTS].tolist())
        self.landed += 1
        return Landed(record, times)

    @property
    def passed(self) -> Passed:
        """The logits of the last cycle read back; valid only if no later one is in flight."""
        return self.graph.out

    def kept_logits(self, cycles: Sequence[int]) -> Tensor:
        """[len(cycles), vocab]: logits of AR steps among the last HISTORY that were enqueued."""
        oldest = self.sent - HISTORY
        if any(not oldest <= c < self.landed for c in cycles):
            raise ValueError(f"steps {list(cycles)} are not among those kept, {oldest} to {self.landed - 1}")
        return self.cycle.history[[c % HISTORY for c in cycles]]
