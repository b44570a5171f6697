"""A device in this process: launches run at once, but what the host gets to see of them comes late.

Copies to host memory wait in a queue. A mark that is waited for lets all copies before it land; the next copy has by
then begun: a part of its words is there already, from one end or the other.
"""

from __future__ import annotations

import random
import time
from contextlib import nullcontext
from dataclasses import replace

import torch

from kernels import records
from orthrus.config import DecodeConfig
from orthrus.decoding.engine import decode, run_both
from orthrus.events import validate
from orthrus.gpu.cycle import Cycle, Passed
from orthrus.gpu.support import GraphRuntime
from orthrus.trace import Trace
from orthrus.trace.invariants import check

PROMPT = "Two views, one text."


class FakeGraph:
    def __init__(self, work):
        self.work, self.out, self.replayed = work, work(), 0

    @torch.inference_mode()
    def replay(self):
        self.replayed += 1
        self.out = self.work()


class FakeDevice:
    """`backend` says which implementation of kernels.ops the launches take."""

    def __init__(self, backend="reference", seed=0, tear=True):
        self.backend, self.tear, self._random = backend, tear, random.Random(seed)
        self.drained = self.freed = self.most_under_way = 0
        self.graphs = []
        self._queue, self._marks = [], 0
        self.fail_next = None  # an exception that the next capture raises

    @property
    def cycles(self):
        """Graphs of cycles and AR steps that were captured; the others are of a prompt's pieces."""
        return [graph for graph in self.graphs if isinstance(graph.out, Passed)]

    @property
    def captured(self):
        return len(self.cycles)

    @property
    def replayed(self):
        return sum(graph.replayed for graph in self.cycles)

    @property
    def pieces(self):
        return sum(graph.replayed for graph in self.graphs if not isinstance(graph.out, Passed))

    @property
    def passes(self):
        """Rows of each captured single pass, in the order of capture: their graphs give logits [rows, vocab]."""
        return [len(graph.out) for graph in self.graphs if isinstance(graph.out, torch.Tensor)]

    def working(self):
        return nullcontext()

    between = working

    def capture(self, work):
        if self.fail_next is not None:
            error, self.fail_next = self.fail_next, None
            raise error
        self.graphs.append(FakeGraph(work))
        return self.graphs[-1]

    def host_buffer(self, like):
        return torch.zeros_like(like)

    def send(self, source, target):
        self._queue.append((self._marks, source.clone(), target))

    def stamp(self, times, state, mark):
        times[int(state[records.CYCLE]) % len(times), mark] = time.perf_counter_ns()

    def mark(self):
        self._marks += 1
        self.most_under_way = max(self.most_under_way, len({at for at, *_ in self._queue}))
        return self._marks

    def wait(self, mark):
        while self._queue and self._queue[0][0] < mark:
            _, source, target = self._queue.pop(0)
            self._land(source, target, 1.0)
        if self._queue and self.tear:
            _, source, target = self._queue[0]
            self._land(source, target, self._random.random())

    @torch.inference_mode()
    def _land(self, source, target, share):
        words = int(len(source) * share)
        if self._random.random() < 0.5:
            target[:words].copy_(source[:words])
        elif words:
            target[-words:].copy_(source[-words:])

    def drain(self):
        self.drained += 1
        while self._queue:
            _, source, target = self._queue.pop(0)
            self._land(source, target, 1.0)

    def free(self):
        self.freed += 1


def graphed(lm, **how):
    """(the model decoded by replays, the FakeDevice it is decoded on)."""
    device = FakeDevice(**how)
    return replace(lm, model=lm.model.with_graphs(GraphRuntime(lambda _: device))), device


def force(monkeypatch, model):
    """Captured cycles propose what `tests.tiny.Scripted`, the model, proposes when its passes are called one by one."""
    honest = Cycle.draft

    def draft(self):
        logits = honest(self)
        at, cycle = int(self.state[records.GENERATED]), int(self.state[records.CYCLE])
        right = model.schedule[min(cycle, len(model.schedule) - 1)]
        for slot in range(self.block_size - 1):
            index = model.continuation[at + slot] if at + slot < len(model.continuation) else 7
            self.block[1 + slot] = index if slot < right else (index + 1) % logits.shape[1]
        return logits

    monkeypatch.setattr(Cycle, "draft", draft)


def run(lm, prompt=PROMPT, cancel=None, **config) -> Trace:
    """Both lanes, every event checked against the schema, every invariant checked on the whole."""
    events = [validate(e) for e in run_both(lm, prompt, DecodeConfig(instrument_share=1.0, **config), cancel)]
    trace = Trace.of(events)
    assert check(trace) == [] and events[-1].type == "done"
    return trace


def alone(lm, prompt=PROMPT, cancel=None, **config) -> Trace:
    trace = Trace.of([validate(e) for e in decode(lm, prompt, DecodeConfig(**config), cancel)])
    assert check(trace) == []
    return trace


def ids(trace: Trace) -> list:
    """All that a run decided."""
    cycles = [
        (c.draft.pos0, c.draft.draft_ids, c.verdict.ar_ids, c.verdict.n_accept, c.verdict.next_id, c.verdict.kv.kept)
        for c in trace.cycles
    ]
    return [trace.token_ids, tuple(trace.ar_ids), trace.done.stop, cycles]
