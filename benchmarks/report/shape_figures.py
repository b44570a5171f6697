"""The table of docs/drafting.md: what each shape of draft is worth, by `benchmarks.decode.draft_shapes`."""

from __future__ import annotations

from typing import Any

from benchmarks.report.speed_figures import measured
from benchmarks.report.tables import table

COLUMNS = {
    "tokens a cycle": "tokens_per_cycle",
    "accepted per verified row": "accepted_per_row",
    "rows of a draft pass": "rows_per_draft",
    "passes per token": "passes_per_token",
    "TPF": "tpf",
    "time over AR": "time_over_ar",
}


@measured("draft-shapes")
def shapes(f: dict[str, Any]) -> str:
    """A row per domain and shape, then how near auto comes to the best single way of each domain."""
    rows = [
        [
            domain,
            draft,
            *(_figure(c.get(key)) for key in COLUMNS.values()),
            f"{c['same_text']} of {f['counted']}",
        ]
        for domain, drafts in f["domains"].items()
        for draft, c in drafts.items()
    ]
    return table(["domain", "draft", *COLUMNS, "same text as AR"], rows) + "\n\n" + _auto(f["domains"])


def _figure(value: float | None) -> str:
    """With two decimals; a dash if there was nothing to measure."""
    return "–" if value is None else f"{value:.2f}"


def _auto(domains: dict[str, Any]) -> str:
    """Auto's speed over that of AR or the fastest other shape; times are ratios to AR's own, which is 1."""
    best = {
        domain: min(1.0, *(c["time_over_ar"] or 1.0 for draft, c in drafts.items() if draft != "auto"))
        for domain, drafts in domains.items()
    }
    shares = {domain: best[domain] / drafts["auto"]["time_over_ar"] for domain, drafts in domains.items()}
    listed = ", ".join(f"{domain} {share:.2f}" for domain, share in shares.items())
    return f"Speed of auto over that of the fastest single way, plain AR included: {listed}."


FIGURES = {"shapes": shapes}
