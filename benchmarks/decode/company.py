"""AR beside one other busy process, as a share of what it does alone: this project's engine and llama.cpp.

    python -m benchmarks.decode.company
    python -m benchmarks.decode.company --quick

The other process is a Python loop that never sleeps. Quiet and busy stretches take turns; in each, every way answers
every prompt. With more than one thread the compiled engine chooses for each pass how many share it, by what passes have
cost lately (`orthrus/model/thread_team.py`); llama.cpp's threads are as many as it is told.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.decode.cpu_speed import AR, LLAMA, gguf_files, our_ways
from benchmarks.decode.peers import LlamaCpp, Way, by_llama_cpp
from benchmarks.harness import RESULTS, facts, table, thread_counts, write
from orthrus.checkpoints.loading import load_model
from orthrus.config import EMBEDDED_MODEL
from orthrus.corpus import generate
from orthrus.evaluation.domains import dialogue

WANTED = 0.45  # of the quiet figure, for this project's AR


BUSY = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"  # ends when this process does


@contextmanager
def company() -> Iterator[None]:
    """One busy process while the block runs."""
    other = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        yield
    finally:
        other.kill()
        other.wait()


def rates(ways: dict[str, Way], prompts: list[Any]) -> dict[str, float]:
    """Tokens per second of every way over all prompts, behind one answer that is not counted."""
    found = {}
    for name, run in ways.items():
        run(prompts[0])
        answers = [run(prompt) for prompt in prompts]
        found[name] = sum(len(ids) for ids, _ in answers) / sum(spent for _, spent in answers)
    return found


def measure(ways: dict[str, Way], prompts: list[Any], rounds: int) -> dict[str, dict[str, float]]:
    """Medians over rounds of the rates, quiet and busy, and of their ratio within a round."""
    quiet, busy = [], []
    for _ in range(rounds):
        quiet.append(rates(ways, prompts))
        with company():
            busy.append(rates(ways, prompts))
    return {
        name: {
            "quiet": round(median(q[name] for q in quiet), 1),
            "busy": round(median(b[name] for b in busy), 1),
            "share": round(median(b[name] / q[name] for q, b in zip(quiet, busy, strict=True)), 3),
        }
        for name in ways
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(EMBEDDED_MODEL))
    parser.add_argument("--prompts", type=int, default=6)
    parser.add_argument("--max-new-tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true", help="leave llama.cpp out")
    parser.add_argument("--quick", action="store_true", help="one prompt, one round")
    parser.add_argument("--out", type=Path, default=RESULTS / "company.json")
    args = parser.parse_args()
    if args.quick:
        args.prompts, args.rounds = 1, 1
    prompts = [dialogue(e) for e in islice(generate("math", 5, "test"), args.prompts)]
    ways = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        files = {} if args.no_peers else gguf_files(args.model, Path(folder))
        for threads in thread_counts():
            lm = load_model(args.model, "cpu", threads=threads)
            ways[f"{AR}, up to {threads} threads" if threads > 1 else f"{AR}, 1 thread"] = our_ways(
                lm, args.max_new_tokens
            )[AR]
            if files:
                engine = opened.enter_context(
                    closing(LlamaCpp(files["float16"], threads, lm.config.max_position_embeddings))
                )
                name = f"{LLAMA['float16']}, {threads} thread{'s' * (threads > 1)}"
                ways[name] = by_llama_cpp(lm, engine, args.max_new_tokens)
        found = measure(ways, prompts, args.rounds)
    result = facts(__doc__) | {"engine": lm.engine, "wanted": WANTED, "ways": found}
    print(table(["way", "quiet, tokens/s", "busy", "share"], [[name, *row.values()] for name, row in found.items()]))
    write(result, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
