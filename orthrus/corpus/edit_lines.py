"""Edits of whole lines for `edit`: number them, sort them, turn them around, put a dash before each."""

from __future__ import annotations

import random

from orthrus.corpus import base, material
from orthrus.corpus.material import words

Task = tuple[str, str, str, str]  # structure, instruction, text before, text after
_ERRANDS = (
    ("buy", words("bread milk apples paper stamps flowers cheese eggs soap tea rice lemons")),
    ("wash", ["the car", "the dishes", "the dog", "the windows", "the blue shirt"]),
    ("call", ["the doctor", "the school", "the plumber", "Nora", "Tom", "Ben", "grandma"]),
    ("feed", ["the cat", "the fish", "the dog", "the birds", "the rabbits"]),
    ("read", ["the letter", "ten pages", "the news", "the manual"]),
    ("clean", ["the kitchen", "the table", "the garage", "the bath"]),
    ("write", ["a letter", "the report", "to Mark", "a shopping list"]),
    ("water", ["the plants", "the roses", "the garden"]),
)


def _lines(rng: random.Random) -> list[str]:
    count = rng.randrange(4, 8)
    kind = rng.randrange(4)
    if kind == 0:
        return rng.sample(base.NAMES, count)
    if kind == 1:
        chosen = rng.sample(_ERRANDS, min(count, len(_ERRANDS)))
        return [f"{verb} {rng.choice(things)}" for verb, things in chosen]
    if kind == 2:
        return [f"{rng.choice(material.ADJECTIVES)} {n}" for n in rng.sample(material.NOUNS, count)]
    return rng.sample(rng.choice((material.NOUNS, material.CITIES)), count)


def _sortable(rng: random.Random) -> list[str]:
    """Three to five lines whose first letters all differ."""
    while len(lines := {line[0]: line for line in _lines(rng)}) < 3:
        pass
    return list(lines.values())[:5]


def _lines_or_line(rng: random.Random) -> list[str]:
    """Different lines or, now and then, the same line several times."""
    return _lines(rng) if rng.random() < 0.6 else [material.line(rng)] * rng.randrange(3, 8)


def number(rng: random.Random) -> Task:
    """A number before each line."""
    lines = _lines_or_line(rng)
    forms = ("Number these lines", "Add a line number to each line", "Put a number before each line",
             "Add line numbers", "Make this a numbered list", "Number the lines")  # fmt: skip
    return "number", rng.choice(forms), "\n".join(lines), "\n".join(f"{i}. {x}" for i, x in enumerate(lines, 1))


def sort(rng: random.Random) -> Task:
    """The lines from A to Z."""
    lines = _sortable(rng)
    forms = ("Sort these lines", "Sort the lines alphabetically", "Put these lines in alphabetical order",
             "Sort these lines from A to Z")  # fmt: skip
    return "sort", rng.choice(forms), "\n".join(lines), "\n".join(sorted(lines))


def sort_and_number(rng: random.Random) -> Task:
    """The lines from A to Z, with numbers."""
    lines = _sortable(rng)
    after = "\n".join(f"{i}. {x}" for i, x in enumerate(sorted(lines), 1))
    return "sort_and_number", "Sort these lines and number them", "\n".join(lines), after


def reverse(rng: random.Random) -> Task:
    """The lines from last to first."""
    lines = _lines(rng)[:5]
    forms = ("Reverse the order of these lines", "Write these lines from last to first", "Turn this list around")
    return "reverse", rng.choice(forms), "\n".join(lines), "\n".join(lines[::-1])


def bullets(rng: random.Random) -> Task:
    """A dash before each line."""
    lines = _lines_or_line(rng)
    forms = ("Make this a bullet list", "Put a dash before each line", "Turn these lines into bullets")
    structure = "bullets" if len(set(lines)) > 1 else "bullets_repeated"
    return structure, rng.choice(forms), "\n".join(lines), "\n".join(f"- {x}" for x in lines)
