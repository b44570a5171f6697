"""Write the figures of benchmarks/results/ between the markers of README.md and the pages of docs/.

    python -m benchmarks.report.readme_figures

The commands that make the results stand in `benchmarks/report/renew.py`.
A marker is a pair of comments, <!-- figures:NAME --> and <!-- /figures:NAME -->; everything between them is replaced.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from benchmarks.harness import ROOT
from benchmarks.report import (
    ablation_figures,
    gpu_figures,
    page_figures,
    plan_figures,
    shape_figures,
    speed_figures,
    visitor_figures,
)
from benchmarks.report.tables import NOT_YET, measured, read, table
from orthrus.config import DRAFTS

PAGES = (
    ROOT / "README.md",
    ROOT / "docs" / "exactness.md",
    ROOT / "docs" / "page.md",
    ROOT / "docs" / "performance.md",
    ROOT / "docs" / "training.md",
    ROOT / "docs" / "qwen3.md",
    ROOT / "docs" / "gpu.md",
    ROOT / "docs" / "drafting.md",
    ROOT / "docs" / "classroom-server.md",
)


def _short(value: float) -> str:
    """Counts and rates whole, ratios with two decimals."""
    return f"{value:.2f}" if isinstance(value, float) and value < 100 else f"{value:.0f}"


@measured("evaluate")
def evaluate(figures: dict[str, Any]) -> str:
    """Acceptance, right answers and speed, a row per domain."""
    columns = {
        "accepted a cycle": "acceptance_length",
        "tokens a cycle": "tokens_per_cycle",
        "TPF": "tpf",
        "right": "exact",
        "of": "prompts",
        "AR tokens/s": "ar_tokens_per_s",
        "Orthrus tokens/s": "orthrus_tokens_per_s",
        "speed-up": "speedup",
    }
    named = {**figures["domains"], "all": figures}
    rows = [[name, *(_short(row[key]) for key in columns.values())] for name, row in named.items()]
    where = f"{figures['device']}, threads: {figures['threads']}, {figures['dtype']}, engine {figures['engine']}, "
    return table(["domain", *columns], rows) + f"\n\n{where}K = {figures['block_size']}, greedy, {figures['date']}."


def lossless() -> str:
    """Identical prompts and equal rows of the certificate, a row per shape of draft and coupling certified."""
    names = ("lossless", *(f"lossless-{draft}{kind}" for draft in DRAFTS for kind in ("", "-gumbel")))
    found = [f for name in names if (f := read(name))]
    if not found:
        return NOT_YET
    circumstances = "draft", "cycles", "sampling", "engine", "dtype", "threads"
    head = [*circumstances, "prompts identical", "logit rows bit-equal", "weights", "device"]
    rows = [
        [
            f.get("draft", "chain"),
            ", ".join(f"{n:,} {shape}" for shape, n in f.get("shapes", {}).items()),
            f"{f['coupling']}, temperature {f['temperature']:g}" if f.get("coupling") else "greedy",
            *(f[name] for name in ("engine", "dtype", "threads")),
            f"{f['identical']} of {f['prompts']}",
            f"{f['rows_equal']:,} of {f['rows_compared']:,}",
            f["revision"],
            f["device"],
        ]
        for f in found
    ]
    return table(head, rows)


def headline() -> str:
    """Three figures of the stored weights, each beside its command, and what is lost."""
    equal, drafts = read("lossless"), read("evaluate")
    timed = [read(name) for name in ("cpu-speed", "cpu-speed-avx2")]
    speed = next((s for s in timed if s and drafts and s["model"]["revision"] == drafts["model"]), None)
    if not (equal and drafts and speed):
        return NOT_YET
    ratios = speed["threads"]["1"]["math"]["ratios"]
    rows = [
        [
            "held-out prompts with the same text and the same bits in every row of logits",
            f"{equal['identical']} of {equal['prompts']}",
            "orthrus lossless --prompts 500 --threads 1",
        ],
        [
            "tokens per forward pass, all domains; plain decoding writes one",
            _short(drafts["tpf"]),
            "orthrus evaluate --domain all --prompts 40 --threads 1",
        ],
        [
            "wall time on math: speed over this project's own plain decoding",
            _short(ratios["Orthrus over AR"]),
            "benchmarks.decode.cpu_speed --threads 1",
        ],
    ]
    head = [f"measured on one thread of an {speed['machine']['device']}, {speed['machine']['simd']}", "", "command"]
    shown = table(head, [[what, number, f"`.venv/bin/python -m {command}`"] for what, number, command in rows])
    won = _short(ratios["AR over llama.cpp float16"])
    loses = f"**On a CPU, Orthrus does not win wall time on this model.** Its plain decoding is {won} times as fast as"
    why = "llama.cpp's in float16, and a model that lies in the cache is bound by products: rows are not free."
    return f"{shown}\n\n{loses}\n{why}"


FIGURES = {
    "headline": headline,
    "evaluate": evaluate,
    "lossless": lossless,
    "page": measured("page")(page_figures.page),
    "classroom": measured("classroom")(page_figures.classroom),
    **speed_figures.FIGURES,
    **shape_figures.FIGURES,
}
FIGURES |= {"ablations": ablation_figures.ablations, "plan": plan_figures.estimate}
FIGURES |= {"visitors": visitor_figures.visitors}
FIGURES |= {"floors": plan_figures.floors, "gpu": gpu_figures.gpu}


def filled(text: str) -> str:
    """`text` with every marked part written anew; raises ValueError for a marker nothing fills."""

    def part(match: re.Match) -> str:
        name = match[1]
        if name not in FIGURES:
            raise ValueError(f"no figures are called {name!r}; known: {', '.join(FIGURES)}")
        return f"<!-- figures:{name} -->\n\n{FIGURES[name]()}\n\n<!-- /figures:{name} -->"

    return re.sub(r"<!-- figures:(\w+) -->.*?<!-- /figures:\1 -->", part, text, flags=re.S)


def main() -> int:
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
