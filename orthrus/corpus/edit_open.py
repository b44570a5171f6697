"""Edits of any text for `edit`: one change to words in no order, so that all but the change has to be copied."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from orthrus.corpus.edit_lines import Task
from orthrus.corpus.open_words import any_name, any_spelling, any_text, any_word
from orthrus.corpus.reckoning import between, pick

_PLAIN = re.compile(r"\b[a-z]{3,}\b")


def _words(text: str) -> list[str]:
    """Words of `text` that occur once, whatever their case."""
    low = text.lower().split()
    return [word for word in _PLAIN.findall(text) if low.count(word) + low.count(word + ".") == 1] or ["the"]


def _named(rng: random.Random) -> Task:
    old, new = any_name(rng), any_name(rng)
    text = pick(rng, (" ", "\n")).join(f"{old} {any_text(rng, 3, 7).lower()}" for _ in range(pick(rng, (1, 1, 2, 3))))
    forms = (f"Replace {old} by {new}", f"Replace {old} with {new}", f"Change {old} to {new}", f"Use {new}, not {old}",
             f"Change the name {old} to {new}", f"Write {new} instead of {old}")  # fmt: skip
    return "replace", pick(rng, forms), text, re.sub(rf"\b{old}\b", new, text)


def word(rng: random.Random) -> Task:
    """A word or a number of any text becomes another."""
    text = any_text(rng)
    old, new = pick(rng, _words(text)), any_word(rng)
    if rng.random() < 0.2:
        old, new = str(between(rng, 2, 99)), str(between(rng, 100, 999))
        text = text[:-1] + f" {old} {any_word(rng)}s."
    quote = pick(rng, ("", "", '"'))
    one, two = f"{quote}{old}{quote}", f"{quote}{new}{quote}"
    forms = (f"Replace {one} by {two}", f"Replace {one} with {two}", f"Change {one} to {two}", f"Swap {one} for {two}",
             f"Write {two} instead of {one}", f"Replace every {one} with {two}")  # fmt: skip
    return "replace", pick(rng, forms), text, re.sub(rf"\b{old}\b", new, text)


def _without(rng: random.Random) -> Task:
    text = any_text(rng, 5)
    inner = [word for word in _words(text) if f" {word} " in text] or [text.split()[1]]
    word = pick(rng, inner)
    forms = (f"Delete the word {word}", f'Remove "{word}"', f"Leave out the word {word}", f"Remove the word {word}")
    return "delete", pick(rng, forms), text, text.replace(f" {word} ", " ", 1)


def _doubled(rng: random.Random) -> Task:
    text = any_text(rng, 5)
    parts = text.split(" ")
    at = between(rng, 1, len(parts) - 2)
    twice = " ".join([*parts[:at], parts[at], *parts[at:]])
    forms = ("Fix the doubled words", "Remove the doubled words", "Remove repeated words", "Delete the double words")
    return "doubled", pick(rng, forms), twice, text


def upper(rng: random.Random) -> Task:
    """Any text in capitals, at times words alone: each of them has to be spelt."""
    text = any_text(rng, 2) if rng.random() < 0.4 else " ".join(any_spelling(rng) for _ in range(between(rng, 1, 9)))
    forms = ("Write in upper case", "Make uppercase", "Put everything in capitals", "Write in capital letters")
    return "upper", pick(rng, forms), text, text.upper()


def lower(rng: random.Random) -> Task:
    """Any text in small letters."""
    text = any_text(rng, 2)
    forms = ("Write in small letters", "Make lower case", "Convert to lowercase", "Change to lower case")
    return "lower", pick(rng, forms), pick(rng, (text, text.upper())), text.lower()


def swap(rng: random.Random) -> Task:
    """Two words of any text change places."""
    while len(found := _words(text := any_text(rng, 5))) < 2 or found[0] == found[-1]:
        pass
    one, two = found[0], found[-1]
    after = "".join({one: two, two: one}.get(part, part) for part in re.split(r"(\w+)", text))
    forms = (f"Swap the words {one} and {two}", f'Swap "{one}" and "{two}"', f"Swap {one} and {two}")
    return "swap", pick(rng, forms), text, after


def _lines(rng: random.Random) -> Task:
    lines = [any_text(rng, 1, 4).rstrip(".!?") for _ in range(between(rng, 2, 7))]
    if rng.random() < 0.5:
        forms = ("Number these lines", "Number the lines", "Add line numbers", "Make this a numbered list")
        return "number", pick(rng, forms), "\n".join(lines), "\n".join(f"{i}. {x}" for i, x in enumerate(lines, 1))
    forms = ("Make this a bullet list", "Put a dash before each line", "Turn these lines into bullets", "Bullet list")
    return "bullets", pick(rng, forms), "\n".join(lines), "\n".join(f"- {line}" for line in lines)


def sort(rng: random.Random) -> Task:
    """Two to six lines of any words whose first letters differ, from A to Z."""
    lines: dict[str, str] = {}
    for _ in range(between(rng, 2, 6)):
        line = any_text(rng, 1, 3).rstrip(".!?").lower()
        lines.setdefault(line[0], line)
    forms = ("Sort these lines", "Sort the lines", "Put these lines in alphabetical order", "Sort these from A to Z")
    return "sort", pick(rng, forms), "\n".join(lines.values()), "\n".join(sorted(lines.values()))


def reverse(rng: random.Random) -> Task:
    """Two to six lines of any words from last to first."""
    lines = [any_text(rng, 1, 3).rstrip(".!?") for _ in range(between(rng, 2, 6))]
    forms = ("Reverse the order of these lines", "Write these lines from last to first", "Reverse these lines")
    return "reverse", pick(rng, forms), "\n".join(lines), "\n".join(lines[::-1])


_MAKERS: tuple[Callable[[random.Random], Task], ...] = (
    *(_named,) * 3, *(word,) * 6, *(_without,) * 2, *(_doubled,) * 2, *(upper,) * 2, lower, *(swap,) * 2,
    *(_lines,) * 5,
)  # fmt: skip


def task(rng: random.Random) -> Task:
    """Structure, instruction, text before and after of any of them."""
    return pick(rng, _MAKERS)(rng)
