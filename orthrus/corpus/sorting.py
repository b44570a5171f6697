"""Sorting as `lists` writes it: a scale from one end to the other, and what of the list stands at each of its marks.

At every mark the only question is which items bear it, and these were said with their marks before; a plus for each
item that bore the mark already says how many they are. To find the next smallest of what is left of a list, line by
line, went wrong in three lists of four.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence

NUMBERS = tuple(map(str, range(1, 21)))  # up to 20 every number is a mark of its own


def worked(task: str, items: list[str]) -> tuple[list[str], str]:
    """The items with their marks, then the scale: first letters, or tens, or hundreds if a number has some."""
    if task == "sort-words":
        order = sorted(items, key=str.lower)
        return _scaled("letters", string.ascii_lowercase, [word[0].lower() for word in items], items, order)
    numbers, way = list(map(int, items)), -1 if task == "sort-down" else 1
    order = sorted(items, key=int, reverse=way < 0)
    if set(items) <= set(NUMBERS):
        scale = NUMBERS[: 9 if max(numbers) < 10 else 20][::way]
        there = (f"{mark} {' '.join(item for item in items if item == mark) or '-'}" for mark in scale)
        return [_walk(scale, there)], ", ".join(order)
    unit, by = (100, "hundreds") if max(numbers) >= 100 else (10, "tens")
    return _scaled(by, string.digits[::way], [str(number // unit) for number in numbers], items, order)


def _scaled(by: str, scale: str, marks: Sequence[str], items: list[str], order: list[str]) -> tuple[list[str], str]:
    of = dict(zip(items, marks, strict=True))
    plus = ["+" * marks[:i].count(mark) for i, mark in enumerate(marks)]
    marked = ", ".join(f"{mark}{more} {item}" for mark, more, item in zip(marks, plus, items, strict=True))
    there = (_borne(mark, [item for item in order if of[item] == mark]) for mark in scale)
    return [f"We go by {by}: {marked}.", _walk(scale, there)], ", ".join(order)


def _borne(mark: str, items: list[str]) -> str:
    return f"{mark}{'+' * (len(items) - 1)} {' '.join(items) or '-'}"


def _walk(scale: Sequence[str], there: Iterable[str]) -> str:
    return f"From {scale[0]} to {scale[-1]}: {', '.join(there)}."
