"""Test prompts written by hand, never trained on: the skills in visitors' own words, and what is beyond all of them.

Forty prompts a domain with typing mistakes, no punctuation, other orders, small letters, names that occur nowhere else,
numbers to 999 and lists of three to nine items; sixty prompts that only an honest sentence can answer.
"""

from __future__ import annotations

import ast
import functools
import json
import re

from orthrus.corpus import by_hand
from orthrus.corpus.base import Example
from orthrus.corpus.by_hand import OUTSIDE
from orthrus.corpus.material import variants

REWORDED = "reworded"
_HONEST = re.compile(r"\bI (?:only|cannot|can not|can't|do not|don't|am (?:only|a (?:very )?small))\b")
_SKILLS = variants(
    "word problem|equation|list|unit|convert|JSON|Python|function|copy|sort|count|stor|Orthrus|text|sum|reckon|replace|"
    "prime|sky|rain|exercise"
)  # fmt: skip


@functools.cache
def prompts(name: str) -> tuple[Example, ...]:
    """The prompts of a domain, or of "outside", in the order they were written."""
    kind, domain = (OUTSIDE, "chat") if name == OUTSIDE else (REWORDED, name)
    return tuple(
        Example(domain, kind, (("user", asked), ("assistant", expected)), expected)
        for asked, expected in by_hand.rows(name)
    )


def is_refusal(text: str) -> bool:
    """Whether `text` honestly declines and names something that the model can do."""
    return bool(_HONEST.search(text)) and any(skill in text for skill in _SKILLS)


def grade(example: Example, text: str) -> bool:
    """A refusal for what is outside; else the values, words or fragments asked for, or the very text."""
    if example.structure == OUTSIDE:
        return is_refusal(text)
    wanted = example.expected.split("|")
    if example.domain == "json":
        return _holds(text, wanted)
    if example.domain == "code":
        return _has_fragments(text, wanted)
    if example.domain in ("copy", "edit"):
        return text.strip() == example.expected
    ended = text.strip().endswith((".", "!", "?", '"'))
    long = len(text.split()) >= (40 if example.domain == "stories" else 1)
    return ended and long and all(word.lower() in text.lower() for word in wanted)


def _holds(text: str, wanted: list[str]) -> bool:
    """Whether `text` is a JSON object in which every wanted value stands, in whatever case."""
    try:
        data = json.loads(text)
    except ValueError:
        return False
    values = {value.lower() for value in _values(data)}
    return isinstance(data, dict) and all(value.lower() in values for value in wanted)


def _values(data: object) -> list[str]:
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list) else None
    return [str(data)] if parts is None else [value for part in parts for value in _values(part)]


def _has_fragments(text: str, wanted: list[str]) -> bool:
    """Whether `text` is Python in which every wanted fragment stands; it is parsed and never run."""
    try:
        source = ast.unparse(ast.parse(text))
    except (SyntaxError, ValueError):
        return False
    return all(fragment in source for fragment in wanted)
