"""How cost grows on a CPU: against context, acceptance, length of the answer and size of the model.

    python -m benchmarks.decode.growth
    python -m benchmarks.decode.growth --model 0.6b --contexts 128,1024,4096,16384,40928 --repeats 3
    python -m benchmarks.decode.growth --quick

Passes are timed over a cache of zeros: their cost does not depend on the text. A cycle that accepts `a` proposals
brings a + 1 tokens for a draft and a verify pass, so Orthrus breaks even if a + 1 = (draft + verify) / AR step. With
a checkpoint, whole runs are timed too: proposals are forced to stand as often as a schedule says, all else is real.
What passes cost by their number of rows is measured in `benchmarks/decode/row_costs.py`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.decode.row_costs import in_turn
from benchmarks.harness import RESULTS, SHAPES, facts, shaped, table, thread_counts, weight_count, write
from orthrus.checkpoints.loading import LoadedModel, load_model
from orthrus.config import EMBEDDED_MODEL, DecodeConfig
from orthrus.decoding.engine import decode, decode_ar
from orthrus.model.compiled_model import CompiledModel
from orthrus.trace import Trace, metrics

PROMPT = "A farmer has twelve sheep and buys nine more. How many sheep are there now?"
TYPICAL = 8  # proposals that stand in every cycle while the length varies


@torch.inference_mode()
def step_costs(model: CompiledModel, context: int, repeats: int) -> dict[str, float]:
    """Milliseconds of the three passes behind `context` positions and the acceptance a cycle needs to break even."""
    block = model.config.block_size
    cache, ids = model.new_cache(context + block), torch.zeros(block, dtype=torch.int64)
    cache.appended(context)

    def ar(rows: int) -> None:
        model.argmax(model.forward_ar(ids[:rows], cache))
        cache.crop(context)

    def draft() -> None:
        model.argmax(model.forward_diffusion(ids, cache, block - 1))

    spent = in_turn({"ar": lambda: ar(1), "draft": draft, "verify": lambda: ar(block)}, repeats, burst=3)
    found = {"context": context, "K": block} | {f"{name}_ms": round(s * 1e3, 3) for name, s in spent.items()}
    return found | {"break_even_accepted": round((spent["draft"] + spent["verify"]) / spent["ar"] - 1, 2)}


@contextmanager
def forced(lm: LoadedModel, prompt_length: int, text: list[int], stands: int) -> Iterator[None]:
    """In every cycle the first `stands` proposals are the AR view's own text and the next one is not."""
    real = lm.model.forward_diffusion
    own = torch.tensor([*text, *[0] * lm.config.block_size])

    @torch.inference_mode()
    def diffusion(block, cache, n_draft):
        logits = real(block, cache, n_draft)
        at = cache.length - prompt_length + 1
        ids = own[at : at + n_draft].clone()
        ids[stands : stands + 1] += 1
        return logits.scatter_(1, ids.remainder_(logits.shape[1])[:, None], 1e4)

    lm.model.forward_diffusion = diffusion
    try:
        yield
    finally:
        del lm.model.forward_diffusion


def timed(lm: LoadedModel, stands: int, length: int, rounds: int) -> dict[str, float]:
    """Both lanes' clocks over a text of `length` tokens, prefill included; medians, a first round warms up."""
    config = DecodeConfig(length, detail=-1)
    alone = Trace.of(decode_ar(lm, PROMPT, config))
    found = []
    with forced(lm, len(alone.start.prompt.ids), list(alone.ar_ids), stands):
        for _ in range(rounds + 1):
            ar = Trace.of(decode_ar(lm, PROMPT, config))
            ours = Trace.of(decode(lm, PROMPT, config))
            if ours.token_ids != tuple(ar.ar_ids):
                raise AssertionError("a forced run wrote another text than AR")
            m = metrics.measure(ours)
            found.append((ar.ar_ms[-1], m.total_ms, ar.ar_ms[0], ours.prefill.ms, m.cycles))
    ar_ms, our_ms, ar_first, our_first, cycles = (median(column) for column in zip(*found[1:], strict=True))
    return {
        "accepted": stands,
        "tokens": length,
        "cycles": cycles,
        "ar_ms": round(ar_ms, 3),
        "orthrus_ms": round(our_ms, 3),
        "speedup": round(ar_ms / our_ms, 3),
        "first_token_ar_ms": round(ar_first, 3),
        "first_token_orthrus_ms": round(our_first, 3),
    }


def of_runs(lm: LoadedModel, args: argparse.Namespace) -> dict[str, Any]:
    """Forced schedules and output lengths; the text never ends by itself."""
    lm = replace(lm, config=replace(lm.config, eos_token_ids=()))
    accepted = [a for a in _numbers(args.accepted) if a < lm.config.block_size]
    return {
        "acceptance": [timed(lm, a, args.length, args.rounds) for a in accepted],
        "length": [timed(lm, TYPICAL, n, args.rounds) for n in _numbers(args.lengths)],
    }


def of_sizes(args: argparse.Namespace, threads: int) -> list[dict[str, Any]]:
    """The passes of random bfloat16 models from small to large, one in memory at a time."""
    found = []
    for shape in [name for name in args.sizes.split(",") if name]:
        model = shaped(shape, "bfloat16", threads=threads)
        found.append({"shape": shape, "parameters": weight_count(SHAPES[shape])})
        found[-1] |= step_costs(model, 128, min(args.repeats, 5))
    return found


def measure(args: argparse.Namespace, threads: int) -> dict[str, Any]:
    lm = None if args.model in SHAPES else load_model(args.model, "cpu", engine="numba", threads=threads)
    model = lm.model if lm else shaped(args.model, "bfloat16", threads=threads)
    contexts = [
        n for n in _numbers(args.contexts) if n + model.config.block_size <= model.config.max_position_embeddings
    ]
    grown: dict[str, Any] = {"parameters": weight_count(model.config)}
    grown |= {"context": [step_costs(model, n, args.repeats) for n in contexts]}
    grown |= of_runs(lm, args) if lm else {}
    return grown | ({"size": of_sizes(args, threads)} if lm and args.sizes else {})


def _numbers(listed: str) -> list[int]:
    return [int(n) for n in listed.split(",")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(EMBEDDED_MODEL), help=f"a checkpoint, or one of {', '.join(SHAPES)}")
    parser.add_argument("--threads", default="", help="numbers of threads, by comma (default: 1 and all cores)")
    parser.add_argument("--contexts", default="128,256,512,768,992")
    parser.add_argument("--accepted", default="0,1,2,4,8,15,31")
    parser.add_argument("--length", type=int, default=128, help="tokens while the acceptance varies")
    parser.add_argument("--lengths", default="1,2,4,8,16,32,64,128,256")
    parser.add_argument("--sizes", default="0.04b,0.15b,0.6b", help="random models; empty for none")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="two of everything, no other sizes")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if args.quick:
        args.contexts, args.accepted, args.lengths = "128,256", "0,8", "2,8"
        args.sizes, args.repeats, args.rounds, args.length = "", 2, 1, 12
    name = args.model if args.model in SHAPES else Path(args.model).name
    counts = thread_counts(args.threads)
    result: dict[str, Any] = facts(__doc__) | {"engine": "numba", "model": name, "threads": {}}
    for threads in counts:
        found = result["threads"][str(threads)] = measure(args, threads)
        for what in ("context", "acceptance", "length", "size"):
            if rows := found.get(what):
                print(f"\n{name}, {threads} threads, {what}")
                print(table(list(rows[0]), [list(row.values()) for row in rows]), flush=True)
    write(result, args.out or RESULTS / f"growth{'-' + name if args.model in SHAPES else ''}.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
