"""Sorting as `lists` writes it: a scale from one end to the other, and what of the list stands at each of its marks.

At every mark the only question is which items bear it, and these were said with their marks before. To find the next
smallest of what is left of a list, line by line, went wrong in three lists of four.
"""

from __future__ import annotations

from collections.abc import Sequence

DIGITS, LETTERS = "0123456789", "abcdefghijklmnopqrstuvwxyz"


def worked(task: str, items: list[str]) -> tuple[list[str], str]:
    """The items with their marks, then the scale: first letters, tens, or hundreds if a number has some."""
    if task == "sort-words":
        return _scaled("letters", LETTERS, [word[0].lower() for word in items], items, sorted(items, key=str.lower))
    unit, by = (100, "hundreds") if max(map(int, items)) >= 100 else (10, "tens")
    down = task == "sort-down"
    order = sorted(items, key=int, reverse=down)
    return _scaled(by, DIGITS[::-1] if down else DIGITS, [str(int(item) // unit) for item in items], items, order)


def _scaled(by: str, scale: str, marks: Sequence[str], items: list[str], order: list[str]) -> tuple[list[str], str]:
    marked = ", ".join(f"{mark} {item}" for mark, item in zip(marks, items, strict=True))
    of = dict(zip(items, marks, strict=True))
    there = {mark: " ".join(item for item in order if of[item] == mark) for mark in scale}
    walk = ", ".join(f"{mark} {there[mark] or '-'}" for mark in scale)
    return [f"We go by {by}: {marked}.", f"From {scale[0]} to {scale[-1]}: {walk}."], ", ".join(order)
