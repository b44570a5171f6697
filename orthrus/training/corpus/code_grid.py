"""The number families of the `code` domain: each draws its constants, the request's wordings and the program.

They are a grid of shapes (one number, each of a list, keep some, add some up, ...) and of operations or
conditions, so that a held-out cell asks for a new combination of known parts.
"""

# ruff: noqa: E501 - a family is one row of a table and stays on one line

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    """One program: `does` are the ways to ask for it, `name` the function's own name."""

    structure: str
    name: str
    does: tuple[str, ...]
    code: str
    kind: str = "function"


def snippet(structure: str, head: str, doc: str, body: str, call: str, shows: object, does: tuple[str, ...]) -> Snippet:
    """A function `head`, its body's lines indented once, and one call with what it prints."""
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    code = f'def {head}:\n    """{doc}"""\n{lines}\n\n\nprint({call})  # {shows}'
    return Snippet(structure, head.split("(")[0], does, code)


# operation: symbol, name part, docstring, request, the range of its constant, what it does to 10
_OPERATIONS = {
    "add": ("+", "add_{n}", "Add {n} to {x}.", ("adds {n} to {x}", "returns {x} plus {n}"), (2, 200)),
    "subtract": ("-", "subtract_{n}", "Subtract {n} from {x}.", ("subtracts {n} from {x}", "takes {n} away from {x}"), (2, 100)),
    "multiply": ("*", "multiply_by_{n}", "Multiply {x} by {n}.", ("multiplies {x} by {n}", "returns {x} times {n}"), (2, 50)),
    "power": ("**", "to_the_power_{n}", "Raise {x} to the power {n}.", ("raises {x} to the power {n}", "returns {x} to the power {n}"), (2, 6)),
    "remainder": ("%", "remainder_by_{n}", "Return what is left of {x} after dividing by {n}.", ("returns the remainder of {x} divided by {n}", "returns {x} modulo {n}"), (2, 10)),
    "floor": ("//", "divide_by_{n}", "Divide {x} by {n} without a remainder.", ("divides {x} by {n} without a remainder", "returns {x} divided by {n}, rounded down"), (2, 10)),
}  # fmt: skip
_COMPUTE: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "**": lambda a, b: a**b, "%": lambda a, b: a % b, "//": lambda a, b: a // b,
}  # fmt: skip
# condition: test, name part, words
_CONDITIONS = {
    "even": ("number % 2 == 0", "even", ("even",)),
    "odd": ("number % 2 == 1", "odd", ("odd",)),
    "greater": ("number > {n}", "greater_than_{n}", ("greater than {n}", "above {n}", "larger than {n}", "bigger than {n}")),
    "less": ("number < {n}", "less_than_{n}", ("less than {n}", "below {n}", "smaller than {n}")),
    "multiple": ("number % {n} == 0", "multiples_of_{n}", ("multiples of {n}", "divisible by {n}")),
}  # fmt: skip


def scalar_task(rng: random.Random) -> Snippet:
    key = rng.choice(sorted(_OPERATIONS))
    symbol, name, doc, asks, span = _OPERATIONS[key]
    n = rng.randrange(*span)
    does = tuple(ask.format(n=n, x="a number") for ask in asks)
    shows = _COMPUTE[symbol](10, n)
    head, text = f"{name.format(n=n)}(number)", doc.format(n=n, x="the number")
    return snippet(f"scalar:{key}", head, text, f"return number {symbol} {n}", f"{name.format(n=n)}(10)", shows, does)


def map_task(rng: random.Random) -> Snippet:
    key = rng.choice(("add", "subtract", "multiply", "power"))
    symbol, name, doc, asks, span = _OPERATIONS[key]
    n = rng.randrange(span[0], min(span[1], 100))
    each = "each number in a list"
    does = tuple(ask.format(n=n, x=x) for ask in asks for x in (each, "every number of a list"))
    head = f"{name.format(n=n)}_each(numbers)"
    body = f"return [number {symbol} {n} for number in numbers]"
    shows = [_COMPUTE[symbol](x, n) for x in (1, 2, 3)]
    call = f"{name.format(n=n)}_each([1, 2, 3])"
    return snippet(f"map:{key}", head, doc.format(n=n, x="each number"), body, call, shows, does)


def _condition(rng: random.Random) -> tuple[str, str, str, tuple[str, ...], list[int], list[int]]:
    """A condition: key, test, name part, words, an example list and the numbers of it that pass."""
    key = rng.choice(sorted(_CONDITIONS))
    test, name, words = _CONDITIONS[key]
    n = rng.randrange(2, 100) if key in ("greater", "less") else rng.randrange(3, 12)
    if key in ("greater", "less"):
        numbers = [n - 1, n, n + 1, n + 2]
        kept = [x for x in numbers if (x > n if key == "greater" else x < n)]
    else:
        divisor = n if key == "multiple" else 2
        numbers = [n, n + 1, 2 * n, 3 * n] if key == "multiple" else [1, 2, 3, 4]
        kept = [x for x in numbers if x % divisor == (1 if key == "odd" else 0)]
    return key, test.format(n=n), name.format(n=n), tuple(word.format(n=n) for word in words), numbers, kept


def _which(words: str) -> str:
    """The condition as it follows a noun or stands before it."""
    return f"{words} numbers" if words in ("even", "odd") else f"numbers that are {words}"


def filter_task(rng: random.Random) -> Snippet:
    key, test, name, words, numbers, kept = _condition(rng)
    word = rng.choice(words)
    which = _which(word)
    does = tuple(f"{verb} the {which} {where} a list" for verb in ("keeps only", "returns", "finds", "keeps", "selects")
                 for where in ("in", "of"))  # fmt: skip
    if word not in ("even", "odd"):
        does += (f"keeps the numbers {word} in a list", f"returns all numbers {word} from a list")
    body = f"return [number for number in numbers if {test}]"
    doc = f"Keep the {_which(words[0])}."
    return snippet(f"filter:{key}", f"keep_{name}(numbers)", doc, body, f"keep_{name}({numbers})", kept, does)


def sum_task(rng: random.Random) -> Snippet:
    key, test, name, words, numbers, kept = _condition(rng)
    which = _which(rng.choice(words))
    does = tuple(f"{verb} the {which} in a list" for verb in ("adds up", "sums", "returns the sum of", "sums up"))
    body = f"total = 0\nfor number in numbers:\n    if {test}:\n        total += number\nreturn total"
    doc = f"Add up the {_which(words[0])}."
    return snippet(f"sum:{key}", f"sum_{name}(numbers)", doc, body, f"sum_{name}({numbers})", sum(kept), does)


def count_task(rng: random.Random) -> Snippet:
    key, test, name, words, numbers, kept = _condition(rng)
    word = rng.choice(words)
    does = (
        f"counts the {_which(word)} in a list",
        f"counts how many numbers in a list are {word}",
        f"returns how many numbers of a list are {word}",
    )
    body = f"count = 0\nfor number in numbers:\n    if {test}:\n        count += 1\nreturn count"
    doc = f"Count the {_which(words[0])}."
    return snippet(f"count:{key}", f"count_{name}(numbers)", doc, body, f"count_{name}({numbers})", len(kept), does)


def quantified_task(rng: random.Random) -> Snippet:
    key, test, name, words, numbers, kept = _condition(rng)
    word = rng.choice(words)
    every = rng.random() < 0.5
    quantity = "all" if every else "any"
    be = "are" if every else "is"
    noun = "all numbers in a list" if every else "any number in a list"
    shown = word if every else word.replace("multiples", "a multiple")
    does = (
        f"checks if {noun} {be} {shown}",
        f"tells whether {noun} {be} {shown}",
        f"checks whether {noun} {be} {shown}",
    )
    body = f"return {quantity}({test} for number in numbers)"
    shows = len(kept) == len(numbers) if every else bool(kept)
    said = words[0] if every else words[0].replace("multiples", "a multiple")
    doc = f"Tell whether {quantity} number{'s' if every else ''} {be} {said}."
    return snippet(
        f"{quantity}:{key}", f"{quantity}_{name}(numbers)", doc, body, f"{quantity}_{name}({numbers})", shows, does
    )
