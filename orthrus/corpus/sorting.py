"""Sorting as `lists` writes it: every line compares what is left and takes the next item."""

from __future__ import annotations


def worked(task: str, items: list[str]) -> tuple[list[str], str]:
    """Selection: each line compares what is left, from its start on with whatever comes before the best so far.

    Words are compared by as many first letters as tell them apart, which a line of its own spells out.
    """
    keys, lines = list(items), []
    if task == "sort-words":
        keys = _initials(items)
        lines.append(f"We go by letters: {', '.join(f'{key} {item}' for key, item in zip(keys, items, strict=True))}.")
    down, sign = task == "sort-down", "<" if task == "sort-down" else ">"
    size = (lambda key: key) if task == "sort-words" else int
    left, order = list(range(len(items))), []
    while len(left) > 1:
        chain = [left[0]]
        for i in left[1:]:
            if (size(keys[i]) > size(keys[chain[-1]])) if down else (size(keys[i]) < size(keys[chain[-1]])):
                chain.append(i)
        compared = f" {sign} ".join(keys[i] for i in chain)
        lines.append(f"{' '.join(keys[i] for i in left)}: {compared}, so {items[chain[-1]]}.")
        left.remove(chain[-1])
        order.append(items[chain[-1]])
    order.append(items[left[0]])
    return [*lines, f"{keys[left[0]]}: {keys[left[0]]}, so {order[-1]}."], ", ".join(order)


def _initials(items: list[str]) -> list[str]:
    """So many first letters of each word as tell all of them apart."""
    size = next(n for n in range(1, 20) if len({item[:n].lower() for item in items}) == len(set(items)))
    return [item[:size].lower() for item in items]
