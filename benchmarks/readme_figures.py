"""Write the figures of benchmarks/results/ between the markers of README.md and the pages of docs/.

    python -m orthrus lossless --prompts 500 --json > benchmarks/results/lossless-float32.json
    python -m orthrus evaluate --domain all --prompts 40 --json > benchmarks/results/evaluate.json
    python benchmarks/page_speed.py
    python benchmarks/cpu_speed.py && python benchmarks/floor.py && python benchmarks/growth.py
    python benchmarks/profile_cycle.py && python benchmarks/plots.py
    python benchmarks/readme_figures.py

A marker is a pair of comments, <!-- figures:NAME --> and <!-- /figures:NAME -->; everything between them is replaced.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import ablation_figures, gpu_figures, plan_figures, speed_figures
from benchmarks.speed_figures import RESULTS, ROOT, read, table

PAGES = (
    ROOT / "README.md",
    ROOT / "docs" / "exactness.md",
    ROOT / "docs" / "page.md",
    ROOT / "docs" / "performance.md",
    ROOT / "docs" / "training.md",
    ROOT / "docs" / "qwen3.md",
    ROOT / "docs" / "gpu.md",
)


def _short(value: float) -> str:
    """Counts and rates whole, ratios with two decimals."""
    return f"{value:.2f}" if isinstance(value, float) and value < 100 else f"{value:.0f}"


def evaluate() -> str:
    """Acceptance, right answers and speed, a row per domain."""
    figures = read("evaluate")
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
    where = f"{figures['device']}, threads: {figures['threads']}, {figures['dtype']}, mode {figures['mode']}, "
    return table(["domain", *columns], rows) + f"\n\n{where}K = {figures['block_size']}, greedy, {figures['date']}."


def lossless() -> str:
    """Identical prompts and equal rows, a row per certificate found."""
    rows = []
    for path in sorted(RESULTS.glob("lossless-*.json")):
        f = json.loads(path.read_text(encoding="utf-8"))
        same = f"{f['identical']} of {f['prompts']}"
        rows.append([f["dtype"], f["mode"], same, f"{f['rows_equal']:,} of {f['rows_compared']:,}", f["device"]])
    return table(["dtype", "mode", "prompts identical", "logit rows bit-equal", "device"], rows)


def price() -> str:
    """What the exact mode costs each lane, a row per dtype."""
    rows = []
    for dtype, modes in read("exact")["tokens_per_s"].items():
        fast, exact, ratio = modes["fast"], modes["exact"], modes["price"]
        rows.append(
            [dtype, *(v for lane in ("ar", "orthrus") for v in (fast[lane], exact[lane], f"{ratio[lane]:.2f}x"))]
        )
    head = ["dtype", "AR fast, tokens/s", "AR exact", "price", "Orthrus fast", "Orthrus exact", "price"]
    return table(head, rows)


def page() -> str:
    """How the page feels; a quick look is not published."""
    from benchmarks import page_figures

    path = RESULTS / "page.json"
    if not path.exists():
        return "Not measured yet."
    result = json.loads(path.read_text(encoding="utf-8"))
    if result["quick"]:
        raise ValueError("page.json comes from --quick; measure it in full")
    return page_figures.page(result)


FIGURES = {"evaluate": evaluate, "lossless": lossless, "price": price, "page": page, **speed_figures.FIGURES}
FIGURES |= {"ablations": ablation_figures.ablations, "plan": plan_figures.estimate}
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
