"""Record the race of drafters that the page shows before a visitor has started one.

    python -m benchmarks.record_race

Each lane is decoded alone, several times; its run of median time is kept. The lanes take turns, so that a slow moment
hits all of them.
"""

from __future__ import annotations

import argparse
import json

from benchmarks.record_traces import busy_elsewhere
from orthrus.checkpoints.loading import load_model
from orthrus.config import DRAFTS, EMBEDDED_MODEL, DecodeConfig
from orthrus.corpus import domain_module
from orthrus.decoding.engine import decode, decode_ar
from orthrus.trace import Trace
from viz.views.drafter_lanes import PLAIN, race
from viz.views.drafters import RECORDED


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=str(EMBEDDED_MODEL))
    parser.add_argument("--domain", default="math")
    parser.add_argument("--preset", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=0, help="0: all")
    args = parser.parse_args()
    lm = load_model(args.model, "cpu", threads=args.threads)
    prompt = domain_module(args.domain).PRESETS[args.preset]
    runs: dict[str, list[Trace]] = {draft: [] for draft in (PLAIN, *DRAFTS)}
    before = busy_elsewhere()
    for number in range(args.rounds + 1):
        for draft, found in runs.items():
            config = DecodeConfig(detail=-1) if draft == PLAIN else DecodeConfig(detail=-1, draft=draft)
            trace = Trace.of((decode_ar if draft == PLAIN else decode)(lm, prompt, config))
            if number:  # the first round warms up
                found.append(trace)
    print(f"other processes used {busy_elsewhere() - before:.1f} s of the processor meanwhile")
    middle = {draft: sorted(found, key=took)[len(found) // 2] for draft, found in runs.items()}
    found_race = race(middle)
    RECORDED.write_text(json.dumps(found_race, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(found_race["result"], found_race["same"], f"{RECORDED}: {RECORDED.stat().st_size} bytes", sep="\n")


def took(trace: Trace) -> float:
    """Milliseconds of a lane, prompt included."""
    return trace.ar_ms[-1] if trace.ar_ms else trace.ends_ms[-1]


if __name__ == "__main__":
    main()
