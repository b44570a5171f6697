"""The vocabulary of a run: id -> what to show. Patches of other views name tokens by id only."""

from __future__ import annotations

from typing import Any

from orthrus.events import Event, Glyph, Piece
from orthrus.text import hexadecimal
from orthrus.trace import Trace
from viz.changes import Change, merge

NAME = "words"


def skeleton() -> dict[str, Any]:
    return {"kind": "words", "facts": {"text": {}}}


def shown(glyph: Glyph) -> str:
    """A token on its own: its text, its name, or its bytes in hex where they are no complete character."""
    return glyph.s if glyph.s is not None else hexadecimal(bytes.fromhex(glyph.b))


def patch(event: Event, trace: Trace) -> list[Change]:
    if not isinstance(event, Piece):
        return []
    return [merge("text", {str(index): shown(glyph) for index, glyph in event.items.items()})]
