"""Where the time of a cycle goes, by operator, and what the three largest wins bring.

    python benchmarks/profile_cycle.py
    python benchmarks/profile_cycle.py --quick

"Before" is the same arithmetic in the modules that training differentiates: a product a projection, norms and rotary
embedding in plain operators, keys and values concatenated to what came before. Each win is then put on top of the one
before it: fused projections and buffers made once (`orthrus.fused`, `orthrus.scratch`), one operator for the attention
of one row, packed weights (in float32 one row by columns). The instruments are read between the passes of a cycle and
alone; half of the proposals in them are accepted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
import torch.nn.functional as F
from torch.profiler import ProfilerActivity, profile

from benchmarks.harness import RESULTS, facts, seconds, shaped, table, use_threads, write
from orthrus.arithmetic import Fast
from orthrus.cache import SharedCache
from orthrus.config import EMBEDDED_MODEL
from orthrus.instrument import draft_fields, verdict_fields
from orthrus.layers import AR, rope_table
from orthrus.model import Orthrus
from orthrus.sampling import Greedy

BEFORE, FUSED, ONE_OPERATOR, PACKED = (
    "modules, growing cache",
    "fused, buffers kept",
    "and one operator for attention",
    "and packed weights",
)
ALTERNATIVES = 8
SPAN = 200  # lengths of the text that passes go through
Pass = Callable[[], Any]


class PlainProducts(Fast):
    """Fast without the operator for attention: scores, softmax, product."""

    def attend(self, q, keys, values, start, bias):
        (rows, heads, dim), kv_heads = q.shape, keys.shape[0]
        folded = q.view(rows, kv_heads, -1, dim).permute(1, 2, 0, 3).reshape(kv_heads, -1, dim)
        scores = torch.bmm(folded, keys[:, : start + rows].transpose(1, 2)).float().mul_(dim**-0.5)
        weights = (scores if bias is None else scores.add_(bias)).softmax(-1).to(q.dtype)
        out = torch.bmm(weights, values[:, : start + rows]).view(kv_heads, -1, rows, dim)
        return out.permute(2, 0, 1, 3).reshape(rows, heads * dim)


def lengths(context: int) -> Iterator[int]:
    """Positions before each pass: a text that grows, and begins anew."""
    return cycle(range(context, context + SPAN))


def by_modules(model: Orthrus, rows: int, context: int) -> Pass:
    """An AR pass through the training modules, behind keys and values that are concatenated anew."""
    c, trunk, item = model.config, model.model, model.dtype
    angles = [t.to(item) for t in rope_table(c, context + SPAN + rows)]
    whole = torch.zeros(2, c.num_hidden_layers, 1, c.num_key_value_heads, context + SPAN, c.head_dim, dtype=item)
    ids, before = torch.zeros(1, rows, dtype=torch.int64), lengths(context)

    @torch.inference_mode()
    def run() -> torch.Tensor:
        start = next(before)
        past, (cos, sin) = whole[..., :start, :], (t[start : start + rows] for t in angles)
        mask = torch.ones(rows, start + rows, dtype=torch.bool).tril(start)
        x = trunk.embed_tokens(ids)
        for i, layer in enumerate(trunk.layers):
            q, k, v = layer.self_attn.project(layer.input_layernorm(x), AR, cos, sin)
            k, v = torch.cat([past[0, i], k], dim=2), torch.cat([past[1, i], v], dim=2)
            out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)
            x = x + layer.self_attn.part("o_proj", AR)(out.transpose(1, 2).flatten(2))
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        return model.logits(trunk.norm(x)[0])

    return run


def by_cache(model: Orthrus, rows: int, context: int) -> Pass:
    """An AR pass as decoding does it."""
    return growing(model, rows, context, model.forward_ar)


def by_diffusion(model: Orthrus, rows: int, context: int) -> Pass:
    return growing(model, rows, context, lambda ids, cache: model.forward_diffusion(ids, cache, rows - 1))


def growing(model: Orthrus, rows: int, context: int, once: Callable[[torch.Tensor, SharedCache], Any]) -> Pass:
    """`once` over a cache that is cropped to another length each time, and full again behind it."""
    cache, ids, before = model.new_cache(context + SPAN + rows), torch.zeros(rows, dtype=torch.int64), lengths(context)
    cache.appended(cache.capacity)

    def run() -> torch.Tensor:
        cache.crop(next(before))
        out = once(ids, cache)
        cache.appended(cache.capacity - cache.length)
        return out

    return run


def wins(model: Orthrus, rows: int, context: int) -> dict[str, Pass]:
    """name -> an AR pass of `rows` rows with the wins up to that name."""
    return {
        BEFORE: by_modules(model, rows, context),
        FUSED: by_cache(model.with_arithmetic(PlainProducts()), rows, context),
        ONE_OPERATOR: by_cache(model.with_arithmetic(Fast()), rows, context),
        PACKED: by_cache(model, rows, context),
    }


def operators(run: Pass, repeats: int, most: int = 8) -> list[dict[str, Any]]:
    """The operators with most time of their own, with their share and calls a pass; `calls` of all stand last."""
    run()
    with profile(activities=[ProfilerActivity.CPU]) as recorded:
        for _ in range(repeats):
            run()
    found = [e for e in recorded.key_averages() if e.key.startswith(("aten::", "mkldnn::"))]
    total = sum(e.self_cpu_time_total for e in found)
    top = sorted(found, key=lambda e: -e.self_cpu_time_total)[:most]
    rows = [
        {"operator": e.key, "share": round(e.self_cpu_time_total / total, 3), "calls": e.count // repeats} for e in top
    ]
    return [*rows, {"operator": "all", "share": 1.0, "calls": sum(e.count for e in found) // repeats}]


def instruments(model: Orthrus, rows: int, context: int, repeats: int) -> list[dict[str, Any]]:
    """What each detail adds to a cycle, what it takes alone, and what its two log-softmaxes take, which none can do
    without. Cycles with and without are timed in turn: between passes every reading finds its code and data cold.
    """
    verify, draft = by_cache(model, rows, context), by_diffusion(model, rows, context)
    drafted, verified = draft(), verify()
    choices = verified.argmax(-1)
    ids = torch.cat((choices[: rows // 2], drafted.argmax(-1)[rows // 2 :]))

    def once(detail: int, draft: Pass, verify: Pass) -> float:
        began = time.perf_counter()
        _, q = draft_fields(draft(), ids, detail, ALTERNATIVES, Greedy())
        verdict_fields(verify(), choices, ids, q, detail, ALTERNATIVES, Greedy())
        return time.perf_counter() - began

    def alone(detail: int) -> float:
        return once(detail, lambda: drafted, lambda: verified)

    spent = [[once(detail, draft, verify) for detail in (-1, 0, 1)] for _ in range(repeats + 2)][2:]
    softmaxes = seconds(lambda: [x.log_softmax(-1, dtype=torch.float32) for x in (drafted, verified)], repeats)
    return [
        {
            "detail": detail,
            "cycle_ms": round(median(s[detail + 1] for s in spent) * 1e3, 3),
            "over_without": round(median(s[detail + 1] / s[0] for s in spent), 3),
            "alone_ms": round(median([alone(detail) for _ in range(repeats + 2)][2:]) * 1e3, 3),
            "log_softmaxes_ms": round(softmaxes * 1e3, 3),
        }
        for detail in (-1, 0, 1)
    ]


def measure(args: argparse.Namespace, dtype: str) -> dict[str, Any]:
    threads = use_threads(args.threads, args.model, dtype)
    model = shaped(args.model, dtype)
    block = model.config.block_size
    found: dict[str, Any] = {"threads": threads, "K": block, "wins": [], "operators": {}}
    for name, rows in (("AR step", 1), ("verify pass", block)):
        ways = wins(model, rows, args.context)
        spent = {way: seconds(run, args.repeats) for way, run in ways.items()}
        first = spent[BEFORE]
        for way, s in spent.items():
            row = {"pass": name, "with": way, "ms": round(s * 1e3, 3), "over_before": round(first / s, 2)}
            found["wins"].append(row)
        for way in (BEFORE, PACKED):
            found["operators"][f"{name}, {way}"] = operators(ways[way], args.repeats)
    found["operators"]["draft pass"] = operators(by_diffusion(model, block, args.context), args.repeats)
    found["instruments"] = instruments(model, block, args.context, 4 * args.repeats)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(EMBEDDED_MODEL))
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("--threads", type=int, default=0, help="0: the quickest number, by a probe")
    parser.add_argument("--context", type=int, default=150)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--quick", action="store_true", help="two repeats")
    parser.add_argument("--out", type=Path, default=RESULTS / "profile.json")
    args = parser.parse_args()
    args.repeats = 2 if args.quick else args.repeats
    result = facts(__doc__) | {"mode": "fast", "model": Path(args.model).name, "context": args.context, "dtypes": {}}
    for dtype in args.dtypes.split(","):
        found = result["dtypes"][dtype] = measure(args, dtype)
        print(f"\n{dtype}\n" + table(list(found["wins"][0]), [list(row.values()) for row in found["wins"]]))
        for name, rows in found["operators"].items():
            print(f"\n{dtype}, {name}\n" + table(list(rows[0]), [list(row.values()) for row in rows]), flush=True)
        read = found["instruments"]
        print(f"\n{dtype}, instruments\n" + table(list(read[0]), [list(row.values()) for row in read]), flush=True)
    write(result, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
