"""What a pass of 1 to 32 rows costs on this CPU, the break-even that follows, and the best that acceptance could bring.

    python -m benchmarks.decode.row_costs
    python -m benchmarks.decode.row_costs --model 0.6b --repeats 5    # random weights: beyond the caches
    python -m benchmarks.decode.row_costs --quick

A cycle of K positions is a draft and a verify pass of K rows. With passes priced in AR steps, its price is also the
tokens it must bring to break even, and K over that price is the most it could win: no acceptance does better. A
checkpoint also decodes prompts of `--domain` with each K, for the tokens a cycle does bring.

The floor of a pass is its bytes over the rate at which a buffer of that size is read, or its products over the best
rate of this run, the engine's own tiles or oneDNN's matrices, whichever takes longer. Reading a buffer that fits the
last cache and one that does not stand beside it: the first rate says nothing about a model that does not fit.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from benchmarks.decode.floor import copy_rate, product_rate
from benchmarks.harness import RESULTS, SHAPES, facts, shaped, table, thread_counts, weight_count, write
from kernels.numba_groups import grouped
from kernels.numba_linear import _linear, pool_of
from orthrus.checkpoints.loading import LoadedModel, load_model
from orthrus.config import EMBEDDED_MODEL, DecodeConfig
from orthrus.corpus import generate
from orthrus.decoding.engine import decode
from orthrus.decoding.pass_costs import warm_up
from orthrus.evaluation.domains import dialogue
from orthrus.gpu.cost import work
from orthrus.model.compiled_model import CompiledModel
from orthrus.trace import Trace, metrics

ROWS = (1, 2, 4, 8, 16, 32)
CACHED, UNCACHED = 8 << 20, 512 << 20  # bytes; last caches of CPUs lie between
TILE = {"rows": 30, "inputs": 256, "outputs": 2048}  # whole tiles of 6 rows, weights of 1 MiB
SECONDS = 0.4  # that products are timed for


def in_turn(runs: dict[Any, Callable[[], Any]], repeats: int, burst: int = 1) -> dict[Any, float]:
    """Median seconds of each run. They take turns, so that a slow moment hits all of them; two rounds warm up.

    A turn is as many calls as `warm_up` takes, then `burst` calls that are counted: decoding repeats a pass, too.
    """
    spent: dict[Any, list[float]] = {key: [] for key in runs}
    for number in range(repeats + 2):
        for key, run in runs.items():
            warm_up(run)
            for _ in range(burst):
                began = time.perf_counter()
                run()
                if number > 1:
                    spent[key].append(time.perf_counter() - began)
    return {key: median(found) for key, found in spent.items()}


@torch.inference_mode()
def pass_times(model: CompiledModel, context: int, repeats: int) -> dict[int, tuple[float, float]]:
    """Rows -> seconds of a draft and of a verify pass over a cache of zeros, the choice of tokens included.

    Steps of one row are repeated as AR does; with more rows a draft and a verify pass alternate as in a cycle.
    """
    sizes = [rows for rows in ROWS if rows <= model.config.block_size]
    cache = model.new_cache(context + max(sizes))
    cache.appended(context)
    drafts: dict[int, list[float]] = {rows: [] for rows in sizes}

    def cycle_of(rows: int) -> None:
        began = time.perf_counter()
        if rows > 1:
            model.argmax(model.forward_diffusion(ids[rows], cache, rows - 1))
        drafts[rows].append(time.perf_counter() - began)
        model.argmax(model.forward_ar(ids[rows], cache))
        cache.crop(context)

    ids = {rows: torch.zeros(rows, dtype=torch.int64) for rows in sizes}
    found = in_turn({rows: partial(cycle_of, rows) for rows in sizes}, repeats, burst=3)
    drafted = {rows: median(drafts[rows]) if rows > 1 else 0.0 for rows in sizes}
    return {rows: (drafted[rows], found[rows] - drafted[rows]) for rows in sizes}


def cycle(rows: int, draft: float, verify: float, step: float) -> dict[str, float]:
    """A cycle of `rows` positions in AR steps, and the most it could win: every position a token."""
    price = (draft + verify) / step
    return {"verify_steps": round(verify / step, 2), "break_even": round(price, 2), "at_best": round(rows / price, 2)}


def tile_rate(threads: int, seconds: float = SECONDS) -> float:
    """FLOPs per second of the engine's tiles, weights in the cache, one product per thread at a time."""
    pool = pool_of(torch.ones(TILE["outputs"], TILE["inputs"], dtype=torch.bfloat16))
    _linear(pool, *_operands())

    def repeated(_: int) -> int:
        x, y = _operands()
        count, until = 0, time.perf_counter() + seconds
        while time.perf_counter() < until:
            _linear(pool, x, y)
            count += 1
        return count

    with ThreadPoolExecutor(threads) as threads_of:
        done = sum(threads_of.map(repeated, range(threads)))
    return done * 2 * TILE["rows"] * TILE["inputs"] * TILE["outputs"] / seconds


def _operands() -> tuple[np.ndarray, np.ndarray]:
    x = np.ones((TILE["rows"], TILE["inputs"]), np.float32)
    return grouped(x), np.empty((TILE["rows"], TILE["outputs"]), np.float32)


def rates(threads: int, pass_bytes: int) -> dict[str, float]:
    """What this machine reads (GB/s, by size of the buffer) and multiplies (GFLOP/s) with `threads` threads."""
    torch.set_num_threads(threads)
    gigabytes = {"cached": CACHED, "uncached": UNCACHED, "pass": min(pass_bytes, 2 * UNCACHED)}
    found = {f"{name}_gb_per_s": copy_rate(size, "cpu") / 1e9 for name, size in gigabytes.items()}
    found |= {
        "tile_gflop_per_s": tile_rate(threads) / 1e9,
        "onednn_gflop_per_s": product_rate(torch.float32, "cpu") / 1e9,
    }
    return {name: round(rate, 1) for name, rate in found.items()}


def measure(model: CompiledModel, args: argparse.Namespace) -> dict[str, Any]:
    """One number of threads: rates, then a row per number of rows."""
    c, item = model.config, model.dtype.itemsize
    spent = pass_times(model, args.context, args.repeats)
    found = rates(model.threads, work(c, 1, args.context, item, 1).bytes)
    best = max(found["tile_gflop_per_s"], found["onednn_gflop_per_s"])
    passes = []
    for rows, (draft, verify) in spent.items():
        w = work(c, rows, args.context, item, rows)
        wider = (4 - item) * c.kv_bytes_per_position  # keys and values are float32
        moved = w.bytes + wider * (args.context + 2 * rows)
        read, multiplied = moved / found["pass_gb_per_s"] / 1e9, w.flops / best / 1e9
        floor = max(read, multiplied)
        passes.append(
            {"rows": rows, "verify_ms": round(verify * 1e3, 3), "draft_ms": round(draft * 1e3, 3)}
            | cycle(rows, draft, verify, spent[1][1])
            | {"mib": round(moved / 2**20, 1), "mflop": round(w.flops / 1e6, 1), "floor_ms": round(floor * 1e3, 3)}
            | {"bound_by": "bytes" if read > multiplied else "products", "over_floor": round(verify / floor, 2)}
        )
    return {"rates": found, "passes": passes}


def tokens_per_cycle(lm: LoadedModel, domain: str, prompts: int) -> dict[str, float]:
    """K -> tokens a cycle brings in greedy decoding; no clock, the same on every machine."""
    asked = [dialogue(e) for e in islice(generate(domain, 5, "test"), prompts)]
    found = {}
    for rows in (rows for rows in ROWS if 1 < rows <= lm.config.block_size):
        runs = [
            metrics.measure(Trace.of(decode(lm, each, DecodeConfig(128, block_size=rows, detail=-1)))) for each in asked
        ]
        found[str(rows)] = round(sum(m.tokens - 1 for m in runs) / sum(m.cycles for m in runs), 2)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(EMBEDDED_MODEL), help=f"a checkpoint, or one of {', '.join(SHAPES)}")
    parser.add_argument("--dtype", default="bfloat16", help="of random weights")
    parser.add_argument("--threads", default="", help="numbers of threads, by comma (default: 1 and all cores)")
    parser.add_argument("--context", type=int, default=150)
    parser.add_argument("--domain", default="math")
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--quick", action="store_true", help="two repeats, one prompt")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if args.quick:
        args.repeats, args.prompts = 2, 1
    counts = thread_counts(args.threads)
    lm = None if args.model in SHAPES else load_model(args.model, "cpu", engine="numba")
    model = lm.model if lm else shaped(args.model, args.dtype)
    name = args.model if args.model in SHAPES else Path(args.model).name
    result = facts(__doc__) | {"engine": model.engine, "model": name, "parameters": weight_count(model.config)}
    result |= {"dtype": str(model.dtype).removeprefix("torch."), "context": args.context}
    if lm:
        result |= {"domain": args.domain, "tokens_per_cycle": tokens_per_cycle(lm, args.domain, args.prompts)}
    result["threads"] = {str(n): measure(model.with_threads(n), args) for n in counts}
    for threads, found in result["threads"].items():
        print(f"\n{name}, {threads} threads: {found['rates']}")
        print(table(list(found["passes"][0]), [list(row.values()) for row in found["passes"]]), flush=True)
    write(result, args.out or RESULTS / f"row-costs{'-' + name if args.model in SHAPES else ''}.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
