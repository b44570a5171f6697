"""The figures of docs/gpu.md, from what benchmarks/gpu/suite.py has written."""

from __future__ import annotations

from typing import Any

from benchmarks.gpu.suite import found
from benchmarks.report.tables import measured, table

MISSING = "Not measured. The command above writes the figures."
TIMES = ("context", "step_ms", "step_floor_ms", "step_over_floor", "cycle_ms", "cycle_floor_ms", "cycle_over_floor")


def rendered(f: dict[str, Any]) -> str:
    """Correctness, targets, and a row per shape and context, of the stages that ended; the others by name."""
    tables = {
        ("what", "found"): _right(f),
        ("target", "at most", "found", "met"): [
            [t["target"], f"{t['at_most']:g}", f"{t['found']:.3f}", "yes" if t["met"] else "no"] for t in f["targets"]
        ],
        ("shape", "context", "AR step, ms", "floor", "over floor", "cycle, ms", "floor", "over floor"): [
            [shape, *(row[n] for n in TIMES)]
            for shape, rows in (found(f, "headline") | found(f, "times")).items()
            for row in rows
        ],
        ("shape", "telling the host", "exact step costs", "exact cycle costs"): [
            [shape, *(f"{share:.1%}" for share in (c["telling_the_host"], *c["price_of_exactness"].values()))]
            for shape, c in found(f, "costs").items()
        ],
        ("shape", "layer", "weight", "slices used", "1: us", "2: us", "4: us", "8: us"): [
            [shape, s["layer"], f"{s['columns']:,} x {s['depth']:,}", s["by_the_rule"], *_by_slices(s["microseconds"])]
            for shape, layers in found(f, "products").items()
            for s in layers
        ],
    }
    parts = [table(list(head), rows) for head, rows in tables.items() if rows]
    parts += [f"Stage {name}: {r['error']}." for name, r in f["stages"].items() if "error" in r]
    parts += [f"Stage {name} was not begun: {r['skipped']}." for name, r in f["stages"].items() if "skipped" in r]
    parts += [f"{shape} does not fit this card." for shape in f["too_large"]]
    machine = f"{f['machine']['device']}, torch {f['versions']['torch']}, transformers {f['versions']['transformers']}"
    parts.append(
        f"{machine}; commit {f['commit']}; {f['measured_at'][:10]}; `{f['command']}`; {f['seconds']} s in all."
    )
    return "\n\n".join(parts)


gpu = measured("gpu", MISSING)(rendered)


def _right(f: dict[str, Any]) -> list[list[str]]:
    rows = found(f, "rows").get("", {}) | found(f, "all rows").get("", {})
    right = [[f"rows of {shape}", f"{r['rows_equal']} of {r['of']} equal in every bit"] for shape, r in rows.items()]
    for dtype, p in found(f, "prompts").items():
        equal = f"{p['rows_equal']:,} of {p['rows_compared']:,} logit rows equal in every bit"
        right.append([f"prompts, {dtype}", f"{p['identical']} of {p['prompts']} identical, {equal}"])
    for shape, r in found(f, "transformers").items():
        right.append([f"transformers, {shape}", f"{r['tokens_per_s']} tokens/s"])
    return right


def _by_slices(microseconds: dict[str, float]) -> list[str]:
    return [f"{microseconds[n]:g}" if microseconds.get(n) else "" for n in ("1", "2", "4", "8")]
