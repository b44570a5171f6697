"""The figures of docs/gpu.md, from what benchmarks/gpu_suite.py has written."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.speed_figures import RESULTS, table

MISSING = "Not measured yet: no GPU was at hand. The command above writes the figures."


def gpu() -> str:
    """Correctness, targets, and a row per shape and context; a quick look is not published."""
    path = RESULTS / "gpu.json"
    if not path.exists():
        return MISSING
    result = json.loads(path.read_text(encoding="utf-8"))
    if result["quick"]:
        raise ValueError("gpu.json comes from --quick; measure it in full")
    return rendered(result)


def rendered(f: dict[str, Any]) -> str:
    right = [
        [f"rows of {shape}", f"{r['rows_equal']} of {r['of']} equal in every bit"] for shape, r in f["rows"].items()
    ]
    for dtype, p in f["prompts"].items():
        rows = f"{p['rows_equal']:,} of {p['rows_compared']:,} logit rows equal in every bit"
        right.append([f"prompts, {dtype}", f"{p['identical']} of {p['prompts']} identical, {rows}"])
    wanted = [
        [t["target"], f"{t['at_most']:g}", f"{t['found']:.3f}", "yes" if t["met"] else "no"] for t in f["targets"]
    ]
    names = ("context", "step_ms", "step_floor_ms", "step_over_floor", "cycle_ms", "cycle_floor_ms", "cycle_over_floor")
    times = [[shape, *(row[n] for n in names)] for shape, s in f["speed"].items() for row in s["by_context"]]
    names = ("copy_gb_per_s", "ar_tokens_per_s", "transformers_tokens_per_s")
    rates = []
    for shape, s in f["speed"].items():
        costs = (s["telling_the_host"], s["price_of_exactness"]["step"], s["price_of_exactness"]["cycle"])
        rates.append([shape, *(s[name] for name in names), *(f"{cost:.1%}" for cost in costs)])
    head = ["shape", "GB/s copied", "AR tokens/s", "transformers tokens/s", "telling the host", "exact step costs"]
    cut = [
        [shape, s["layer"], f"{s['columns']:,} x {s['depth']:,}", s["in_the_table"], *_by_slices(s["microseconds"])]
        for shape, f_shape in f["speed"].items()
        for s in f_shape["slices"]
    ]
    parts = [
        table(["what", "found"], right),
        table(["target", "at most", "found", "met"], wanted),
        table(["shape", "context", "AR step, ms", "floor", "over floor", "cycle, ms", "floor", "over floor"], times),
        table([*head, "exact cycle costs"], rates),
        table(["shape", "layer", "weight", "slices used", "1: us", "2: us", "4: us", "8: us"], cut),
        *(f"{shape} was not measured: {why}." for shape, why in f["not_measured"].items()),
        f"{f['machine']['device']}, torch {f['versions']['torch']}, transformers {f['versions']['transformers']}; "
        f"commit {f['commit']}; {f['measured_at'][:10]}; `{f['command']}`; {f['seconds']} s in all.",
    ]
    return "\n\n".join(parts)


def _by_slices(microseconds: dict[str, float]) -> list[str]:
    return [f"{microseconds[n]:g}" if n in microseconds else "" for n in ("1", "2", "4", "8")]
