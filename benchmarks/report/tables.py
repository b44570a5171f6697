"""What every document of figures is written with: a result that was measured, a Markdown table."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.harness import RESULTS

NOT_YET = "Not measured yet for this version; the command above writes the figures."


def read(name: str) -> dict[str, Any] | None:
    """The result of that name, None before it was measured; raises ValueError for a quick look: none is published."""
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return None
    result = json.loads(path.read_text(encoding="utf-8"))
    if result.get("quick"):
        raise ValueError(f"{path.name} comes from --quick; measure it in full")
    return result


def table(head: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(map(str, line)) + " |" for line in (head, ["--"] * len(head), *rows)]
    return "\n".join(lines)


def counted(threads: str | int) -> str:
    return f"{threads} thread{'s' * (int(threads) != 1)}"
