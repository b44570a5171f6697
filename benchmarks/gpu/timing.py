"""What `suite.py` times: captured cycles and AR steps of random weights, behind any context."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import torch

from benchmarks.harness import seconds
from kernels import ops, records
from orthrus.config import ModelConfig
from orthrus.gpu import memory_plan
from orthrus.gpu.cycle import Cycle
from orthrus.gpu.device import CudaDevice, Device, Graph
from orthrus.gpu.passes import LibraryStack, Stack
from orthrus.gpu.runner import AHEAD, InFlightReplays, Runner
from orthrus.model.dual_view import Orthrus

REPLAYS = 20  # between two synchronisations
ROUNDS = 7  # of which the median counts
PRODUCT_S = 0.05  # that a product is timed for: a suite has some sixty
SLICES = (1, 2, 4, 8)
ALTERNATIVES = (  # of a product's launch; none changes a sum's order from one number of rows to another
    {"step_bytes": 128, "stages": 6},
    {"stages": 6},
    {"columns": 128, "step_bytes": 128, "stages": 6, "warps": 8},
)


class Timed:
    """One model's captured sequences, over a cache of zeros: what a pass costs does not depend on the text.

    The shapes have no end token, so random weights end no text. The cache is the one a run of that length gets.
    Contexts are asked for in ascending order, or graphs are dropped.
    """

    def __init__(self, model: Orthrus) -> None:
        self.runner, self.block = Runner(model, CudaDevice(model.device)), model.config.block_size

    def sequence(self, block: int, context: int) -> tuple[Cycle, Graph]:
        self.runner.prepare(context + slack(self.block), block, False)
        return self.runner.cycle, self.runner.graph

    @torch.inference_mode()
    def other(self, block: int, kind: type[Stack] = Stack, observed: bool = True) -> tuple[Cycle, Graph]:
        """The same sequence with other products, or with nothing told to the host, over the cache at hand."""
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
            flight = self.runner.flight = InFlightReplays(self.runner, cycle, graph, AHEAD)
            began = time.perf_counter()
            for _ in range(REPLAYS):
                flight.next(REPLAYS)
            return (time.perf_counter() - began) * 1e3 / REPLAYS

        once()
        return median(once() for _ in range(ROUNDS))


def slack(block: int) -> int:
    """Positions behind a context that its timed cycles may fill."""
    return 2 * REPLAYS * block


def profiled(graph: Graph, replays: int = 10) -> dict[str, dict[str, float]]:
    """kernel -> launches and microseconds of one replay, as the profiler sees them; the longest in all first."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    if torch.profiler.ProfilerActivity.CUDA in torch.profiler.supported_activities():
        activities = [torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as seen:
        for _ in range(replays):
            graph.replay()
        torch.cuda.synchronize()
    rows = [(e.key, e.count, e.self_device_time_total) for e in seen.key_averages() if e.self_device_time_total]
    return {
        name: {"launches": round(count / replays, 2), "us": round(us / replays, 2)}
        for name, count, us in sorted(rows, key=lambda row: -row[2])
    }


@torch.inference_mode()
def rows_equal(model: Orthrus, lengths: Sequence[int], every: int = 1, rows: int = 32) -> tuple[int, int]:
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
        for i in range(0, rows, every):
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
        exact, quick = timed.sequence(block, context), timed.other(block, LibraryStack)
        found[name] = timed.ms(exact, context) / timed.ms(quick, context) - 1
    return found


def products(c: ModelConfig, device: Device, where: torch.device, size: int = 256 << 20) -> list[dict[str, Any]]:
    """Each layer's product of a block's rows and what adds it, in microseconds by slices and by launch configuration.

    Weights are taken in turn, `size` bytes of them and more: more than a cache holds. The rule of `kernels.slices` and
    the defaults of `kernels.triton_linear.LaunchConfig` are judged by what this finds.
    """
    from kernels.triton_linear import LaunchConfig, config_for

    found = []
    for name, (columns, depth) in memory_plan.layer_products(c).items():
        if name == "gate_up":
            continue
        rule = config_for(columns, depth)
        whole_steps = [n for n in SLICES if depth % (n * rule.step_bytes // 2) == 0]
        product = _Product(columns, depth, c.block_size, device, where, size)
        row = {"layer": name, "columns": columns, "depth": depth, "by_the_rule": rule.slices}
        row["microseconds"] = {str(n): product.microseconds(rule._replace(slices=n)) for n in whole_steps}
        others = [rule._replace(**change) for change in ALTERNATIVES if rule.slices in whole_steps]
        row["configurations"] = {_said(config, LaunchConfig()): product.microseconds(config) for config in others}
        found.append(row)
    return found


def _said(config: Any, default: Any) -> str:
    """What differs, in words; slices are the rule's."""
    changed = {k: v for k, v in config._asdict().items() if k != "slices" and v != getattr(default, k)}
    return ", ".join(f"{k} {v}" for k, v in changed.items())


class _Product:
    """One layer's product and the norm that adds its slices, over weights enough to miss every cache."""

    def __init__(self, columns: int, depth: int, rows: int, device: Device, where: torch.device, size: int) -> None:
        def draw(*shape: int) -> torch.Tensor:
            return torch.randn(*shape, dtype=torch.bfloat16, device=where)

        self.device = device
        self.weights = [draw(columns, depth) for _ in range(2 + size // (2 * columns * depth))]
        self.x, self.stream, self.norm = draw(rows, depth), draw(rows, columns), draw(columns)

    def microseconds(self, config: Any) -> float | None:
        """Of one product launched so, the median; None if a multiprocessor has no room for it."""
        from triton.runtime.errors import OutOfResources

        from kernels.triton_linear import cut

        def work() -> None:
            for weight in self.weights:
                ops.add_rmsnorm(cut(self.x, weight, config), self.stream, self.norm, 1e-6, backend=self.device.backend)

        try:
            graph = self.device.capture(work)
        except OutOfResources:
            return None
        return round(seconds(graph.replay, PRODUCT_S) / len(self.weights) * 1e6, 2)
