"""The floor: bytes and FLOPs of an AR step, a draft pass and a verify pass, against what this machine can move and do.

    python benchmarks/floor.py --threads 1

A pass cannot be quicker than its bytes over the copy bandwidth, nor than its FLOPs over the rate of a large product;
both rates are measured in the same run. `measured / floor` says what is left.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from benchmarks.harness import RESULTS, facts, seconds, table, write
from orthrus.checkpoint import load_model
from orthrus.config import EMBEDDED_MODEL, ModelConfig
from orthrus.session import PREFILL_CHUNK


class Work(NamedTuple):
    """What one pass must read and compute at least."""

    bytes: int
    flops: int


def work(c: ModelConfig, rows: int, context: int, itemsize: int, head_rows: int) -> Work:
    """A pass of `rows` rows behind `context` positions, of either view; the head for `head_rows` of them.

    Bytes: every weight once, the keys and values seen, those written. FLOPs: two a weight and row, and attention.
    """
    q, kv = c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim
    layer = c.hidden_size * (2 * q + 2 * kv) + 3 * c.hidden_size * c.intermediate_size
    head = c.vocab_size * c.hidden_size
    seen = context + rows
    weights = c.num_hidden_layers * layer + head
    moved = itemsize * (weights + c.kv_bytes_per_position * (seen + rows))
    products = 2 * (rows * c.num_hidden_layers * layer + head_rows * head)
    return Work(moved, products + 4 * rows * seen * q * c.num_hidden_layers)


def copy_rate(count: int, repeats: int = 15) -> float:
    """Bytes per second read by a sum over a buffer as large as the weights a pass reads."""
    buffer = torch.ones(max(count // 4, 1 << 16))
    return buffer.nbytes / seconds(lambda: buffer.sum(), repeats)


def product_rate(dtype: torch.dtype, size: int = 1024, repeats: int = 15) -> float:
    """FLOPs per second of a large square product."""
    a, b = torch.ones(size, size, dtype=dtype), torch.ones(size, size, dtype=dtype)
    return 2 * size**3 / seconds(lambda: a @ b, repeats)


def fill(model, cache, context: int) -> None:
    """A prompt of `context` tokens, in the session's own pieces."""
    for part in torch.zeros(context, dtype=torch.int64).split(PREFILL_CHUNK):
        model.forward_ar(part, cache, last_only=True)


@torch.inference_mode()
def passes(model, context: int, block: int, repeats: int) -> dict[str, tuple[float, Work]]:
    """name -> (seconds, work) of the three passes."""
    c, item = model.config, model.dtype.itemsize
    cache = model.new_cache(context + block)
    fill(model, cache, context)
    ids = torch.zeros(block, dtype=torch.int64)

    def ar(rows: int):
        def run():
            cache.crop(context)
            model.forward_ar(ids[:rows], cache)

        return run

    def draft():
        cache.crop(context)
        model.forward_diffusion(ids, cache, block - 1)

    return {
        "AR step": (seconds(ar(1), repeats), work(c, 1, context, item, 1)),
        f"draft pass, {block} rows": (seconds(draft, repeats), work(c, block, context, item, block - 1)),
        f"verify pass, {block} rows": (seconds(ar(block), repeats), work(c, block, context, item, block)),
    }


def measure(args: argparse.Namespace, dtype: str) -> dict[str, Any]:
    model = load_model(args.model, "cpu", dtype, args.mode).model
    found = passes(model, args.context, args.block or model.config.block_size, args.repeats)
    bandwidth = copy_rate(next(iter(found.values()))[1].bytes)
    rate = product_rate(model.dtype)
    rows = {}
    for name, (spent, w) in found.items():
        floors = {"bytes": w.bytes / bandwidth, "flops": w.flops / rate}
        floor = max(floors.values())
        rows[name] = {
            "mib": round(w.bytes / 2**20, 2),
            "mflop": round(w.flops / 1e6, 1),
            "ms": round(spent * 1e3, 3),
            "floor_ms": round(floor * 1e3, 3),
            "bound_by": max(floors, key=floors.get),
            "measured_over_floor": round(spent / floor, 2),
        }
    return {"copy_gb_per_s": round(bandwidth / 1e9, 1), "gflop_per_s": round(rate / 1e9, 1), "passes": rows}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(EMBEDDED_MODEL))
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("--mode", default="fast")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--context", type=int, default=150)
    parser.add_argument("--block", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--out", type=Path, default=RESULTS / "floor.json")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    result = facts(__doc__) | {"mode": args.mode, "context": args.context}
    result["dtypes"] = {dtype: measure(args, dtype) for dtype in args.dtypes.split(",")}
    for dtype, figures in result["dtypes"].items():
        print(f"\n{dtype}: reads {figures['copy_gb_per_s']} GB/s, multiplies {figures['gflop_per_s']} GFLOP/s")
        rows = [[name, *row.values()] for name, row in figures["passes"].items()]
        print(table(["pass", "MiB", "MFLOP", "ms", "floor ms", "bound by", "measured/floor"], rows), flush=True)
    write(result, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
