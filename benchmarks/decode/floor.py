"""The floor on a GPU: bytes and FLOPs of an AR step, a draft and a verify pass, against what it can move and do.

    python -m benchmarks.decode.floor --model 0.6b                          # random weights of these shapes
    python -m benchmarks.decode.floor --model chiennv/Orthrus-Qwen3-1.7B

A pass cannot be quicker than its bytes over the copy bandwidth, nor than its FLOPs over the rate of a large product;
both rates are measured in the same run, and set against the datasheet if it is known here. `measured / floor` says what
is left: operator calls and small products. A CPU's floor, whose caches matter, is in `benchmarks/decode/row_costs.py`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import torch

from benchmarks.harness import RESULTS, SHAPES, facts, seconds, shaped, table, write
from orthrus.config import EMBEDDED_MODEL
from orthrus.gpu.cost import Work, work
from orthrus.gpu.datasheets import card_named


def copy_rate(count: int, device: str, repeats: int = 15) -> float:
    """Bytes per second at best, read by a sum or read and written by a copy, over as many bytes as a pass reads."""
    buffer = torch.ones(max(count // 4, 1 << 16), device=device)
    other = torch.empty_like(buffer)
    read = buffer.nbytes / seconds(buffer.sum, repeats, device)
    return max(read, 2 * buffer.nbytes / seconds(lambda: other.copy_(buffer), repeats, device))


def product_rate(dtype: torch.dtype, device: str, repeats: int = 15) -> float:
    """FLOPs per second of a large square product."""
    size = 1024 if device == "cpu" else 8192
    a, b = (torch.ones(size, size, dtype=dtype, device=device) for _ in range(2))
    return 2 * size**3 / seconds(lambda: a @ b, repeats, device)


@torch.inference_mode()
def passes(model, context: int, block: int, repeats: int) -> dict[str, tuple[float, Work]]:
    """name -> (seconds, work) of the three passes over a cache of zeros; a block of one position drafts nothing."""
    c, item, device = model.config, model.dtype.itemsize, model.device.type
    cache = model.new_cache(context + block)
    cache.appended(context)
    ids = torch.zeros(block, dtype=torch.int64, device=device)

    def ar(rows: int):
        def run():
            cache.crop(context)
            model.forward_ar(ids[:rows], cache)

        return run

    def draft():
        cache.crop(context)
        model.forward_diffusion(ids, cache, block - 1)

    return {
        "AR step": (seconds(ar(1), repeats, device), work(c, 1, context, item, 1)),
        f"draft pass, {block} rows": (
            seconds(draft, repeats, device) if block > 1 else 0.0,
            work(c, block, context, item, block - 1),
        ),
        f"verify pass, {block} rows": (seconds(ar(block), repeats, device), work(c, block, context, item, block)),
    }


def measure(args: argparse.Namespace, dtype: str) -> dict[str, Any]:
    model = shaped(args.model, dtype, args.device)
    block = args.block or model.config.block_size
    found = passes(model, args.context, block, args.repeats)
    bandwidth = copy_rate(next(iter(found.values()))[1].bytes, args.device)
    rate = product_rate(model.dtype, args.device)
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
    rates = {"copy_gb_per_s": round(bandwidth / 1e9, 1), "gflop_per_s": round(rate / 1e9, 1)}
    return {"K": block, **rates, "of_datasheet": share(rates, args.device, dtype), "passes": rows}


def share(rates: dict[str, float], device: str, dtype: str) -> dict[str, float] | None:
    """Measured rates over the datasheet's; None for a device whose datasheet is not in `orthrus.gpu.datasheets`."""
    card = card_named(torch.cuda.get_device_name(device)) if device.startswith("cuda") else None
    tflops = {"bfloat16": card.bf16_tflops, "float32": card.fp32_tflops}.get(dtype) if card else None
    if card is None or tflops is None:
        return None
    return {
        "copy": round(rates["copy_gb_per_s"] / card.gb_per_s, 3),
        "products": round(rates["gflop_per_s"] / (1e3 * tflops), 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(EMBEDDED_MODEL), help=f"a checkpoint, or one of {', '.join(SHAPES)}")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtypes", default="bfloat16")
    parser.add_argument("--context", type=int, default=150)
    parser.add_argument("--block", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--quick", action="store_true", help="two repeats")
    parser.add_argument("--out", type=Path, default=RESULTS / "floor-gpu.json")
    args = parser.parse_args()
    args.repeats = 2 if args.quick else args.repeats
    shape = args.model if args.model in SHAPES else Path(args.model).name
    result = facts(__doc__, args.device) | {"model": shape, "context": args.context}
    result["dtypes"] = {dtype: measure(args, dtype) for dtype in args.dtypes.split(",")}
    for dtype, figures in result["dtypes"].items():
        print(f"\n{dtype}: reads {figures['copy_gb_per_s']} GB/s, multiplies {figures['gflop_per_s']} GFLOP/s")
        rows = [[name, *row.values()] for name, row in figures["passes"].items()]
        print(table(["pass", "MiB", "MFLOP", "ms", "floor ms", "bound by", "measured/floor"], rows), flush=True)
    write(result, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
