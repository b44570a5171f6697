"""HTML template of the exported page, filled by Python for a trace, by the browser for the run it shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from viz.player import modules

HEADLINE = "Same model. Same words. Two ways to write them."
STYLE_MARKS = ("/* the stage begins */", "/* the stage ends */")  # around its rules in a page's style element


def template() -> str:
    return modules.read("export.html")


def filled(parts: Mapping[str, str]) -> str:
    """Fill the template: every {{name}} is replaced by that part, without substitution inside parts."""
    return re.sub(r"\{\{(\w+)\}\}", lambda gap: parts[gap[1]], template())


def settings() -> dict[str, Any]:
    """What a page needs to make such a file of itself, besides the player's script."""
    return {"page": template(), "headline": HEADLINE, "style": list(STYLE_MARKS)}
