"""HTML template of the exported page, filled by Python for a trace, by the browser for the run it shows."""

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
    """Fill the template: every {{name}} is replaced by that part, without substitution inside parts."""
    return re.sub(r"\{\{(\w+)\}\}", lambda gap: parts[gap[1]], template())


def settings(scripts: tuple[str, ...]) -> dict[str, Any]:
    """What a page needs to export itself: the template, and which of its scripts belong in it."""
    return {"page": template(), "headline": HEADLINE, "scripts": list(scripts), "style": list(STYLE_MARKS)}
