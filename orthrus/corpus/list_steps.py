"""How `lists` walks through a list, item by item: each function returns its lines and what is left at the end."""

from __future__ import annotations

from collections.abc import Callable

from orthrus.corpus.reckoning import added

Judge = Callable[[str], tuple[str, bool]]  # an item -> what is said of it, and whether it is kept


def parity(item: str) -> str:
    """'odd' or 'even'."""
    return "odd" if int(item) % 2 else "even"


def extreme(task: str, items: list[str]) -> tuple[list[str], str]:
    """The "largest" or "smallest" number."""
    more = "larger" if task == "largest" else "smaller"
    kept = items[0]
    lines = [f"We start with {kept}."]
    for item in items[1:]:
        better = int(item) > int(kept) if task == "largest" else int(item) < int(kept)
        lines.append(
            f"{item} is {more} than {kept}, so we take {item}."
            if better
            else f"{item} is not {more} than {kept}, so we keep {kept}."
        )
        kept = item if better else kept
    return lines, kept


def summed(lines: list[str], items: list[str]) -> tuple[list[str], str]:
    """The sum, after `lines` that begin with the first item."""
    total, lines = int(items[0]), list(lines)
    for item in items[1:]:
        lines.append(f"Now we have {total} and add {item}: {added(total, int(item))}.")
        total += int(item)
    return lines, str(total)


def filtered(items: list[str], judge: Judge) -> tuple[list[str], list[str]]:
    """The items that are kept."""
    lines, kept = [], []
    for item in items:
        why, keep = judge(item)
        lines.append(f"{item} {why}, so we {'keep it' if keep else 'leave it out'}.")
        kept += [item] * keep
    return lines, kept


def filtered_sum(items: list[str], judge: Judge) -> tuple[list[str], str]:
    """The sum of the items that are kept."""
    lines, kept = filtered(items, judge)
    if not kept:
        return [*lines, "So there is nothing to add."], "0"
    return summed([*lines, f"Now we add them, starting with {kept[0]}."], kept)


def counted(items: list[str], judge: Judge) -> tuple[list[str], str]:
    """How many are kept."""
    lines, count = [], 0
    for item in items:
        why, hit = judge(item)
        count += hit
        lines.append(f"{item} {why}, so the count {'goes up to' if hit else 'stays at'} {count}.")
    return lines, str(count)


def occurrences(items: list[str], wanted: str) -> tuple[list[str], str]:
    """How often `wanted` stands among the items."""
    return counted(items, lambda item: ("is the one we count" if item == wanted else "is another one", item == wanted))


def deduplicated(items: list[str]) -> tuple[list[str], str]:
    """The items without repeats."""
    lines, kept = [], []
    for item in items:
        new = item not in kept
        kept += [item] * new
        lines.append(f"{item} is {'new, so we keep it' if new else 'already there, so we leave it out'}.")
    return lines, ", ".join(kept)
