"""The page as one file: a shell with named gaps, filled by Python for a trace, by the browser for the run it shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HEADLINE = "Same model. Same words. Two ways to write them."
FILE = Path(__file__).resolve().parents[1] / "static" / "export.html"
STYLE_MARKS = ("/* the stage begins */", "/* the stage ends */")  # around its rules in a page's style element


def template() -> str:
    return FILE.read_text(encoding="utf-8")


def filled(parts: Mapping[str, str]) -> str:
    """The shell with every {{name}} replaced by that part, and nothing in a part replaced again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda gap: parts[gap[1]], template())


def settings(scripts: tuple[str, ...]) -> dict[str, Any]:
    """What a page needs to make such a file of itself: the shell, and which of its own scripts belong in it."""
    return {"page": template(), "headline": HEADLINE, "scripts": list(scripts), "style": list(STYLE_MARKS)}
