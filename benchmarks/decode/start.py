"""How a model begins: the first compilation, a start from the cache, and a large checkpoint's memory and prompt.

    python -m benchmarks.decode.start
    python -m benchmarks.decode.start --shape 0.04b        # a smaller one: does it run

Everything is measured in processes of its own. The large checkpoint is written first, random weights in bfloat16, and
removed again. Its memory is what the process holds beyond what it held before loading once loaded, and at its
peak, over the size of the file; pages of the mapped file, which the system takes back when it needs them, are a row of
their own. Its prompt has 28 tokens; the bar is 3 single steps plus 1.5 times the prompt's
products at the best rate of this run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.decode.row_costs import rates
from benchmarks.harness import RESULTS, ROOT, SHAPES, facts, random_reader, table, write
from orthrus.checkpoints.folder import read_config
from orthrus.checkpoints.safetensors_io import shapes_of, write_weights
from orthrus.config import EMBEDDED_MODEL
from orthrus.gpu.cost import work
from orthrus.model.thread_team import available_cores

PROMPT = 28  # tokens
BARS = {
    "first compilation, s": 20.0,
    "start from the cache, s": 1.0,
    "memory over the file, loaded": 1.15,
    "memory over the file, at the peak": 1.15,
    "the same with the mapped file's pages": 1.15,
}


def write_random(shape: str, folder: Path) -> int:
    """A checkpoint of SHAPES[shape] in bfloat16; returns the bytes of its weight files."""
    c = SHAPES[shape]
    read = random_reader(c, torch.bfloat16)
    write_weights({name: read(name) for name in shapes_of(c)}, folder, torch.bfloat16)
    (folder / "config.json").write_text(json.dumps(c.to_json() | {"dtype": "bfloat16"}), encoding="utf-8")
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


def in_a_process(*arguments: str, **environment: str) -> dict[str, Any]:
    """This module again, with `arguments`; what it printed last, as JSON."""
    command = [sys.executable, "-m", "benchmarks.decode.start", *arguments]
    run = subprocess.run(command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def begin(source: str) -> dict[str, Any]:
    """In a process of its own: seconds from the import of the engine to the first pass of each kind, weights read."""
    config = read_config(Path(source))
    began = time.perf_counter()
    from orthrus.checkpoints.compiled_loading import read_compiled

    model = read_compiled(Path(source), config, None)
    loaded = time.perf_counter()
    cache = model.new_cache(64)
    model.argmax(model.forward_ar(torch.zeros(PROMPT, dtype=torch.int64), cache, last_only=True))
    done = time.perf_counter()
    return {"load_s": round(loaded - began, 2), "first_pass_s": round(done - loaded, 2), "s": round(done - began, 2)}


def large(source: str) -> dict[str, Any]:
    """In a process of its own: memory that a checkpoint takes, seconds of a step and of a prompt."""
    from orthrus.checkpoints.compiled_loading import read_compiled

    begin(str(EMBEDDED_MODEL))  # the compiler's own memory is not the model's
    before, own, began = resident("VmRSS"), Peak(), time.perf_counter()
    model = read_compiled(Path(source), read_config(Path(source)), None)
    spent, loaded, peak = time.perf_counter() - began, resident("VmRSS"), resident("VmHWM")
    peak_own = own.end()
    cache = model.new_cache(256)
    ids = torch.zeros(PROMPT, dtype=torch.int64)
    steps, prompts = [], []
    for _ in range(7):
        cache.crop(0)
        began = time.perf_counter()
        model.argmax(model.forward_ar(ids, cache, last_only=True))
        prompts.append(time.perf_counter() - began)
        began = time.perf_counter()
        model.argmax(model.forward_ar(ids[:1], cache))
        steps.append(time.perf_counter() - began)
    return {
        "load_s": round(spent, 1),
        "loaded_bytes": loaded - before,
        "peak_bytes": peak_own,
        "peak_mapped_bytes": peak - before,
        "step_ms": round(median(steps[2:]) * 1e3, 2),
        "prompt_ms": round(median(prompts[2:]) * 1e3, 2),
    }


class Peak:
    """The most memory of its own, beyond what it has now, that this process holds until `end`; looked at every 2 ms."""

    def __init__(self) -> None:
        self._before, self._most, self._over = resident("RssAnon"), 0, threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)
        self._looking.start()

    def _look(self) -> None:
        while not self._over.wait(0.002):
            self._most = max(self._most, resident("RssAnon") - self._before)

    def end(self) -> int:
        self._over.set()
        self._looking.join()
        return max(self._most, resident("RssAnon") - self._before)


def resident(what: str) -> int:
    """Bytes this process holds (VmRSS), holds of its own (RssAnon), or held at most (VmHWM); Linux."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what + ":"))


def of_large(shape: str, folder: Path) -> dict[str, Any]:
    """The large checkpoint's figures and the bar of its prompt."""
    file_bytes = write_random(shape, folder)
    found = in_a_process("--large", str(folder))
    w = work(SHAPES[shape], PROMPT, 0, 2, 1)
    known = rates(available_cores(), work(SHAPES[shape], 1, 0, 2, 1).bytes)
    products_ms = w.flops / max(known["tile_gflop_per_s"], known["onednn_gflop_per_s"]) / 1e6
    return found | {
        "file_bytes": file_bytes,
        "loaded_over_file": round(found["loaded_bytes"] / file_bytes, 3),
        "peak_over_file": round(found["peak_bytes"] / file_bytes, 3),
        "peak_mapped_over_file": round(found["peak_mapped_bytes"] / file_bytes, 3),
        "rates": known,
        "products_ms": round(products_ms, 2),
        "prompt_bar_ms": round(3 * found["step_ms"] + 1.5 * products_ms, 2),
    }


def bars(cold: dict[str, Any], warm: dict[str, Any], large: dict[str, Any]) -> list[dict[str, Any]]:
    """What was wanted at most beside what was found."""
    shares = (large[name] for name in ("loaded_over_file", "peak_over_file", "peak_mapped_over_file"))
    values = cold["s"], warm["s"], *shares
    rows = [(name, most, value) for (name, most), value in zip(BARS.items(), values, strict=True)]
    rows.append((f"prompt of {PROMPT} tokens, ms", large["prompt_bar_ms"], large["prompt_ms"]))
    return [{"target": name, "wanted": most, "found": value, "met": value <= most} for name, most, value in rows]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shape", default="0.6b", choices=SHAPES, help="of the large checkpoint")
    parser.add_argument("--begin", help=argparse.SUPPRESS)
    parser.add_argument("--large", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=RESULTS / "start.json")
    args = parser.parse_args()
    if args.begin or args.large:
        print(json.dumps(begin(args.begin) if args.begin else large(args.large)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        cold, warm = (in_a_process("--begin", str(EMBEDDED_MODEL), NUMBA_CACHE_DIR=folder) for _ in range(2))
    with tempfile.TemporaryDirectory() as folder:
        found = of_large(args.shape, Path(folder))
    result = facts(__doc__) | {"engine": "numba", "shape": args.shape, "cold": cold, "warm": warm, "large": found}
    result["targets"] = bars(cold, warm, found)
    print(table(["target", "at most", "found", "met"], [list(row.values()) for row in result["targets"]]))
    write(result, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
