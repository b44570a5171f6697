"""Record the gallery: one trace per card, both lanes, on this machine.

    python -m benchmarks.record_traces

Each prompt is decoded several times at detail 1 and the run of median Orthrus time is kept, so that a card shows
what the machine does, not its best or worst moment. A run beside which other processes were busy is measured again.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from orthrus.checkpoints.loading import LoadedModel, load_model
from orthrus.config import EMBEDDED_MODEL, ENGINES, DecodeConfig
from orthrus.corpus import domain_module
from orthrus.decoding.engine import run_both
from orthrus.trace import Trace
from orthrus.trace.files import SUFFIX, save
from orthrus.trace.invariants import check
from orthrus.trace.metrics import measure

# (name of the card, domain, number of its preset): easy and hard text, in the order a visitor meets them; greedy, but
# for those that SAMPLED names
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
    ("12-story-by-coin-toss", "stories", 0),
    ("13-story-by-seed", "stories", 0),
)
SAMPLED = {
    "12-story-by-coin-toss": {"temperature": 0.8, "seed": 2, "coupling": "rejection"},
    "13-story-by-seed": {"temperature": 0.8, "seed": 1, "coupling": "gumbel"},
}


COMPANY, TRIES = 0.1, 6  # other processes' share of all cores beside a run that counts; runs tried per run kept


def median_run(lm: LoadedModel, prompt: str, runs: int, config: DecodeConfig) -> Trace:
    """The run of median Orthrus time out of the `runs` with the least company, after one that is not counted."""
    Trace.of(run_both(lm, prompt, config))
    found: list[tuple[float, Trace]] = []
    while sum(share <= COMPANY for share, _ in found) < runs and len(found) < TRIES * runs:
        began, before = time.perf_counter(), busy_elsewhere()
        trace = Trace.of(run_both(lm, prompt, config))
        cores = (time.perf_counter() - began) * (os.cpu_count() or 1)
        found.append(((busy_elsewhere() - before) / cores, trace))
    calm = sorted(found, key=lambda pair: pair[0])[:runs]
    print(f"  other processes took up to {calm[-1][0]:.0%} of the cores", flush=True)
    return sorted((trace for _, trace in calm), key=lambda t: measure(t).total_ms)[runs // 2]


def record(lm: LoadedModel, prompt: str, runs: int, path: Path) -> Trace:
    """The median run, checked and saved."""
    how = SAMPLED.get(path.name.removesuffix(SUFFIX), {})
    trace = median_run(lm, prompt, runs, DecodeConfig(detail=1, instrument_share=1.0, **how))
    if broken := check(trace):
        raise SystemExit(f"{path.name}: {broken[0]}")
    save(trace, path)
    return trace


def busy_elsewhere() -> float:
    """CPU seconds that other processes have used so far; 0 where the system does not tell."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    user, nice, system, _, _, irq, softirq, steal = map(int, stat.read_text().split("\n")[0].split()[1:9])
    own = os.times()
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK") - own.user - own.system


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(EMBEDDED_MODEL))
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--engine", default="auto", choices=ENGINES)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[name for name, _, _ in CARDS], help="names of cards")
    parser.add_argument("--out", type=Path, default=EMBEDDED_MODEL.parent / "traces")
    args = parser.parse_args()
    lm = load_model(args.model, dtype=args.dtype, engine=args.engine, threads=args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    for name, domain, number in (card for card in CARDS if card[0] in args.only):
        trace = record(lm, domain_module(domain).PRESETS[number], args.runs, args.out / f"{name}{SUFFIX}")
        m = measure(trace)
        verdict = trace.lossless.verdict if trace.lossless else "equal in distribution"
        passes = f"{m.tokens} tokens in {m.passes} passes, {m.tokens_per_cycle:.1f} per cycle"
        speed = "" if m.speedup is None else f", {m.speedup:.2f}x"
        print(f"{name}: {passes}{speed}, {verdict}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
