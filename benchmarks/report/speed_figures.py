"""The tables and sentences of docs/performance.md and of README's speed, from the results of the speed benchmarks.

Each function returns Markdown; a result that is not there yet gives a sentence that says so.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from benchmarks.report import tables
from benchmarks.report.charts import charts
from benchmarks.report.tables import counted, table


def where(f: dict[str, Any]) -> str:
    """Machine, versions, commit and command of a result."""
    machine, v = f["machine"], f["versions"]
    versions = ", ".join(f"{name} {v[name]}" for name in ("torch", "transformers", "llama-cpp-python") if name in v)
    return (
        f"{machine['device']}, {machine['cores']} cores, {machine['simd']}; engine {f['engine']}; {versions}; "
        f"commit {f['commit']}; {f['measured_at'][:10]}; `{f['command']}`."
    )


measured = partial(tables.measured, closing=where)


def _columns(f: dict[str, Any]) -> list[tuple[str, str]]:
    return [(threads, domain) for threads, domains in f["threads"].items() for domain in domains]


def _speeds(f: dict[str, Any], columns: list[tuple[str, str]], ways: list[str]) -> str:
    """A row per way, tokens/s and ratio to AR per column, and in how many texts it agrees with AR."""
    found = [f["threads"][threads][domain] for threads, domain in columns]
    head = [
        f"{domain}, {counted(threads)}{more}" for threads, domain in columns for more in (", tokens/s", ", over AR")
    ]
    rows = []
    for way in ways:
        cells = [column["ways"][way] for column in found]
        same = sum(c["same_text"] for c in cells), sum(column["prompts"] for column in found)
        figures = [x for c in cells for x in (f"{c['tokens_per_s']:.0f}", f"{c['over_ar']:.2f}")]
        rows.append([way, *figures, f"{same[0]} of {same[1]}"])
    return table(["way", *head, "same text as AR"], rows)


def _every_way(f: dict[str, Any]) -> str:
    """Every way, with each number of threads and on each kind of text."""
    columns = _columns(f)
    return _speeds(f, columns, list(f["threads"][columns[0][0]][columns[0][1]]["ways"]))


def _targets(f: dict[str, Any]) -> str:
    """What was wanted beside what was found."""
    rows = [
        [t["target"], t["domain"], t["threads"], f"at least {t['wanted']:g}", f"{t['found']:.2f}", _met(t)]
        for t in f["targets"]
    ]
    return table(["ratio", "text", "threads", "wanted", "found", "met"], rows)


def _met(target: dict[str, Any]) -> str:
    return "yes" if target["met"] else "no"


speed, targets = measured("cpu-speed")(_every_way), measured("cpu-speed")(_targets)
speed_avx2, targets_avx2 = measured("cpu-speed-avx2")(_every_way), measured("cpu-speed-avx2")(_targets)


@measured("cpu-speed")
def detail(f: dict[str, Any]) -> str:
    """What reading the logits for the eye adds to an answer."""
    rows = []
    for threads, domains in f["threads"].items():
        found = domains["math"]["ratios"]
        for level in (0, 1):
            low, high = found[f"price of detail {level}, nine of ten"]
            rows.append([threads, level, f"{found[f'price of detail {level}']:.1%}", f"{low:.1%} to {high:.1%}"])
    return table(["threads", "detail", "longer by", "nine of ten medians"], rows)


def _rows(f: dict[str, Any]) -> str:
    """What a pass costs by its rows, what a cycle of that many positions must bring and could win."""
    brings, rows = f.get("tokens_per_cycle", {}), []
    for threads, found in f["threads"].items():
        for p in found["passes"]:
            cells = [threads, p["rows"], f"{p['verify_ms']:g}", f"{p['verify_steps']:.1f}"]
            cells += [f"{p['break_even']:.1f}", f"{p['at_best']:.2f}"] if p["rows"] > 1 else ["-", "-"]
            cells += [brings.get(str(p["rows"]), "-")] if brings else []
            rows.append([*cells, f"{p['floor_ms']:g}", p["bound_by"], f"{p['over_floor']:.1f}"])
    head = ["threads", "rows", "verify pass, ms", "AR steps", "break-even, tokens a cycle", "at best, over AR"]
    head += [f"{f['domain']}: tokens a cycle"] if brings else []
    return table([*head, "floor, ms", "bound by", "over floor"], rows)


def _rates(f: dict[str, Any]) -> str:
    said = []
    for threads, found in f["threads"].items():
        r = found["rates"]
        said.append(
            f"With {counted(threads)} it reads {r['cached_gb_per_s']:g} GB/s from 8 MiB, {r['pass_gb_per_s']:g} from a "
            f"buffer of the size of a one-row pass, {r['uncached_gb_per_s']:g} from 512 MiB, and multiplies "
            f"{r['tile_gflop_per_s']:g} GFLOP/s in the engine's tiles, {r['onednn_gflop_per_s']:g} in oneDNN."
        )
    return " ".join(said)


@measured("row-costs")
def row_costs(f: dict[str, Any]) -> str:
    """The embedded model, which lies in the cache."""
    return f"{_rows(f)}\n\n{_rates(f)}"


@measured("row-costs-0.6b")
def row_costs_large(f: dict[str, Any]) -> str:
    """A model that does not."""
    return f"{_rows(f)}\n\n{_rates(f)}"


@measured("row-costs")
def break_even(f: dict[str, Any]) -> str:
    """One sentence per number of threads."""
    said = []
    for threads, found in f["threads"].items():
        p = found["passes"][-1]
        said.append(
            f"With {counted(threads)} a pass of {p['rows']} rows costs {p['verify_steps']:.0f} single rows, so a cycle "
            f"of {p['rows']} must bring {p['break_even']:.0f} tokens to break even; on {f['domain']} it brings "
            f"{f['tokens_per_cycle'][str(p['rows'])]:.0f}, and it can never bring more than {p['rows']}."
        )
    return " ".join(said)


@measured("company")
def company(f: dict[str, Any]) -> str:
    """Alone and beside one busy process."""
    rows = [[way, f"{r['quiet']:.0f}", f"{r['busy']:.0f}", f"{r['share']:.2f}"] for way, r in f["ways"].items()]
    return table(["way", "alone, tokens/s", "beside a busy process", "share"], rows)


@measured("start")
def start(f: dict[str, Any]) -> str:
    """How a model begins, what a large one takes."""
    rows = [[t["target"], f"at most {t['wanted']:g}", f"{t['found']:g}", _met(t)] for t in f["targets"]]
    large = f["large"]
    return (
        f"{table(['figure', 'wanted', 'found', 'met'], rows)}\n\nThe large checkpoint: {f['shape']}, "
        f"{large['file_bytes'] / 1e9:.2f} GB in bfloat16, loaded in {large['load_s']:g} s; a step takes "
        f"{large['step_ms']:g} ms, the products of the prompt alone {large['products_ms']:g} ms."
    )


@measured("growth")
def growth(f: dict[str, Any]) -> str:
    """A plot and a sentence a regime, with the measured figures in it."""
    parts = []
    for name, chart in charts(f).items():
        said = " ".join(
            SENTENCES[name](counted(threads), figures) for threads, figures in f["threads"].items() if figures.get(name)
        )
        parts.append(f"![{chart.title}](plots/{name}.svg)\n\n{LIMITS[name]} {said}")
    return "\n\n".join(parts)


LIMITS = {
    "context": "Every position adds keys and values to read; a pass of a block shares that reading among its rows.",
    "acceptance": "A cycle costs the same whatever stands of it: speed-up grows in step with the tokens it brings.",
    "length": "Eight proposals stand in every cycle. A short answer is mostly prefill, which both lanes share.",
    "size": "Random weights. Larger models leave the caches: a single row waits for memory, those beside it cost less.",
}


NOISE = 0.1  # of a time: what two measurements of one pass differ by on a machine that others use, too


def _ends(rows: list[dict[str, Any]], figure: str) -> tuple[float, float]:
    return rows[0][figure], rows[-1][figure]


def _context(threads: str, f: dict[str, Any]) -> str:
    (low, high), (ar, ar_far), (block, block_far) = (
        _ends(f["context"], name) for name in ("context", "ar_ms", "verify_ms")
    )
    step, verify = _way(ar, ar_far), _way(block, block_far)
    return f"From {low} to {high} positions the AR step {step}, the verify pass {verify} ({threads})."


def _way(near: float, far: float) -> str:
    """Two times of one pass as words; a difference that two timings of the same pass can have is called none."""
    if abs(far - near) <= NOISE * near:
        return f"stays where it is ({near:g} and {far:g} ms, a difference within the noise)"
    return f"goes from {near:g} to {far:g} ms"


def _acceptance(threads: str, f: dict[str, Any]) -> str:
    low, high = f["acceptance"][0], f["acceptance"][-1]
    (low, slow), (high, fast) = ((row["accepted"], row["speedup"]) for row in (low, high))
    return f"{low} accepted: {slow:g}x, {high} accepted: {fast:g}x ({threads})."


def _length(threads: str, f: dict[str, Any]) -> str:
    rows, last = f["length"], f["length"][-1]
    longest_lost = max((i for i, row in enumerate(rows) if row["speedup"] <= 1), default=-1)
    won = rows[longest_lost + 1 :]
    begins = f"Orthrus is ahead from {won[0]['tokens']} tokens on" if won else "Orthrus is never ahead"
    return (
        f"{begins}; the first token takes {last['first_token_orthrus_ms']:g} ms against AR's "
        f"{last['first_token_ar_ms']:g} ms ({threads})."
    )


def _size(threads: str, f: dict[str, Any]) -> str:
    named = ", ".join(f"{row['shape']} {row['break_even_accepted']:g}" for row in f["size"])
    return f"Break-even acceptance: {named} ({threads})."


SENTENCES = {
    "context": _context,
    "acceptance": _acceptance,
    "length": _length,
    "size": _size,
}


FIGURES = {
    "speed": speed,
    "targets": targets,
    "speed_avx2": speed_avx2,
    "targets_avx2": targets_avx2,
    "detail": detail,
    "row_costs": row_costs,
    "row_costs_large": row_costs_large,
    "break_even": break_even,
    "company": company,
    "start": start,
    "growth": growth,
}
