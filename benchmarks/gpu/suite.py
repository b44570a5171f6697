"""Everything that is claimed of a GPU, in stages that fit ten minutes; each is written as soon as it ends.

    python -m benchmarks.gpu.suite --out gpu.json
    python -m benchmarks.gpu.suite --triton compiled --out gpu.json     # kernels compiled before, see below
    python -m benchmarks.gpu.suite --quick                              # the small shape: does it run

First whether it lives: one model captured and replayed in mode exact, or its traceback. Then the headline, bits of
rows, times of the real shapes, and what takes longest last. A stage that fails is recorded with its traceback, and the
next one begins; none begins after --seconds. Random weights of the real shapes in bfloat16, greedy; a floor is the
bytes a pass must move over the copy rate measured here. Needs neither gradio nor plotly nor numba.
A folder for --triton:

    TRITON_CACHE_DIR=compiled python -m orthrus.precompile --shape embedded,1.7b,8b --sm 90
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu import stages
from benchmarks.harness import RESULTS, SHAPES, facts, table, write

SECONDS = 540  # behind this no stage begins
TARGETS = {  # name -> what was wanted at most
    "cycle over floor, 8b": 1.4,
    "cycle over floor, 1.7b": 2.0,
    "AR step over floor, 8b": 1.3,
    "AR step over floor, 1.7b": 1.3,
    "telling the host": 0.03,
    "price of exactness, AR step": 0.10,
    "first token, seconds": 2.0,
}
Stage = Callable[[], Any]


def plan(shapes: list[str], quick: bool) -> dict[str, Stage]:
    """name -> stage, in their order; `shapes` are those that fit."""
    contexts, count = (stages.CONTEXTS[:1], 4) if quick else (stages.CONTEXTS, 20)
    first = shapes[:1]
    found: dict[str, Stage] = {"ground": stages.ground, "alive": stages.alive}
    found |= {f"headline {s}": lambda s=s: stages.times(s, stages.CONTEXTS[:1]) for s in first}
    found["rows"] = lambda: stages.rows(shapes, stages.FEW_LENGTHS, 4)
    found |= {f"times {s}": lambda s=s: stages.times(s, contexts) for s in shapes}
    found |= {f"costs {s}": lambda s=s: stages.costs(s) for s in shapes}
    found["prompts bfloat16"] = lambda: stages.prompts(count, "bfloat16")
    found |= {f"dependent launches {s}": lambda s=s: stages.dependent(s) for s in first}
    found |= {f"products {s}": lambda s=s: stages.products(s) for s in shapes}
    found["all rows"] = lambda: stages.rows(shapes, stages.LENGTHS, 1)
    found["prompts float32"] = lambda: stages.prompts(max(1, count // 4), "float32")
    found |= {f"transformers {s}": lambda s=s: stages.peer(s) for s in first}
    found |= {f"first token {s}": lambda s=s: stages.first_token_elsewhere(s) for s in first}
    return found


def run(result: dict[str, Any], asked: dict[str, Stage], seconds: float, out: Path) -> None:
    """Every stage in its own try, the file written behind each."""
    began = time.perf_counter()
    for name, stage in asked.items():
        at = time.perf_counter()
        if at - began > seconds:
            result["stages"][name] = {"skipped": f"{seconds:g} s were over"}
        else:
            print(f"{at - began:6.1f} s  {name}", flush=True)
            try:
                record = {"found": stage()}
            except Exception as error:
                print(traceback.format_exc(), flush=True)
                record = {"error": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()[-4000:]}
            result["stages"][name] = record | {"seconds": round(time.perf_counter() - at, 1)}
        result["seconds"] = round(time.perf_counter() - began)
        write(result, out)


def found(result: dict[str, Any], kind: str) -> dict[str, Any]:
    """What the stages of one kind found, by what stands behind the kind's name (a shape, a format, or nothing)."""
    ended = {name: record["found"] for name, record in result["stages"].items() if "found" in record}
    return {name.removeprefix(kind).strip(): value for name, value in ended.items() if name.startswith(kind)}


def targets(result: dict[str, Any]) -> list[dict[str, Any]]:
    """What was wanted, what was found."""
    values: dict[str, float] = {}
    for shape, rows in (found(result, "headline") | found(result, "times")).items():
        values[f"cycle over floor, {shape}"] = rows[0]["cycle_over_floor"]
        values[f"AR step over floor, {shape}"] = rows[0]["step_over_floor"]
    if costs := found(result, "costs").values():
        values["telling the host"] = max(c["telling_the_host"] for c in costs)
        values["price of exactness, AR step"] = max(c["price_of_exactness"]["step"] for c in costs)
    for first in found(result, "first token").values():
        values["first token, seconds"] = first["seconds"]
    return [
        {"target": name, "at_most": most, "found": values[name], "met": values[name] <= most}
        for name, most in TARGETS.items()
        if name in values
    ]


def correct(result: dict[str, Any]) -> bool:
    """Did every stage end, with every row and every prompt equal, in mode exact?"""
    compared = [*found(result, "rows").get("", {}).values(), *found(result, "all rows").get("", {}).values()]
    same = all(r["rows_equal"] == r["of"] > 0 for r in compared)
    runs = found(result, "prompts").values()
    good = all(r["mode"] == "exact" and r["identical"] == r["prompts"] and not r["broken"] for r in runs)
    return same and good and all("error" not in record for record in result["stages"].values())


def show(result: dict[str, Any]) -> None:
    for name, record in result["stages"].items():
        value = record.get("found", record.get("error", record.get("skipped")))
        if isinstance(value, list) and value and name.startswith(("headline", "times")):
            print(f"\n{name}\n" + table(list(value[0]), [list(row.values()) for row in value]))
        else:
            print(f"\n{name}: {json.dumps(value) if 'found' in record else value}"[:3000])
    wanted = [list(row.values()) for row in result["targets"]]
    print("\n" + table(["target", "at most", "found", "met"], wanted) + f"\n{result['seconds']} s in all")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", default="1.7b,8b", help=f"random weights of these shapes: {', '.join(SHAPES)}")
    parser.add_argument("--quick", action="store_true", help="the 0.6b shape, one context, four prompts")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="behind this no stage begins")
    parser.add_argument("--triton", type=Path, help="a folder that orthrus.precompile has filled")
    parser.add_argument("--first-token", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=RESULTS / "gpu.json")
    args = parser.parse_args()
    if not torch.cuda.is_available():
        print("error: there is no CUDA device here; this suite measures one and nothing else", file=sys.stderr)
        return 2
    if args.triton:
        os.environ["TRITON_CACHE_DIR"] = str(args.triton.resolve())  # before triton is imported; children have it, too
    if args.first_token:
        print(json.dumps({"seconds": stages.first_token(args.first_token)}))
        return 0
    asked = ["0.6b"] if args.quick else args.models.split(",")
    shapes = stages.fitting(asked) or stages.fitting(["0.6b"])
    result = facts(__doc__, stages.WHERE) | {"dtype": "bfloat16", "context": stages.CONTEXT, "quick": args.quick}
    result |= {"too_large": [shape for shape in asked if shape not in shapes], "stages": {}, "targets": []}
    run(result, plan(shapes, args.quick), args.seconds, args.out)
    result["targets"] = targets(result)
    show(result)
    write(result, args.out)
    return 0 if correct(result) else 1


if __name__ == "__main__":
    sys.exit(main())
