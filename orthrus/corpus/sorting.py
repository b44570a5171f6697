"""Sorting as `lists` writes it: a scale from one end to the other, and what of the list stands at each of its marks.

At every mark the only question is which items bear it, and these were said with their marks before; a plus for each
item that bore the mark already says how many they are. To find the next smallest of what is left of a list, line by
line, went wrong in three lists of four.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence

NUMBERS = tuple(map(str, range(1, 21)))  # up to 20 every number is a mark of its own


def worked(task: str, items: list[str]) -> tuple[list[str], str]:
    """The items with their marks, then the scale: first letters, or tens, or hundreds if a number has some."""
    if task == "sort-words":
        order = sorted(items, key=str.lower)
        return _scaled("letters", string.ascii_lowercase, lambda word: word[0].lower(), items, order)
    most, way = max(map(int, items)), -1 if task == "sort-down" else 1
    order = sorted(items, key=int, reverse=way < 0)
    if most <= len(NUMBERS):
        scale = NUMBERS[: 9 if most < 10 else len(NUMBERS)][::way]
        return [_walk(scale, str, order)], ", ".join(order)
    unit, by = (100, "hundreds") if most >= 100 else (10, "tens")
    return _scaled(by, string.digits[::way], lambda number: str(int(number) // unit), items, order)


def _scaled(
    by: str, scale: str, mark: Callable[[str], str], items: list[str], order: list[str]
) -> tuple[list[str], str]:
    marks = [mark(item) for item in items]
    plus = ["+" * marks[:i].count(one) for i, one in enumerate(marks)]
    marked = ", ".join(f"{one}{more} {item}" for one, more, item in zip(marks, plus, items, strict=True))
    return [f"We go by {by}: {marked}.", _walk(scale, mark, order)], ", ".join(order)


def _walk(scale: Sequence[str], mark: Callable[[str], str], order: list[str]) -> str:
    """What stands at each mark of the scale."""
    there = [(one, [item for item in order if mark(item) == one]) for one in scale]
    entries = ", ".join(f"{one}{'+' * (len(items) - 1)} {' '.join(items) or '-'}" for one, items in there)
    return f"From {scale[0]} to {scale[-1]}: {entries}."
