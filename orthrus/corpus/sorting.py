"""Sorting as `lists` writes it: the items in groups by their first letter or digit, and the groups in order.

The next group is the next letter or digit that occurs, which one look at the list tells; comparing whole numbers, item
by item and line by line, went wrong in three lists of four.
"""

from __future__ import annotations

from collections.abc import Callable


def worked(task: str, items: list[str]) -> tuple[list[str], str]:
    """A line a group, from the first to the last, its items in order; words are spelt out with their first letters.

    Numbers are grouped by tens, or by hundreds if one of them has hundreds.
    """
    if task == "sort-words":
        order = sorted(items, key=str.lower)
        letters = ", ".join(f"{_initial(item)} {item}" for item in items)
        return [f"We go by letters: {letters}.", *_groups(order, _initial)], ", ".join(order)
    order = sorted(items, key=int, reverse=task == "sort-down")
    unit, name = (100, "Hundreds") if max(map(int, items)) >= 100 else (10, "Tens")
    return _groups(order, lambda item: f"{name} {int(item) // unit}"), ", ".join(order)


def _initial(word: str) -> str:
    return word[0].lower()


def _groups(order: list[str], group: Callable[[str], str]) -> list[str]:
    names = dict.fromkeys(map(group, order))
    return [f"{name}: {', '.join(item for item in order if group(item) == name)}." for name in names]
