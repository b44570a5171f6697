"""What Python makes of made-up runs, as JSON for the player's tests in node: python -m tests.js.fixtures"""

from __future__ import annotations

import sys
from typing import Any

from orthrus.config import DecodeConfig
from orthrus.decoding.engine import run_both
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from tests import synthetic
from tests.tiny import tiny_model
from viz.player import frames, shell
from viz.views import catalogue, download, statistics

PARTS = {name: f"[{name} $& {{{{title}}}}]" for name in ("title", "style", "plotly", "script")}
PARTS |= {name: f"<{name}>" for name in ("tape", "settings", "held", "headline")}


def cycle_facts(cycle: Any) -> dict[str, Any]:
    draft, verdict = cycle.draft, cycle.verdict
    return {
        "cycle": draft.cycle,
        "anchor": draft.anchor_id,
        "guesses": draft.draft_ids,
        "own": verdict.ar_ids,
        "gaps": verdict.p_gap,
        "statuses": cycle.statuses(),
        "committed": verdict.n_commit,
        "ms": [draft.t_draft_ms, verdict.t_verify_ms, verdict.t_judge_ms, verdict.t_host_gap_ms],
    }


def decoded(draft: str) -> dict[str, Any]:
    """A run that a tiny model decodes with another shape of draft."""
    config = DecodeConfig(40, draft=draft, detail=1, instrument_share=1e9)
    return run_of(Trace.of(run_both(tiny_model(3), "abcabcabcabc", config)))


def run(**how: Any) -> dict[str, Any]:
    """A made-up run."""
    return run_of(Trace.of(synthetic.events(**how)))


def run_of(trace: Trace) -> dict[str, Any]:
    """A run as the player gets it, and what Python says of it."""
    metrics = measure(trace)
    return {
        "tape": frames.tape(trace),
        "views": {name: catalogue.state(name, trace) for name in catalogue.VIEWS},
        "whole": frames.whole(trace, "r"),
        "cycles": [cycle_facts(cycle) for cycle in trace.cycles],
        "tokens": len(trace.tokens),
        "prefill_ms": trace.prefill.ms,
        "ar_ms": list(trace.ar_ms),
        "ar_tokens": len(trace.ar_ids),
        "total_ms": metrics.total_ms,
        "ar_total_ms": metrics.ar_total_ms,
        "speedup": metrics.speedup,
        "passes": metrics.passes,
        "tokens_per_cycle": metrics.tokens_per_cycle,
    }


def everything() -> dict[str, Any]:
    return {
        "drawing": frames.drawing(),
        "looks": statistics.COMPARED["looks"],
        "slots": list(download.SLOTS),
        "shell": {"settings": shell.settings(), "parts": PARTS, "filled": shell.filled(PARTS)},
        "runs": {
            "whole": run(seed=1, tokens=150, sureness=0.85),
            "short": run(seed=1, tokens=60),
            "alone": run(lanes=("orthrus",)),
            "mixed": run(seed=3, tokens=60, sureness=0.8, guesses=(31, 0, 4)),
            "tree": decoded("tree"),
            "lookup": decoded("lookup"),
            "kept": [run(seed=seed, tokens=80, sureness=0.6) for seed in (5, 6)],
        },
    }


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    print(frames.dumps(everything()))
