"""HTML template of the exported page, filled by Python for a trace, by the browser for the run it shows."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from viz import language
from viz.language import say
from viz.player import modules

GAP = re.compile(r"\{\{(\w+)\}\}")
STYLE_MARKS = ("/* the stage begins */", "/* the stage ends */")  # around its rules in a page's style element


def template() -> str:
    """In the current language; the gaps that are left belong to a run."""
    own = {"lang": language.tag(language.current()), "dir": language.direction(language.current())}
    own["noscript"] = html.escape(say("page.no-script-file"))
    return GAP.sub(lambda gap: own.get(gap[1], gap[0]), modules.read("export.html"))


def filled(parts: Mapping[str, str]) -> str:
    """Fill the template: every {{name}} is replaced by that part, without substitution inside parts."""
    return GAP.sub(lambda gap: parts[gap[1]], template())


def settings() -> dict[str, Any]:
    """What a page needs to make such a file of itself, besides the player's script."""
    return {"page": template(), "headline": say("page.headline"), "style": list(STYLE_MARKS)}
