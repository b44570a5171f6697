"""What every benchmark shares: the facts of the machine and the run, a table, a file."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch
from torch.utils.benchmark import Timer

from orthrus.checkpoints.safetensors_io import shapes_of
from orthrus.config import ModelConfig
from orthrus.decoding.run_info import describe_host
from orthrus.gpu import cost
from orthrus.model.dual_view import Orthrus
from orthrus.model.memory import refuse_what_does_not_fit
from orthrus.model.thread_team import available_cores

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def facts(what: str, device: str = "cpu") -> dict[str, Any]:
    """The head of a result: what, by which command, where, with which versions."""
    host = describe_host(device.split(":")[0], torch.get_num_threads())
    return {
        "what": what.split("\n")[0],
        "command": command(),
        "measured_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {
            "device": host.device,
            "cores": os.cpu_count(),
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


def command() -> str:
    """What starts this process again, from the repository's root."""
    started = sys.modules["__main__"].__spec__  # None for a file that is not run as a module
    named = ["-m", started.name] if started else [Path(sys.argv[0]).name]
    return " ".join(["python", *named, *sys.argv[1:]])


def commit() -> str:
    """The commit the working tree is at, with + where files differ from it; empty outside a repository."""
    try:
        head = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True)
        dirty = subprocess.run(["git", "status", "--porcelain", "-uno"], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return ""
    return head.stdout.strip() + "+" * bool(dirty.stdout.strip())


SHAPES = cost.SHAPES | {
    "0.15b": ModelConfig(32_000, 768, 2304, 12, 12, 6, 64, 8192, 31_999, tie_word_embeddings=True),
    "0.04b": ModelConfig(8192, 512, 1536, 8, 8, 4, 64, 4096, 8191, tie_word_embeddings=True),
}


def shaped(shape: str, dtype: str, threads: int = 0) -> Any:
    """A compiled model of random weights of SHAPES[shape]: what a pass costs does not depend on what they are."""
    from orthrus.model.compiled_model import CompiledModel

    c, number = SHAPES[shape], getattr(torch, dtype)
    refuse_what_does_not_fit(weight_count(c) * number.itemsize, f"{shape} in {dtype}", torch.device("cpu"))
    return CompiledModel(c, random_reader(c, number), number, threads)


def random_module(shape: str, dtype: str, device: str) -> Orthrus:
    """Random weights of SHAPES[shape] as the module that captured kernels read."""
    c, number = SHAPES[shape], getattr(torch, dtype)
    refuse_what_does_not_fit(weight_count(c) * number.itemsize, f"{shape} in {dtype}", torch.device(device))
    with torch.device("meta"):
        model = Orthrus(c).to(number)
    model.to_empty(device=device)
    for parameter in model.parameters():
        parameter.data.normal_(0.0, 0.02)
    model.fuse()
    return model


def random_reader(c: ModelConfig, number: torch.dtype) -> Callable[[str], torch.Tensor]:
    """A function from a published name to a tensor of random weights, made when it is asked for."""
    shapes = shapes_of(c)
    return lambda name: torch.empty(shapes[name], dtype=number).normal_(0.0, 0.02)


def weight_count(c: ModelConfig) -> int:
    """Parameters of both views, norms left out."""
    q, kv = c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim
    layer = 2 * c.hidden_size * (2 * q + 2 * kv) + 3 * c.hidden_size * c.intermediate_size
    return c.num_hidden_layers * layer + c.vocab_size * c.hidden_size * (1 if c.tie_word_embeddings else 2)


def seconds(run: Callable[[], Any], least: float = 0.2) -> float:
    """Median seconds of a call, over `least` seconds of calls behind some that warm up; a GPU is waited for."""
    timer = Timer("run()", globals={"run": run}, num_threads=torch.get_num_threads())
    return timer.blocked_autorange(min_run_time=least).median


def thread_counts(listed: str = "") -> list[int]:
    """Numbers of threads by comma, by default one and all cores."""
    return [int(n) for n in listed.split(",") if n] or sorted({1, available_cores()})


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
