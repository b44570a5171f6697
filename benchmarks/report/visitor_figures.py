"""What the embedded model gets right of the prompts that visitors would bring, a row per domain."""

from __future__ import annotations

from typing import Any

from benchmarks.report.tables import NOT_YET, read, table

COLUMNS = {"new numbers and wordings": "evaluate", "new names": "names", "new structures": "structures"}
COLUMNS |= {"visitors' wording": "reworded"}


def visitors() -> str:
    """Right answers of 40 prompts, and what becomes of requests beyond all domains."""
    results = {title: read(name) for title, name in COLUMNS.items()}
    outside = read("outside")
    if not (outside and all(results.values())):
        return NOT_YET
    named = {title: (result or {})["domains"] for title, result in results.items()}
    rows = [[domain, *(_right(part.get(domain)) for part in named.values())] for domain in named["visitors' wording"]]
    rows.append(["all", *(_right(result) for result in results.values())])
    asked = results["visitors' wording"] or {}
    beyond = f"{outside['exact']} of {outside['prompts']}"
    honest = f"Requests beyond all domains that an honest sentence answers: {beyond}; of the {asked['prompts']} in "
    honest += f"visitors' wording {asked['refused']} were declined. Model {asked['model']}, {asked['date']}, greedy."
    return f"{table(['right', *COLUMNS], rows)}\n\n{honest}"


def _right(figures: dict[str, Any] | None) -> str:
    return f"{figures['exact']} of {figures['prompts']}" if figures else ""
