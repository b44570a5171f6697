"""The tables and sentences of docs/performance.md and of README's speed, from the results of the speed benchmarks.

Each function returns Markdown; a result that is not there yet gives a sentence that says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def read(name: str) -> dict[str, Any]:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def table(head: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(map(str, line)) + " |" for line in (head, ["--"] * len(head), *rows)]
    return "\n".join(lines)


def measured(name: str) -> Callable:
    """Give the function results/<name>.json, or say that it has not been measured."""

    def around(render: Callable[[dict[str, Any]], str]) -> Callable[[], str]:
        def found() -> str:
            if not (RESULTS / f"{name}.json").exists():
                return "Not measured yet for this version; the command above writes the figures."
            result = read(name)
            return f"{render(result)}\n\n{where(result)}"

        return found

    return around


def where(f: dict[str, Any]) -> str:
    """Machine, versions, commit and command of a result."""
    threads = {d: found["threads"] for d, found in f["dtypes"].items() if "threads" in found} or f.get("threads", {})
    counts = ", ".join(f"{d} {n}" for d, n in threads.items())
    machine, versions = f["machine"], f["versions"]
    return (
        f"{machine['device']}, {machine['cores']} cores, {machine['simd']}; threads: {counts}; mode {f['mode']}; "
        f"torch {versions['torch']}, transformers {versions['transformers']}; commit {f['commit']}; "
        f"{f['measured_at'][:10]}; `{f['command']}`."
    )


@measured("cpu-speed")
def speed(f: dict[str, Any]) -> str:
    """A row per way, a pair of columns per dtype and domain."""
    columns = [(dtype, domain) for dtype, domains in f["dtypes"].items() for domain in domains]
    head = [
        "way",
        "K",
        *(f"{domain}, {dtype}, tokens/s{more}" for dtype, domain in columns for more in ("", " over AR")),
    ]
    head = [name.replace("tokens/s over AR", "over AR") for name in head]
    first = f["dtypes"][columns[0][0]][columns[0][1]]
    rows = []
    for way, found in first.items():
        if "over_ar" in found:
            cells = [f["dtypes"][dtype][domain][way] for dtype, domain in columns]
            figures = [x for c in cells for x in (f"{c['tokens_per_s']:.0f}", f"{c['over_ar']:.2f}")]
            rows.append([way, found["K"], *figures])
    return table(head, rows)


@measured("cpu-speed")
def targets(f: dict[str, Any]) -> str:
    """What was wanted beside what was found."""
    rows = [
        [t["target"], t["dtype"], f"{t['bound']} {t['wanted']:g}", f"{t['found']:.3f}", "yes" if t["met"] else "no"]
        for t in f["targets"]
    ]
    return table(["target", "dtype", "wanted", "found", "met"], rows)


@measured("floor")
def floor(f: dict[str, Any]) -> str:
    """Bytes, FLOPs, milliseconds and measured / floor of each pass."""
    rows = [[dtype, name, *p.values()] for dtype, found in f["dtypes"].items() for name, p in found["passes"].items()]
    rates = "; ".join(
        f"{dtype} reads {found['copy_gb_per_s']} GB/s and multiplies {found['gflop_per_s']} GFLOP/s"
        for dtype, found in f["dtypes"].items()
    )
    head = ["dtype", "pass", "MiB", "MFLOP", "ms", "floor, ms", "bound by", "measured / floor"]
    return f"{table(head, rows)}\n\nIn the same run, over a buffer of one pass's size: {rates}."


@measured("profile")
def profile(f: dict[str, Any]) -> str:
    """The wins one upon the other, and the operators before and after."""
    wins = [[dtype, *row.values()] for dtype, found in f["dtypes"].items() for row in found["wins"]]
    shares = [
        [dtype, name, row["operator"], f"{row['share']:.0%}", row["calls"]]
        for dtype, found in f["dtypes"].items()
        for name, rows in found["operators"].items()
        for row in (*rows[:4], rows[-1])
    ]
    first = table(["dtype", "pass", "with", "ms", "over before"], wins)
    return f"{first}\n\n{table(['dtype', 'pass', 'operator', 'share of time', 'calls a pass'], shares)}"


@measured("profile")
def instruments(f: dict[str, Any]) -> str:
    """What reading the logits for the eye adds to a cycle."""
    rows = [
        [
            dtype,
            row["detail"],
            row["cycle_ms"],
            f"{row['over_without'] - 1:.1%}",
            row["alone_ms"],
            row["log_softmaxes_ms"],
        ]
        for dtype, found in f["dtypes"].items()
        for row in found["instruments"]
        if row["detail"] >= 0
    ]
    head = ["dtype", "detail", "cycle, ms", "over none", "readings alone, ms", "of them log-softmax, ms"]
    return table(head, rows)


@measured("growth")
def growth(f: dict[str, Any]) -> str:
    """A plot and a sentence a regime, with the measured figures in it."""
    from benchmarks.plots import charts

    parts = []
    for name, chart in charts(f).items():
        said = " ".join(
            SENTENCES[name](dtype, figures) for dtype, figures in f["dtypes"].items() if figures.get(_part(name))
        )
        parts.append(f"![{chart.title}](plots/{name}.svg)\n\n{LIMITS[name]} {said}")
    return "\n\n".join(parts)


def _part(name: str) -> str:
    return "block" if name == "break-even" else name


LIMITS = {
    "context": "Every position adds keys and values to read; a pass of a block shares that reading among its rows.",
    "block": "Few rows are bound by reading the weights, many by multiplication, where each row costs its share.",
    "break-even": "The proposals a cycle must accept so that Orthrus is as quick as AR.",
    "acceptance": "A cycle costs the same whatever stands of it: speed-up grows in step with the tokens it brings.",
    "length": "Eight proposals stand in every cycle. A short answer is mostly prefill, which both lanes share.",
    "size": "Random weights: larger models leave the caches, so that reading weights costs more than their products.",
}


NOISE = 0.1  # of a time: what two measurements of one pass differ by on a machine that others use, too


def _ends(rows: list[dict[str, Any]], figure: str) -> tuple[float, float]:
    return rows[0][figure], rows[-1][figure]


def _context(dtype: str, f: dict[str, Any]) -> str:
    (low, high), (ar, ar_far), (block, block_far) = (
        _ends(f["context"], name) for name in ("context", "ar_ms", "verify_ms")
    )
    step, verify = _way(ar, ar_far), _way(block, block_far)
    return f"From {low} to {high} positions the AR step {step}, the verify pass {verify} ({dtype})."


def _way(near: float, far: float) -> str:
    """Two times of one pass as words; a difference that two timings of the same pass can have is called none."""
    if abs(far - near) <= NOISE * near:
        return f"stays where it is ({near:g} and {far:g} ms, a difference within the noise)"
    return f"goes from {near:g} to {far:g} ms"


def _block(dtype: str, f: dict[str, Any]) -> str:
    first, last = f["block"][0], f["block"][-1]
    return f"{last['K']} rows cost {last['verify_ms'] / first['ar_ms']:.2f} AR steps in a verify pass ({dtype})."


def _break_even(dtype: str, f: dict[str, Any]) -> str:
    return f"At K = {f['block'][-1]['K']} it is {f['block'][-1]['break_even_accepted']:g} ({dtype})."


def _acceptance(dtype: str, f: dict[str, Any]) -> str:
    low, high = f["acceptance"][0], f["acceptance"][-1]
    return (
        f"{low['accepted']} accepted: {low['speedup']:g}x, {high['accepted']} accepted: {high['speedup']:g}x ({dtype})."
    )


def _length(dtype: str, f: dict[str, Any]) -> str:
    rows, last = f["length"], f["length"][-1]
    longest_lost = max((i for i, row in enumerate(rows) if row["speedup"] <= 1), default=-1)
    won = rows[longest_lost + 1 :]
    begins = f"Orthrus is ahead from {won[0]['tokens']} tokens on" if won else "Orthrus is never ahead"
    return (
        f"{begins}; the first token takes {last['first_token_orthrus_ms']:g} ms against AR's "
        f"{last['first_token_ar_ms']:g} ms ({dtype})."
    )


def _size(dtype: str, f: dict[str, Any]) -> str:
    named = ", ".join(f"{row['shape']} {row['break_even_accepted']:g}" for row in f["size"])
    return f"Break-even acceptance: {named} ({dtype})."


SENTENCES = {
    "context": _context,
    "block": _block,
    "break-even": _break_even,
    "acceptance": _acceptance,
    "length": _length,
    "size": _size,
}
FIGURES = {
    "speed": speed,
    "targets": targets,
    "floor": floor,
    "profile": profile,
    "instruments": instruments,
    "growth": growth,
}
