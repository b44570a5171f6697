"""The messages that the browser says: those whose keys stand in the player's modules."""

from __future__ import annotations

import re
from functools import lru_cache

from viz import language
from viz.player import modules

# say("area.what") is one key, say("area." + rest) every key of that beginning
SAID = re.compile(r'\bsay\(\s*"([\w.-]+)"(?=\s*([,)+]))')
INLINE = ("page/page.js",)  # in the document, not among the modules


@lru_cache
def keys() -> tuple[str, ...]:
    """Keys and beginnings of keys ("area."), as the modules name them."""
    found: dict[str, None] = {}
    for name in (*modules.ordered(), *INLINE):
        found |= {key: None for key, _ in SAID.findall(modules.read(name))}
    return tuple(found)


def said() -> dict[str, language.Message]:
    """Those messages in the current language."""
    return language.by_prefix(*keys())
