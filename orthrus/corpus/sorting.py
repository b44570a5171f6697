"""Sorting as `lists` writes it: the items in groups by their first letter or digit, and the groups in order.

The next group is the next letter or digit that occurs, which one look at the list tells; comparing whole numbers, item
by item and line by line, went wrong in three lists of four.
"""

from __future__ import annotations


def worked(task: str, items: list[str]) -> tuple[list[str], str]:
    """The items with what they are grouped by, and a line a group, from the first to the last, its items in order.

    Words are grouped by their first letter, numbers by tens, or by hundreds if one of them has hundreds.
    """
    if task == "sort-words":
        order, by, group = sorted(items, key=str.lower), "letters", _initial
    else:
        order = sorted(items, key=int, reverse=task == "sort-down")
        by, group = ("hundreds", _hundreds) if max(map(int, items)) >= 100 else ("tens", _tens)
    lines = [f"We go by {by}: {', '.join(f'{group(item)} {item}' for item in items)}."]
    for name in dict.fromkeys(map(group, order)):
        lines.append(f"{name}: {', '.join(item for item in order if group(item) == name)}.")
    return lines, ", ".join(order)


def _initial(word: str) -> str:
    return word[0].lower()


def _tens(number: str) -> str:
    return str(int(number) // 10)


def _hundreds(number: str) -> str:
    return str(int(number) // 100)
