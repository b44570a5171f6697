"""How cost grows: against context, block size, acceptance, model size and output length; the break-even acceptance.

    python benchmarks/growth.py --threads 1
    python benchmarks/growth.py --threads 2 --shape 0.6b --dtypes bfloat16 --contexts 128,1024,4096 --repeats 5

Passes are timed with random tokens: their cost does not depend on the text. From the seconds of the three passes the
rest is arithmetic: a cycle that accepts `a` proposals brings a + 1 tokens for a draft and a verify pass, so Orthrus
breaks even where a + 1 = (draft + verify) / AR step.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from benchmarks.floor import fill, passes
from benchmarks.harness import RESULTS, facts, seconds, table, write
from orthrus.checkpoint import load_model
from orthrus.config import EMBEDDED_MODEL, ModelConfig
from orthrus.exact import fast
from orthrus.model import Orthrus

SHAPES = {
    "0.6b": ModelConfig(151_936, 1024, 3072, 28, 16, 8, 128, 40_960, 151_935, tie_word_embeddings=True),
    "0.15b": ModelConfig(32_000, 768, 2304, 12, 12, 6, 64, 8192, 31_999, tie_word_embeddings=True),
}
ACCEPTED = (0, 1, 2, 4, 8, 15, 31)  # forced: so many proposals stand in every cycle
LENGTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256)  # tokens of an answer


def random_model(config: ModelConfig, dtype: torch.dtype) -> Orthrus:
    """Weights of no meaning, written once: what a pass costs does not depend on their values."""
    with torch.device("meta"):
        model = Orthrus(config).to(dtype)
    model.to_empty(device="cpu")
    for parameter in model.parameters():
        parameter.data.normal_(0.0, 0.02)
    model.fuse()
    return model.with_arithmetic(fast(model))


def step_costs(model: Orthrus, context: int, block: int, repeats: int) -> dict[str, float]:
    """Milliseconds of the three passes and the acceptance a cycle needs to break even."""
    ar, draft, verify = (spent * 1e3 for spent, _ in passes(model, context, block, repeats).values())
    return {
        "context": context,
        "block": block,
        "ar_ms": round(ar, 3),
        "draft_ms": round(draft, 3),
        "verify_ms": round(verify, 3),
        "break_even_accepted": round((draft + verify) / ar - 1, 2),
    }


def first_token_ms(model: Orthrus, prompt: int, repeats: int) -> float:
    """The prefill of a prompt: both lanes do the same for their first token."""
    return round(1e3 * seconds(lambda: fill(model, model.new_cache(prompt), prompt), repeats), 3)


def by_acceptance(costs: dict[str, float]) -> dict[int, float]:
    """Speed-up over AR by proposals that stand in every cycle."""
    cycle = costs["draft_ms"] + costs["verify_ms"]
    return {a: round((a + 1) * costs["ar_ms"] / cycle, 3) for a in ACCEPTED if a < costs["block"]}


def by_length(costs: dict[str, float], prefill_ms: float, accepted: int) -> dict[int, float]:
    """Speed-up of whole answers, prefill included, if `accepted` proposals stand in every cycle."""
    cycle, found = costs["draft_ms"] + costs["verify_ms"], {}
    for length in LENGTHS:
        cycles = -(-(length - 1) // (accepted + 1))
        ours = prefill_ms + cycles * cycle
        found[length] = round((prefill_ms + (length - 1) * costs["ar_ms"]) / ours, 3)
    return found


def measure(model: Orthrus, args: argparse.Namespace) -> dict[str, Any]:
    limit, block = model.config.max_position_embeddings, model.config.block_size
    contexts = [n for n in map(int, args.contexts.split(",")) if n + block <= limit]
    blocks = [k for k in map(int, args.blocks.split(",")) if 2 <= k <= block]
    grown = {
        "context": [step_costs(model, n, block, args.repeats) for n in contexts],
        "block": [step_costs(model, contexts[0], k, args.repeats) for k in blocks],
    }
    base = grown["context"][0]
    prefill = first_token_ms(model, contexts[0], args.repeats)
    return grown | {
        "speedup_by_accepted": by_acceptance(base),
        "first_token_ms": prefill,
        "speedup_by_length": {a: by_length(base, prefill, a) for a in (4, 15) if a < block},
        "parameters": sum(p.numel() for p in model.parameters()),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shape", choices=["embedded", *SHAPES], default="embedded")
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--contexts", default="128,256,512,768,992")
    parser.add_argument("--blocks", default="2,4,8,16,24,32")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    result = facts(__doc__) | {"mode": "fast", "shape": args.shape, "dtypes": {}}
    for dtype in args.dtypes.split(","):
        if args.shape == "embedded":
            model = load_model(EMBEDDED_MODEL, "cpu", dtype, "fast").model
        else:
            model = random_model(SHAPES[args.shape], getattr(torch, dtype))
        found = result["dtypes"][dtype] = measure(model, args)
        print(f"\n{args.shape}, {dtype}, speed-up by accepted proposals: {found['speedup_by_accepted']}")
        rows = [list(row.values()) for row in (*found["context"], *found["block"])]
        print(table(["context", "K", "AR ms", "draft ms", "verify ms", "break-even accepted"], rows), flush=True)
    write(result, args.out or RESULTS / f"growth-{args.shape}.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
