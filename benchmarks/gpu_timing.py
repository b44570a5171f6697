"""What `gpu_suite.py` times: captured cycles and AR steps of random weights, behind any context."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import torch

from benchmarks.floor import work
from kernels import ops, records
from orthrus.config import ModelConfig
from orthrus.gpu.cycle import Cycle
from orthrus.gpu.device import CudaDevice, Device, Graph
from orthrus.gpu.runner import AHEAD, Flight, Runner
from orthrus.gpu.stack import LibraryStack, Stack
from orthrus.model import Orthrus

REPLAYS = 20  # between two synchronisations
ROUNDS = 7  # of which the median counts
SLICES = (1, 2, 4, 8)


class Timed:
    """One model's captured sequences, over a cache of zeros: what a pass costs does not depend on the text."""

    def __init__(self, model: Orthrus, longest: int) -> None:
        self.runner = Runner(model, CudaDevice(model.device))
        self.block, self.room = model.config.block_size, longest + 2 * REPLAYS * model.config.block_size
        self.runner.room(self.room, self.block, False)  # one cache, so that no graph is dropped

    def sequence(self, block: int) -> tuple[Cycle, Graph]:
        self.runner.room(self.room, block, False)
        return self.runner.cycle, self.runner.graph

    @torch.inference_mode()
    def other(self, block: int, kind: type[Stack] = Stack, observed: bool = True) -> tuple[Cycle, Graph]:
        """The same sequence with other products, or with nothing told to the host."""
        r = self.runner
        stack = kind(r.model, r.device.backend)
        with r.device.working():
            cycle = Cycle(stack, r.cache, r.angles, r.device, block, False)
        return cycle, r.device.capture(lambda: cycle.launch(observed))

    @torch.inference_mode()
    def at(self, cycle: Cycle, context: int) -> None:
        """The state behind `context` positions, with room for many cycles."""
        room = cycle.cache.capacity
        with self.runner.device.working():
            cycle.reset(records.make_state(context, 1, 7, room, room))
            self.runner.device.drain()

    def ms(self, sequence: tuple[Cycle, Graph], context: int) -> float:
        """Milliseconds of one replay: many in a row, synchronised on both sides; the median of some rounds."""
        cycle, graph = sequence

        def once() -> float:
            self.at(cycle, context)
            began = time.perf_counter()
            for _ in range(REPLAYS):
                graph.replay()
            self.runner.device.drain()
            return (time.perf_counter() - began) * 1e3 / REPLAYS

        once()
        return median(once() for _ in range(ROUNDS))

    def told_ms(self, sequence: tuple[Cycle, Graph], context: int) -> float:
        """The same with every record read by the host as it comes, several replays ahead."""
        cycle, graph = sequence

        def once() -> float:
            self.at(cycle, context)
            flight = self.runner.flight = Flight(self.runner, cycle, graph, AHEAD)
            began = time.perf_counter()
            for _ in range(REPLAYS):
                flight.next(REPLAYS)
            return (time.perf_counter() - began) * 1e3 / REPLAYS

        once()
        return median(once() for _ in range(ROUNDS))


def floors(c: ModelConfig, context: int, itemsize: int, copy: float, product: float) -> dict[str, float]:
    """Milliseconds that an AR step and a cycle cannot go below, at `copy` bytes and `product` FLOPs a second."""

    def floor(rows: int, head_rows: int) -> float:
        w = work(c, rows, context, itemsize, head_rows)
        return max(w.bytes / copy, w.flops / product) * 1e3

    block = c.block_size
    return {"step": floor(1, 1), "cycle": floor(block, block - 1) + floor(block, block)}


@torch.inference_mode()
def rows_equal(model: Orthrus, lengths: Iterator[int], rows: int = 32) -> tuple[int, int]:
    """(rows whose logits, computed alone, equal those computed among `rows` in every bit; rows compared)."""
    stack, equal, compared = Stack(model), 0, 0
    cache = model.new_cache(max(lengths) + rows)
    angles = stack.angles(cache)
    draw = torch.Generator().manual_seed(1)
    for keys in (*cache.keys, *cache.values):
        keys.normal_()
    ids = torch.randint(model.config.vocab_size, (rows,), generator=draw).int().to(model.device)

    def at(position: int) -> torch.Tensor:
        return torch.tensor([position], dtype=torch.int32, device=model.device)

    for length in lengths:
        together = stack.forward_ar(ids, at(length), cache, angles)
        for i in range(rows):
            alone = stack.forward_ar(ids[i : i + 1], at(length + i), cache, angles)
            equal += int(torch.equal(alone[0].view(torch.int32), together[i].view(torch.int32)))
            compared += 1
    return equal, compared


def seconds_of(run: Callable[[], Any]) -> float:
    """Wall seconds of one call, the device synchronised on both sides."""
    torch.cuda.synchronize()
    began = time.perf_counter()
    run()
    torch.cuda.synchronize()
    return time.perf_counter() - began


def price(timed: Timed, context: int) -> dict[str, float]:
    """Exact products against the library's, in the same captured sequences."""
    found = {}
    for name, block in (("step", 1), ("cycle", timed.block)):
        exact, quick = timed.sequence(block), timed.other(block, LibraryStack)
        found[name] = timed.ms(exact, context) / timed.ms(quick, context) - 1
    return found


def sliced(c: ModelConfig, device: Device, where: torch.device, size: int = 256 << 20) -> list[dict[str, Any]]:
    """Each layer's product of a block's rows and what adds it, in microseconds by number of slices.

    Weights are taken in turn, `size` bytes of them and more: more than a cache holds. `kernels.triton_linear.SLICES`
    is chosen by what this finds.
    """
    from kernels.triton_linear import Config, config_for

    heads, found = c.num_attention_heads * c.head_dim, []
    qkv = heads + 2 * c.num_key_value_heads * c.head_dim
    shapes = {"qkv": (qkv, c.hidden_size), "o": (c.hidden_size, heads), "down": (c.hidden_size, c.intermediate_size)}
    for name, (columns, depth) in shapes.items():
        whole_steps = [n for n in SLICES if depth % (n * Config().step_bytes // 2) == 0]
        product = _Product(columns, depth, c.block_size, device, where, size)
        row = {"layer": name, "columns": columns, "depth": depth, "in_the_table": config_for(columns, depth).slices}
        found.append(row | {"microseconds": {str(n): product.microseconds(n) for n in whole_steps}})
    return found


class _Product:
    """One layer's product and the norm that adds its slices, over weights enough to miss every cache."""

    def __init__(self, columns: int, depth: int, rows: int, device: Device, where: torch.device, size: int) -> None:
        def draw(*shape: int) -> torch.Tensor:
            return torch.randn(*shape, dtype=torch.bfloat16, device=where)

        self.device = device
        self.weights = [draw(columns, depth) for _ in range(2 + size // (2 * columns * depth))]
        self.x, self.stream, self.norm = draw(rows, depth), draw(rows, columns), draw(columns)

    def microseconds(self, slices: int) -> float:
        """Of one product in so many slices; the median of some rounds."""
        from kernels.triton_linear import cut

        def products() -> None:
            for weight in self.weights:
                ops.add_rmsnorm(cut(self.x, weight, slices), self.stream, self.norm, 1e-6, backend=self.device.backend)

        graph = self.device.capture(products)
        graph.replay()
        self.device.drain()
        spent = median(seconds_of(graph.replay) for _ in range(ROUNDS))
        return round(spent / len(self.weights) * 1e6, 2)
