"""Sorting as `lists` writes it: the items in groups by their first letter or digit, and the groups in order.

The next group is the next letter or digit that occurs, which one look at the list tells; comparing whole numbers, item
by item and line by line, went wrong in three lists of four.
"""

from __future__ import annotations


def worked(task: str, items: list[str]) -> tuple[list[str], str]:
    """A line a group, from the first to the last, its items in order; words are spelt out with their first letters.

    Numbers are grouped by tens, or by hundreds if one of them has hundreds.
    """
    if task == "sort-words":
        letters = ", ".join(f"{item[0].lower()} {item}" for item in items)
        lines, size, named = [f"We go by letters: {letters}."], str.lower, "{}: {}."
        key = lambda item: item[0].lower()  # noqa: E731
    else:
        unit, name = (100, "Hundreds") if max(map(int, items)) >= 100 else (10, "Tens")
        lines, size, named = [], int, name + " {}: {}."
        key = lambda item: int(item) // unit  # noqa: E731
    down = task == "sort-down"
    order = sorted(items, key=size, reverse=down)
    for group in dict.fromkeys(map(key, order)):
        lines.append(named.format(group, ", ".join(item for item in order if key(item) == group)))
    return lines, ", ".join(order)
