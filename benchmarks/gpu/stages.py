"""The stages of `suite.py`: each makes what it needs, gives it back, and returns what it found as plain values."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import torch

from benchmarks.decode.floor import copy_rate
from benchmarks.harness import ROOT, SHAPES, random_module
from orthrus.gpu import memory_plan
from orthrus.gpu.cost import floors

WHERE = "cuda"
CONTEXT = 512
CONTEXTS = (512, 4096, 32_768)
LENGTHS = (0, 1, 31, 32, 63, 64, 100, 127, 128, 129, 255, 256, 511, 1000, 2040, 4090)
FEW_LENGTHS = (0, 31, 128, 1000)  # borders of a block, a key tile and a span
BF16 = torch.bfloat16
EMPTY_LAUNCHES = 300


def free() -> int:
    """Bytes that the card has left."""
    return torch.cuda.mem_get_info()[0]


def bandwidth() -> float:
    """Bytes a second of a copy, of a quarter of the free memory and at most 4 GiB."""
    return copy_rate(min(4 << 30, free() // 4), WHERE)


def fitting(shapes: list[str]) -> list[str]:
    """Those whose weights and shortest run fit the free memory."""
    need = {s: memory_plan.weight_bytes(SHAPES[s], BF16) + memory_plan.run_bytes(SHAPES[s], BF16, 2048) for s in shapes}
    return [shape for shape in shapes if need[shape] <= free()]


@contextmanager
def weights(shape: str) -> Iterator[Any]:
    """Random weights of a shape, freed behind."""
    holder = [random_module(shape, "bfloat16", WHERE)]
    try:
        yield holder[0]
    finally:
        holder.clear()
        torch.cuda.empty_cache()


def ground() -> dict[str, Any]:
    """The card, its memory, what it copies, and what a launch in a graph costs that does nothing."""
    from kernels import records
    from orthrus.gpu.device import CudaDevice

    device = CudaDevice(torch.device(WHERE))
    times = torch.zeros(64, records.MARKS, dtype=torch.int64, device=WHERE)
    state = torch.zeros(records.STATE_WORDS, dtype=torch.int32, device=WHERE)
    graph = device.capture(lambda: [device.stamp(times, state, 0) for _ in range(EMPTY_LAUNCHES)] and None)
    device.drain()
    began = time.perf_counter()
    graph.replay()
    device.drain()
    gap = (time.perf_counter() - began) / EMPTY_LAUNCHES
    return {"free_gib": round(free() / (1 << 30), 1), "copy_gb_per_s": round(bandwidth() / 1e9)} | {
        "launch_us": round(gap * 1e6, 3),
        "cuda": torch.version.cuda,
    }


def alive() -> dict[str, Any]:
    """The embedded model in mode exact, or the exception with its traceback: rows compared, captured, replayed."""
    lm = exact("bfloat16")
    return {"mode": lm.mode, "check": lm.check.words}


def exact(dtype: str) -> Any:
    """The embedded model by captured kernels; raises where they do not run or hold, and steps back to nothing."""
    from orthrus.checkpoints.loading import load_model
    from orthrus.config import EMBEDDED_MODEL

    lm = load_model(EMBEDDED_MODEL, WHERE, dtype, "triton")
    if lm.model.graphs is None or not lm.check.holds:
        raise RuntimeError(f"mode {lm.mode} is not captured kernels whose rows hold: {lm.check}")
    return lm


def times(shape: str, contexts: tuple[int, ...]) -> list[dict[str, Any]]:
    """Milliseconds of a step and a cycle by context, over their floors."""
    from benchmarks.gpu.timing import Timed, slack

    rate, rows = bandwidth(), []
    with weights(shape) as model:
        timed, c = Timed(model), model.config
        longest = memory_plan.longest(c, BF16, free())
        for context in contexts:
            if context + slack(c.block_size) > longest:
                continue
            least, row = floors(c, context, 2, rate, float("inf")), {"context": context}
            for name, block in (("step", 1), ("cycle", c.block_size)):
                ms = timed.ms(timed.sequence(block, context), context)
                row |= {f"{name}_ms": round(ms, 4), f"{name}_over_floor": round(ms / least[name], 3)}
                row[f"{name}_floor_ms"] = round(least[name], 4)
            rows.append(row)
        del timed
    return rows


def costs(shape: str) -> dict[str, Any]:
    """What telling the host costs, what exactness costs, and where a cycle's time goes, kernel by kernel."""
    from benchmarks.gpu.timing import Timed, price, profiled

    with weights(shape) as model:
        timed, block = Timed(model), model.config.block_size
        told = timed.told_ms(timed.sequence(block, CONTEXT), CONTEXT)
        silent = timed.ms(timed.other(block, observed=False), CONTEXT)
        paid = {name: round(share, 4) for name, share in price(timed, CONTEXT).items()}
        cycle, graph = timed.sequence(block, CONTEXT)
        timed.at(cycle, CONTEXT)
        found = {"telling_the_host": round(told / silent - 1, 4), "price_of_exactness": paid}
        found["kernels"] = profiled(graph)
        del timed, cycle, graph
    return found


def rows(shapes: list[str], lengths: tuple[int, ...], every: int) -> dict[str, dict[str, int]]:
    """Bit equality of every `every`-th row by shape."""
    from benchmarks.gpu.timing import rows_equal

    found = {}
    for shape in shapes:
        with weights(shape) as model:
            equal, compared = rows_equal(model, lengths, every)
        found[shape] = {"rows_equal": equal, "of": compared}
    return found


def prompts(count: int, dtype: str) -> dict[str, Any]:
    """Both lanes over held-out prompts with the embedded model."""
    from orthrus.config import DecodeConfig
    from orthrus.corpus import DOMAINS, generate
    from orthrus.decoding.engine import run_both
    from orthrus.trace import Trace
    from orthrus.trace.invariants import check

    lm = exact(dtype)
    columns = [islice(generate(d, 11, "test"), -(-count // len(DOMAINS))) for d in DOMAINS]
    asked = [example.prompt for row in zip(*columns, strict=True) for example in row][:count]
    found = {"mode": lm.mode, "prompts": len(asked), "identical": 0, "broken": 0, "rows_equal": 0, "rows_compared": 0}
    for prompt in asked:
        trace = Trace.of(run_both(lm, prompt, DecodeConfig(256, detail=-1)))
        found["identical"] += trace.lossless.verdict == "identical"
        found["broken"] += bool(check(trace))
        found["rows_equal"] += trace.lossless.rows_equal
        found["rows_compared"] += trace.lossless.rows_compared
    return found


def products(shape: str) -> list[dict[str, Any]]:
    """Each layer's product by slices and by launch configuration."""
    from benchmarks.gpu import timing
    from orthrus.gpu.device import CudaDevice

    where = torch.device(WHERE)
    return timing.products(SHAPES[shape], CudaDevice(where), where)


def dependent(shape: str) -> dict[str, Any]:
    """Programmatic dependent launch: the same bits as without it? And the times of both."""
    from benchmarks.gpu.timing import Timed
    from kernels import triton_common

    if torch.cuda.get_device_capability() < triton_common.PDL_CAPABILITY:
        return {"able": False}
    before, logits, ms = triton_common.PDL, {}, {}
    try:
        with weights(shape) as model:
            for on in (False, True):
                triton_common.PDL, timed = on, Timed(model)
                cycle, graph = timed.sequence(model.config.block_size, CONTEXT)
                timed.at(cycle, CONTEXT)
                graph.replay()
                timed.runner.device.drain()
                logits[on] = timed.runner.graph.out.verify.clone()
                ms[on] = round(timed.ms((cycle, graph), CONTEXT), 4)
                del timed, cycle, graph
    finally:
        triton_common.PDL = before
    same = (logits[False].view(torch.int32) == logits[True].view(torch.int32)).all(dim=-1)
    return {"able": True, "rows_equal": int(same.sum()), "of": len(same), "ms": ms[False], "ms_dependent": ms[True]}


def peer(shape: str, tokens: int = 64) -> dict[str, Any]:
    """transformers' generate, sdpa and its own cache, greedy, behind CONTEXT tokens: tokens a second, the best of 3."""
    from transformers import AutoModelForCausalLM, Qwen3Config

    from benchmarks.gpu.timing import seconds_of

    skipped = ("architectures", "model_type", "mask_token_id", "block_size", "eos_token_id", "rope_theta")
    config = Qwen3Config(**{k: v for k, v in SHAPES[shape].to_json().items() if k not in skipped})
    with torch.device(WHERE):
        other = AutoModelForCausalLM.from_config(config, dtype=BF16, attn_implementation="sdpa").eval()
    ids = torch.arange(CONTEXT, device=WHERE)[None] + 100
    how = {"attention_mask": torch.ones_like(ids), "do_sample": False}

    def seconds(count: int) -> float:
        return seconds_of(lambda: other.generate(ids, max_new_tokens=count, min_new_tokens=count, **how))

    seconds(4)
    best = min(seconds(tokens + 1) - seconds(1) for _ in range(3))  # the prompt is not counted
    return {"tokens_per_s": round(tokens / best, 1)}


def first_token(shape: str) -> float:
    """Seconds from a loaded model to the first token, kernels compiled before; for a process of its own."""
    from benchmarks.gpu.timing import seconds_of
    from orthrus.config import DecodeConfig
    from orthrus.gpu.device import CudaDevice
    from orthrus.gpu.runner import Runner

    model = random_module(shape, "bfloat16", WHERE)

    def run() -> None:
        runner = Runner(model, CudaDevice(model.device))
        runner.prepare(1000, model.config.block_size, False)
        runner.prefill(range(100, 100 + CONTEXT), DecodeConfig())

    return seconds_of(run)


def first_token_elsewhere(shape: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.gpu.suite", "--first-token", shape]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    return {"seconds": round(json.loads(done.stdout.splitlines()[-1])["seconds"], 3)}
