"""How `lists` walks through a list, item by item: each function returns its lines and what is left at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from orthrus.corpus.reckoning import added


class Filter(NamedTuple):
    """What is looked for, and what is said of an item and whether it is kept.

    The walk says first what it takes, so that each line asks that line and not the prompt: who has taken even numbers
    to add them up, and odd ones to count them, can then add up the odd ones.
    """

    wanted: str
    judge: Callable[[str], tuple[str, bool]]


def parity(kept: str) -> Filter:
    """The "evens" or the "odds"."""
    wanted = kept.removesuffix("s")

    def judge(item: str) -> tuple[str, bool]:
        found = "odd" if int(item) % 2 else "even"
        return f"is {found}", found == wanted

    return Filter(f"{wanted} numbers and leave {'even' if wanted == 'odd' else 'odd'} ones", judge)


def beyond(kept: str, limit: int) -> Filter:
    """Numbers that are "large" or "small" beside a limit."""
    more = "larger" if kept == "large" else "smaller"

    def judge(item: str) -> tuple[str, bool]:
        hit = int(item) > limit if kept == "large" else int(item) < limit
        return f"is {'' if hit else 'not '}{more} than {limit}", hit

    return Filter(f"numbers {more} than {limit} and leave the others", judge)


def initial(letter: str) -> Filter:
    """Words that start with a letter."""
    return Filter(
        f"words that start with {letter} and leave the others",
        lambda item: (f"starts with {item[0]}", item[0] == letter),
    )


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
    """The sum, after `lines`."""
    total, lines = int(items[0]), [*lines, f"We start with {items[0]}."]
    for item in items[1:]:
        lines.append(f"Now we have {total} and add {item}: {added(total, int(item))}.")
        total += int(item)
    return lines, str(total)


def filtered(items: list[str], kept: Filter) -> tuple[list[str], list[str]]:
    """The items that are taken."""
    lines, found = [f"We take {kept.wanted}."], []
    for item in items:
        why, take = kept.judge(item)
        lines.append(_taken(item, why, take))
        found += [item] * take
    return lines, found


def _taken(item: str, why: str, take: bool, then: str = "") -> str:
    """The same words whatever the items are taken for."""
    return f"{item} {why}, so we {'take' if take else 'leave'} it{then}."


def _left(found: list[str]) -> str:
    """A list of its own, so that what comes next is a task of its own."""
    return f"So we have {', '.join(found)}."


def filtered_sum(items: list[str], kept: Filter) -> tuple[list[str], str]:
    """The sum of the items that are taken."""
    lines, found = filtered(items, kept)
    if not found:
        return [*lines, "So there is nothing to add."], "0"
    return summed([*lines, _left(found)], found)


def filtered_extreme(task: str, items: list[str], kept: Filter) -> tuple[list[str], str]:
    """The "largest" or "smallest" of the items that are taken."""
    lines, found = filtered(items, kept)
    if not found:
        return [*lines, "So nothing is left."], "none"
    walk, result = extreme(task, found)
    return [*lines, _left(found), *walk], result


def counted(items: list[str], kept: Filter) -> tuple[list[str], str]:
    """How many are taken."""
    lines, count = [f"We take {kept.wanted}."], 0
    for item in items:
        why, take = kept.judge(item)
        count += take
        lines.append(_taken(item, why, take, f" and have {count}"))
    return lines, str(count)


def occurrences(items: list[str], wanted: str) -> tuple[list[str], str]:
    """How often `wanted` stands among the items."""

    def judge(item: str) -> tuple[str, bool]:
        hit = item == wanted
        return f"is {'' if hit else 'not '}{wanted}", hit

    return counted(items, Filter(f"{wanted} and leave the others", judge))


def deduplicated(items: list[str]) -> tuple[list[str], str]:
    """The items without repeats."""
    lines, kept = [], []
    for item in items:
        new = item not in kept
        kept += [item] * new
        lines.append(_taken(item, "is new" if new else "is already there", new))
    return lines, ", ".join(kept)


def numbered(items: list[str]) -> list[str]:
    """What stands where, said aloud."""
    return [f"Item {i} is {item}." for i, item in enumerate(items, 1)]


def turned(items: list[str]) -> tuple[list[str], str]:
    """The items from last to first: numbered, then counted down."""
    back = list(reversed(items))
    counted_down = ", ".join(f"{len(items) - i} {item}" for i, item in enumerate(back))
    return [*numbered(items), f"Now back from item {len(items)}: {counted_down}."], ", ".join(back)
