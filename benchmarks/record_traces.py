"""Record the gallery: one trace per card, both lanes, on this machine.

    python benchmarks/record_traces.py

Each prompt is decoded several times at detail 1 and the run of median Orthrus time is kept, so that a card shows
what the machine does, not its best or worst moment.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from orthrus.checkpoint import load_model
from orthrus.config import EMBEDDED_MODEL, DecodeConfig
from orthrus.invariants import check
from orthrus.lossless import run_both
from orthrus.recording import SUFFIX, save
from orthrus.trace import Trace
from orthrus.training.corpus import domain_module

# (name of the card, domain, number of its preset): easy and hard text, in the order a visitor meets them
CARDS = (
    ("01-word-problem", "math", 0),
    ("02-short-story", "stories", 0),
    ("03-equation", "equations", 2),
    ("04-json-from-a-sentence", "json", 1),
    ("05-python-function", "code", 0),
    ("06-copying", "copy", 1),
    ("07-adding-up", "lists", 2),
    ("08-numbering-lines", "edit", 1),
    ("09-unit-conversion", "units", 2),
    ("10-how-orthrus-works", "explain", 0),
    ("11-small-talk", "chat", 0),
)


def median_run(lm, prompt: str, runs: int) -> Trace:
    """The run of median Orthrus time out of `runs`, after one that is not counted."""
    config = DecodeConfig(detail=1, instrument_share=1.0)
    traces = [Trace.of(run_both(lm, prompt, config)) for _ in range(runs + 1)][1:]
    return sorted(traces, key=lambda t: t.metrics().total_ms)[runs // 2]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(EMBEDDED_MODEL))
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path, default=EMBEDDED_MODEL.parent / "traces")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    lm = load_model(args.model, dtype=args.dtype)
    args.out.mkdir(parents=True, exist_ok=True)
    for name, domain, number in CARDS:
        trace = median_run(lm, domain_module(domain).PRESETS[number], args.runs)
        if broken := check(trace):
            raise SystemExit(f"{name}: {broken[0]}")
        save(trace, args.out / f"{name}{SUFFIX}")
        m = trace.metrics()
        print(
            f"{name}: {m.tokens} tokens, {m.tokens_per_cycle:.1f} a cycle, {m.speedup:.2f}x, {trace.lossless.verdict}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
