"""Test prompts written by hand: tables of lines `prompt => expected`, and what keeps them out of training."""

from __future__ import annotations

import functools
import re

from orthrus.corpus.by_hand import language, reckoning, talk

OUTSIDE = "outside"
_PARTS = {**vars(reckoning), **vars(language), **vars(talk)}
_TABLES: dict[str, str] = {name.lower(): table for name, table in _PARTS.items() if name.isupper()}


def rows(name: str) -> list[tuple[str, str]]:
    """(prompt, expected) of a domain's table, or of the one of what no domain covers; "" where nothing is expected."""
    lines = (line.replace("\\n", "\n") for line in _TABLES[name].strip().split("\n"))
    return [(asked, expected) for asked, _, expected in (line.partition(" => ") for line in lines)]


@functools.cache
def reserved() -> dict[str, str]:
    """The split of every prompt written by hand, by its letters, digits and signs of reckoning."""
    return {letters(asked): OUTSIDE if name == OUTSIDE else "reworded" for name in _TABLES for asked, _ in rows(name)}


def letters(prompt: str) -> str:
    """`prompt` without case, white space and the signs of sentences, unless that is all it has."""
    return re.sub(r"[\s.,:;!?'\"]+", "", prompt.lower()) or prompt
