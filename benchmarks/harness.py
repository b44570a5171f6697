"""What every benchmark shares: the facts of the machine and the run, a table, a file."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import Any

import torch

from orthrus.session import describe_host

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def facts(what: str) -> dict[str, Any]:
    """The head of a result: what, by which command, where, with which versions."""
    host = describe_host("cpu")
    return {
        "what": what.split("\n")[0],
        "command": "python " + " ".join(sys.argv),
        "measured_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {
            "device": host.device,
            "threads": torch.get_num_threads(),
            "simd": torch.backends.cpu.get_cpu_capability(),
        },
        "versions": {
            "python": platform.python_version(),
            "torch": host.torch,
            "transformers": host.transformers,
            "orthrus": host.app,
        },
        "commit": commit(),
    }


def commit() -> str:
    """The commit the working tree is at, with + where files differ from it; empty outside a repository."""
    try:
        head = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True)
        dirty = subprocess.run(["git", "status", "--porcelain", "-uno"], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return ""
    return head.stdout.strip() + "+" * bool(dirty.stdout.strip())


def seconds(run: Callable[[], Any], repeats: int) -> float:
    """Median seconds of `repeats` calls behind two that warm up."""
    found = []
    for i in range(repeats + 2):
        began = time.perf_counter()
        run()
        if i > 1:
            found.append(time.perf_counter() - began)
    return median(found)


def table(head: list[str], rows: list[list[Any]]) -> str:
    """Columns for a terminal."""
    cells = [head, *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)


def _cell(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def write(result: dict[str, Any], out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"written: {out}")
