"""What exactness costs: AR and Orthrus in the fast and the exact mode, both dtypes, in one run.

    OMP_NUM_THREADS=1 python benchmarks/exact_price.py --model assets/orthrus-mini --out benchmarks/results/exact.json

Rounds go through every combination in turn, so that a machine's slow minutes fall on all of them; the first round is
warm-up and not counted. Tokens per second are medians over rounds, prefill included; ratios are of those medians.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from orthrus.checkpoint import LoadedModel, load_model
from orthrus.config import EMBEDDED_MODEL, DecodeConfig
from orthrus.exact import NotExact
from orthrus.lossless import run_both
from orthrus.session import describe_host
from orthrus.trace import Trace
from orthrus.training.corpus import generate

DOMAINS = ("math", "code", "stories")  # from easy to hard to draft
LANES = ("ar", "orthrus")


def prompts(count: int, seed: int) -> list[str]:
    """`count` held-out prompts, the domains in turn."""
    per = -(-count // len(DOMAINS))
    columns = [[example.prompt for example in islice(generate(d, seed, "test"), per)] for d in DOMAINS]
    return [prompt for row in zip(*columns, strict=True) for prompt in row][:count]


def loaded(args: argparse.Namespace) -> tuple[dict[tuple[str, str], LoadedModel], dict[str, str]]:
    """(dtype, mode) -> the model in it, and the reason for each mode that is missing."""
    found, missing = {}, {}
    for dtype in args.dtypes.split(","):
        fast = load_model(args.model, device="cpu", dtype=dtype, mode="fast")
        found[dtype, "fast"] = fast
        try:
            found[dtype, "exact"] = fast.in_mode("exact")
        except NotExact as error:
            missing[f"{dtype} exact"] = str(error)
    return found, missing


def measure(lm: LoadedModel, asked: list[str], config: DecodeConfig) -> dict[str, float]:
    """One round over all prompts: each lane's tokens per second, tokens per cycle, how many texts were the same."""
    tokens, ms, cycles, identical = dict.fromkeys(LANES, 0), dict.fromkeys(LANES, 0.0), 0, 0
    for prompt in asked:
        trace = Trace.of(run_both(lm, prompt, config))
        m = trace.metrics()
        tokens["ar"] += m.ar_tokens
        tokens["orthrus"] += m.tokens
        ms["ar"] += m.ar_total_ms
        ms["orthrus"] += m.total_ms
        cycles += m.cycles
        identical += trace.lossless.verdict == "identical"
    rates = {lane: 1e3 * tokens[lane] / ms[lane] for lane in LANES}
    return rates | {"tokens_per_cycle": (tokens["orthrus"] - len(asked)) / max(1, cycles), "identical": identical}


def report(rounds: dict[tuple[str, str], list[dict[str, float]]]) -> dict[str, Any]:
    """Medians by dtype and mode, and the ratios that answer the question."""
    rows: dict[str, Any] = {}
    for (dtype, mode), found in rounds.items():
        rows.setdefault(dtype, {})[mode] = {name: round(median(r[name] for r in found), 2) for name in found[0]}
    for modes in rows.values():
        for row in modes.values():
            row["speedup_in_mode"] = round(row["orthrus"] / row["ar"], 3)
            row["speedup_over_fast_ar"] = round(row["orthrus"] / modes["fast"]["ar"], 3)
        if "exact" in modes:
            modes["price"] = {lane: round(modes["fast"][lane] / modes["exact"][lane], 3) for lane in LANES}
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(EMBEDDED_MODEL))
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--prompts", type=int, default=6)
    parser.add_argument("--max-new-tokens", type=int, default=160)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    models, missing = loaded(args)
    asked, config = prompts(args.prompts, args.seed), DecodeConfig(args.max_new_tokens, detail=-1)
    rounds: dict[tuple[str, str], list[dict[str, float]]] = {key: [] for key in models}
    for number in range(args.rounds + 1):
        for key, lm in models.items():
            found = measure(lm, asked, config)
            if number:
                rounds[key].append(found)
    host, first = describe_host("cpu"), next(iter(models.values()))
    result = {
        "what": __doc__.split("\n")[0],
        "command": "python " + " ".join([Path(__file__).name, *sys.argv[1:]]),
        "measured_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {"device": host.device, "threads": host.threads, "simd": torch.backends.cpu.get_cpu_capability()},
        "versions": {"python": platform.python_version(), "torch": host.torch, "orthrus": host.app},
        "model": {"id": first.id, "revision": first.revision},
        "prompts": len(asked),
        "max_new_tokens": args.max_new_tokens,
        "rounds": args.rounds,
        "row_checks": {dtype: lm.check.words for (dtype, mode), lm in models.items() if mode == "exact"},
        "missing": missing,
        "tokens_per_s": report(rounds),
    }
    text = json.dumps(result, indent=1)
    print(text)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
