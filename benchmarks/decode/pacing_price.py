"""What `--pace` costs and brings, computed from recorded runs: no model, no clock.

    python -m benchmarks.decode.pacing_price

A recording says how far the drafts of whole blocks stood; from any place inside what was accepted, a draft is taken to
stand as far as the recorded one did. So any policy of block sizes can be priced over the same text, in AR steps. Pass
costs are assumed tables, from a model that lies in a CPU's cache, whose rows are not free, to a device whose rows are.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, table
from orthrus.decoding.block_size import AdaptiveBlockSize, Costs
from orthrus.trace import Trace
from orthrus.trace.files import load

ROWS = (1, 4, 8, 16, 24, 32)
TABLES = {  # AR steps a draft and a verify pass of ROWS rows cost
    "cached": Costs(ROWS, (0, 2.1, 4.2, 8.2, 11.5, 15.5), (1, 2.1, 4.2, 8.2, 11.5, 15.5)),
    "steep": Costs(ROWS, (0, 1.2, 1.3, 1.7, 2.2, 2.6), (1, 1.25, 1.35, 1.8, 2.3, 2.9)),
    "middle": Costs(ROWS, (0, 1.0, 1.1, 1.5, 2.1, 2.7), (1, 1.02, 1.12, 1.6, 2.2, 2.9)),
    "flat": Costs(ROWS, (0, 1.1, 1.2, 1.4, 1.6, 1.8), (1, 1.1, 1.2, 1.4, 1.7, 1.8)),
}


def standing(trace: Trace) -> list[int]:
    """For each token behind the first: how many proposals of a draft made there stand."""
    return [c.verdict.n_accept - i for c in trace.cycles if c.verdict for i in range(c.verdict.n_commit)]


def price(stands: list[int], costs: Costs, block: int, pacer: AdaptiveBlockSize | None = None) -> float:
    """AR steps that writing the text costs in blocks of `block` positions, or in those the pacer asks for."""
    at, spent = 0, 0.0
    while at < len(stands):
        asked = min(pacer.block() if pacer else block, len(stands) - at)
        size = next(i for i, rows in enumerate(costs.rows) if rows >= asked)
        accepted = min(stands[at], asked - 1)
        spent += costs.cycle(size) / costs.cycle(0)
        if pacer:
            pacer.observe(asked - 1, accepted)
        at += accepted + 1
    return spent


def speedups(stands: list[int], costs: Costs) -> tuple[float, float]:
    """Speed-up over AR of whole blocks and of paced ones."""
    block = costs.rows[-1]
    return len(stands) / price(stands, costs, block), len(stands) / price(
        stands, costs, block, AdaptiveBlockSize(costs, block)
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--traces", type=Path, default=ROOT / "assets" / "traces")
    args = parser.parse_args()
    rows: list[list[Any]] = []
    for path in sorted(args.traces.glob("*.jsonl.gz")):
        stands = standing(load(path))
        if stands:
            found = [speedups(stands, costs) for costs in TABLES.values()]
            rows.append([path.name.split(".")[0], len(stands), *(value for pair in found for value in pair)])
    print(table(["recording", "tokens", *(f"{name}, {how}" for name in TABLES for how in ("K = 32", "paced"))], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
