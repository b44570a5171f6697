"""What every document of figures is written with: a result that was measured, a Markdown table."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
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


def measured(name: str, missing: str = NOT_YET, closing: Callable[[dict], str] | None = None) -> Callable:
    """Give the function the result of that name, or say that it is missing; `closing` writes a paragraph behind it."""

    def around(render: Callable[[dict[str, Any]], str]) -> Callable[[], str]:
        @wraps(render)
        def text() -> str:
            result = read(name)
            if not result:
                return missing
            return f"{render(result)}\n\n{closing(result)}" if closing else render(result)

        return text

    return around


def table(head: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(map(str, line)) + " |" for line in (head, ["--"] * len(head), *rows)]
    return "\n".join(lines)


def counted(threads: str | int) -> str:
    return f"{threads} thread{'s' * (int(threads) != 1)}"
