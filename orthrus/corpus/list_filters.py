"""Questions of `lists` composed of a filter and what is done with what it keeps, and lists of words and numbers mixed.

A form never seen is then another composition: who has added up the even and the small numbers, and listed the odd
ones, can add up the odd ones.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from orthrus.corpus import list_steps
from orthrus.corpus.asks import LIST, MORE_LISTS
from orthrus.corpus.open_words import any_word
from orthrus.corpus.reckoning import between, pick


class Question(NamedTuple):
    """A form, the wordings it is asked in, the list, the worked lines and the result."""

    form: str
    asks: tuple[str, ...]
    about: str
    items: list[str]
    lines: list[str]
    result: str


# What is done with the numbers that a filter keeps; @ is the filter: 'even numbers', 'numbers above 20'.
FILTERED = {
    "count": (
        "How many @ are in {}?",
        "Count the @: {}",
        "how many @: {}",
        "How many @ are there in the list {}?",
        "number of @ in {}",
    ),
    "list": (
        "Which @ are in {}?",
        "List the @ in {}.",
        "Keep only the @: {}",
        "Find the @: {}",
        "Give me the @ of {}.",
        "only the @ in {}",
    ),
    "sum": (
        "Add up the @ in {}.",
        "What is the sum of the @ in {}?",
        "Sum of the @: {}",
        "sum of @ in {}",
        "Add the @ of {}.",
        "Total of the @ in {}?",
    ),
    "largest": ("What is the largest of the @ in {}?", "Largest of the @: {}", "biggest of the @ in {}"),
    "smallest": ("What is the smallest of the @ in {}?", "Smallest of the @: {}", "lowest of the @ in {}"),
}
FILTERS = ("evens", "odds", "large", "small")
ENDS = ("count", "list", "sum", "sum", "largest", "smallest")


def question(rng: random.Random) -> Question:
    """Any of them; forms that `lists` has, too, bear its names."""
    return _mixed(rng) if rng.random() < 0.35 else _composed(rng)


def _composed(rng: random.Random) -> Question:
    kept, end = pick(rng, FILTERS), pick(rng, ENDS)
    if (kept, end) == ("evens", "sum"):  # `lists` has these often; more would bind sums to even numbers
        kept = pick(rng, ("large", "small"))
    size, top = between(rng, 3, 6 if end == "sum" else 8), pick(rng, (20, 60, 99, 99 if end == "sum" else 999))
    items = [str(n) for n in rng.sample(range(1, top), size)]
    limit = str(between(rng, 2, top))
    wanted = list_steps.parity(kept) if kept in ("evens", "odds") else list_steps.beyond(kept, int(limit))
    if end == "count":
        lines, result = list_steps.counted(items, wanted)
    elif end == "sum":
        lines, result = list_steps.filtered_sum(items, wanted)
    elif end in ("largest", "smallest"):
        lines, result = list_steps.filtered_extreme(end, items, wanted)
    else:
        lines, found = list_steps.filtered(items, wanted)
        lines, result = (lines, ", ".join(found)) if found else ([*lines, "So nothing is left."], "none")
    form = kept if end == "count" and kept in LIST else f"{kept}-{end}"
    return Question(form, FILTERED[end], _named(kept, limit, rng), items, lines, result)


def _named(kept: str, limit: str, rng: random.Random) -> str:
    """The filter as a visitor would say it: 'even numbers', 'numbers above 20'."""
    if kept in ("evens", "odds"):
        return f"{kept.removesuffix('s')} numbers"
    words = ("larger than", "greater than", "bigger than", "above", "over")
    if kept == "small":
        words = ("smaller than", "less than", "below", "under", "lower than")
    return f"numbers {pick(rng, words)} {limit}"


def _mixed(rng: random.Random) -> Question:
    """Count an item or leave out the repeats, in a list of words and numbers, often of one word among numbers."""
    size, top = pick(rng, (3, 4, 4, 5, 5, 6, 7, 8)), pick(rng, (20, 60, 60, 99, 999))
    few, words = [any_word(rng), str(between(rng, 1, top))], pick(rng, (0.0, 0.0, 0.4))
    while len(few) < between(rng, 2, max(2, size - 1)):
        one = any_word(rng) if rng.random() < words else str(between(rng, 1, top))
        few += [one] * (one not in few)
    items = few + [pick(rng, few) for _ in range(size - len(few))]
    rng.shuffle(items)
    task = pick(rng, ("count", "dedupe"))
    asks = MORE_LISTS[task] if rng.random() < 0.3 else LIST[task]
    about = pick(rng, items)
    worked = list_steps.occurrences(items, about) if task == "count" else list_steps.deduplicated(items)
    return Question(f"{task}-mixed", asks, about, items, *worked)
