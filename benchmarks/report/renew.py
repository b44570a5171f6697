"""Remake what hangs on the embedded model's weights: recordings, certificates, figures. Hours on two cores.

    python -m benchmarks.report.renew            # goes on where it was; --fresh begins again, --list only shows
    python -m benchmarks.training.record_learning --run RUN      # beside it: needs the checkpoints of a training

Steps that measure time come first, so that they have the machine to themselves.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from typing import NamedTuple

from benchmarks.harness import RESULTS, ROOT
from orthrus.checkpoints.folder import revision_of
from orthrus.checkpoints.hub import locate
from orthrus.config import DRAFTS, EMBEDDED_MODEL

DONE = ROOT / "runs" / "renewed"
SAMPLED = " --temperature 0.8 --coupling gumbel"


class Step(NamedTuple):
    """A module with its arguments; `output` gets its standard output, "" if it writes its files itself."""

    words: str
    output: str = ""


def evaluated(split: str, which: str = "--domain all --prompts 40 --seed 1", output: str = "") -> Step:
    return Step(
        f"orthrus evaluate {which} --split {split} --dtype float32 --threads 1 --json", output or f"{split}.json"
    )


def certified(draft: str, ending: str, more: str) -> Step:
    name = "lossless.json" if draft == "chain" and not ending else f"lossless-{draft}{ending}.json"
    return Step(f"orthrus lossless --draft {draft}{more} --prompts 500 --threads 1 --json", name)


STEPS = (
    Step("benchmarks.record_traces"),
    Step("benchmarks.record_race"),
    Step("benchmarks.decode.cpu_speed"),
    Step("benchmarks.decode.draft_shapes"),
    Step("benchmarks.decode.row_costs --out benchmarks/results/row-costs.json"),
    Step("benchmarks.decode.company"),
    Step("benchmarks.decode.start"),
    Step("benchmarks.page.speed"),
    Step("benchmarks.page.over_cli --out benchmarks/results/page-over-cli.json"),
    Step("orthrus evaluate --domain all --prompts 40 --threads 1 --json", "evaluate.json"),
    *(evaluated(split) for split in ("names", "structures", "reworded")),
    evaluated("outside", "--domain chat --prompts 60 --seed 1"),
    evaluated("test", "--domain math --prompts 200 --seed 2", "math-200.json"),
    *(certified(draft, "", "") for draft in DRAFTS),
    *(certified(draft, "-gumbel", SAMPLED) for draft in DRAFTS),
    Step("benchmarks.report.plots"),
    Step("benchmarks.report.readme_figures"),
)


def take(step: Step) -> None:
    """Run a step to its end; raises CalledProcessError. An output is replaced whole or not at all."""
    command = [sys.executable, "-m", *step.words.split()]
    if not step.output:
        subprocess.run(command, cwd=ROOT, check=True)
        return
    found = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    (RESULTS / step.output).write_bytes(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="show the steps and which of them are done")
    parser.add_argument("--fresh", action="store_true", help="forget what is done")
    args = parser.parse_args()
    marks = DONE / f"{revision_of(locate(str(EMBEDDED_MODEL)))}.txt"
    if args.fresh:
        marks.unlink(missing_ok=True)
    done = marks.read_text(encoding="utf-8").splitlines() if marks.exists() else []
    for number, step in enumerate(STEPS, 1):
        state = "done" if step.words in done else ""
        print(f"{number:2} of {len(STEPS)} {state:4} {step.words}", flush=True)
        if args.list or state:
            continue
        began = time.monotonic()
        take(step)
        marks.parent.mkdir(parents=True, exist_ok=True)
        with marks.open("a", encoding="utf-8") as file:
            file.write(step.words + "\n")
        print(f"   {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
