"""The number families of the `code` domain: each draws its constants, the request's wordings and the program.

They are a grid of shapes (one number, each of a list, keep some, add some up, ...) and of operations or
conditions, so that a held-out cell asks for a new combination of known parts.
"""

# ruff: noqa: E501 - a family is one row of a table and stays on one line

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    """One program: `does` are the ways to ask for it, `name` the function's own name."""

    structure: str
    name: str
    does: tuple[str, ...]
    code: str
    kind: str = "function"


# every list family loops in the same words, so that a body follows from the docstring
_COLLECT = "result = []\nfor number in numbers:\n{step}\nreturn result"


@functools.lru_cache(maxsize=8192)
def _program(head: str, doc: str, body: str, calls: tuple[str, ...]) -> str:
    """The program in house style; what each call prints is found by running it, so that the comments are true."""
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    code = f'def {head}:\n    """{doc}"""\n{lines}'
    space: dict[str, object] = {}
    exec(code, space)  # the corpus's own text
    shown = "".join(f"\n    print({call})  # {eval(call, space)}" for call in calls)
    return f'{code}\n\n\nif __name__ == "__main__":{shown}'


def snippet(structure: str, head: str, doc: str, body: str, inputs: Iterable[object], does: tuple[str, ...]) -> Snippet:
    """A function `head` with type hints, its body's lines indented once, and one example call for each of `inputs`."""
    name = head.split("(")[0]
    return Snippet(structure, name, does, _program(head, doc, body, tuple(f"{name}({one})" for one in inputs)))


# operation: symbol, name part, docstring, request, the range of its constant
_OPERATIONS = {
    "add": ("+", "add_{n}", "Add {n} to {x}.", ("adds {n} to {x}", "returns {x} plus {n}"), (2, 200)),
    "subtract": ("-", "subtract_{n}", "Subtract {n} from {x}.", ("subtracts {n} from {x}", "takes {n} away from {x}"), (2, 100)),
    "multiply": ("*", "multiply_by_{n}", "Multiply {x} by {n}.", ("multiplies {x} by {n}", "returns {x} times {n}"), (2, 50)),
    "power": ("**", "to_the_power_{n}", "Raise {x} to the power {n}.", ("raises {x} to the power {n}", "returns {x} to the power {n}"), (2, 6)),
    "remainder": ("%", "remainder_by_{n}", "Return what is left of {x} after dividing by {n}.", ("returns the remainder of {x} divided by {n}", "returns {x} modulo {n}"), (2, 10)),
    "floor": ("//", "divide_by_{n}", "Divide {x} by {n} without a remainder.", ("divides {x} by {n} without a remainder", "returns {x} divided by {n}, rounded down"), (2, 10)),
}  # fmt: skip
# the inputs of the example calls, chosen so that most results repeat the constant or a round number
_INPUTS: dict[str, Callable[[int], tuple[int, ...]]] = {
    "add": lambda n: (0, 10), "subtract": lambda n: (n, n + 10), "multiply": lambda n: (1, 10),
    "power": lambda n: (2, 10), "remainder": lambda n: (n, n + 1), "floor": lambda n: (n, 10 * n),
}  # fmt: skip
_LISTS: dict[str, Callable[[int], tuple[list[int], ...]]] = {
    "add": lambda n: ([0, 1, 2], [10, 20]), "subtract": lambda n: ([n, n + 1, n + 2], [n + 10, n + 20]),
    "multiply": lambda n: ([0, 1, 2], [1, 10, 100]), "power": lambda n: ([0, 1, 2], [1, 10]),
}  # fmt: skip
# condition: test, its opposite, name part, words
_CONDITIONS = {
    "even": ("number % 2 == 0", "number % 2 != 0", "even", ("even",)),
    "odd": ("number % 2 == 1", "number % 2 != 1", "odd", ("odd",)),
    "greater": ("number > {n}", "number <= {n}", "greater_than_{n}", ("greater than {n}", "above {n}", "larger than {n}", "bigger than {n}")),
    "less": ("number < {n}", "number >= {n}", "less_than_{n}", ("less than {n}", "below {n}", "smaller than {n}")),
    "multiple": ("number % {n} == 0", "number % {n} != 0", "multiples_of_{n}", ("multiples of {n}", "divisible by {n}")),
}  # fmt: skip


def scalar_task(rng: random.Random) -> Snippet:
    key = rng.choice(sorted(_OPERATIONS))
    symbol, name, doc, asks, span = _OPERATIONS[key]
    n = rng.randrange(*span)
    does = tuple(ask.format(n=n, x="a number") for ask in asks)
    head, text = f"{name.format(n=n)}(number: int) -> int", doc.format(n=n, x="the number")
    return snippet(f"scalar:{key}", head, text, f"return number {symbol} {n}", _INPUTS[key](n), does)


def map_task(rng: random.Random) -> Snippet:
    key = rng.choice(("add", "subtract", "multiply", "power"))
    symbol, name, doc, asks, span = _OPERATIONS[key]
    n = rng.randrange(span[0], min(span[1], 100))
    each = "each number in a list"
    does = tuple(ask.format(n=n, x=x) for ask in asks for x in (each, "every number of a list"))
    head = f"{name.format(n=n)}_each(numbers: list[int]) -> list[int]"
    body = _COLLECT.format(step=f"    result.append(number {symbol} {n})")
    return snippet(f"map:{key}", head, doc.format(n=n, x="each number"), body, _LISTS[key](n), does)


@dataclass(frozen=True, slots=True)
class _Condition:
    """A condition on numbers with its constant filled in, and two example lists."""

    key: str
    test: str
    opposite: str
    name: str
    words: tuple[str, ...]
    lists: tuple[list[int], list[int]]


def _condition(rng: random.Random) -> _Condition:
    key = rng.choice(sorted(_CONDITIONS))
    test, opposite, name, words = _CONDITIONS[key]
    n = rng.randrange(2, 100) if key in ("greater", "less") else rng.randrange(3, 12)
    if key in ("greater", "less"):  # 0 and 100 lie on either side of every constant
        lists = ([n - 1, n, n + 1], [0, 100])
    else:
        lists = ([1, n, 2 * n], [0, 1, n]) if key == "multiple" else ([1, 2, 3, 4], [5, 6, 7, 8])
    filled = tuple(word.format(n=n) for word in words)
    return _Condition(key, test.format(n=n), opposite.format(n=n), name.format(n=n), filled, lists)


def _which(words: str) -> str:
    """The condition as it follows a noun or stands before it."""
    return f"{words} numbers" if words in ("even", "odd") else f"numbers that are {words}"


def filter_task(rng: random.Random) -> Snippet:
    found = _condition(rng)
    word = rng.choice(found.words)
    which = _which(word)
    does = tuple(f"{verb} the {which} {where} a list" for verb in ("keeps only", "returns", "finds", "keeps", "selects")
                 for where in ("in", "of"))  # fmt: skip
    if word not in ("even", "odd"):
        does += (f"keeps the numbers {word} in a list", f"returns all numbers {word} from a list")
    body = _COLLECT.format(step=f"    if {found.test}:\n        result.append(number)")
    head, doc = f"keep_{found.name}(numbers: list[int]) -> list[int]", f"Keep the {_which(found.words[0])}."
    return snippet(f"filter:{found.key}", head, doc, body, found.lists, does)


def sum_task(rng: random.Random) -> Snippet:
    found = _condition(rng)
    which = _which(rng.choice(found.words))
    does = tuple(f"{verb} the {which} in a list" for verb in ("adds up", "sums", "returns the sum of", "sums up"))
    body = f"result = 0\nfor number in numbers:\n    if {found.test}:\n        result += number\nreturn result"
    head, doc = f"sum_{found.name}(numbers: list[int]) -> int", f"Add up the {_which(found.words[0])}."
    return snippet(f"sum:{found.key}", head, doc, body, found.lists, does)


def count_task(rng: random.Random) -> Snippet:
    found = _condition(rng)
    word = rng.choice(found.words)
    does = (
        f"counts the {_which(word)} in a list",
        f"counts how many numbers in a list are {word}",
        f"returns how many numbers of a list are {word}",
    )
    body = f"count = 0\nfor number in numbers:\n    if {found.test}:\n        count += 1\nreturn count"
    head, doc = f"count_{found.name}(numbers: list[int]) -> int", f"Count the {_which(found.words[0])}."
    return snippet(f"count:{found.key}", head, doc, body, found.lists, does)


def quantified_task(rng: random.Random) -> Snippet:
    found = _condition(rng)
    word = rng.choice(found.words)
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
    said = found.words[0] if every else found.words[0].replace("multiples", "a multiple")
    doc = f"Tell whether {quantity} number{'s' if every else ''} {be} {said}."
    test = found.opposite if every else found.test
    body = f"for number in numbers:\n    if {test}:\n        return {not every}\nreturn {every}"
    head = f"{quantity}_{found.name}(numbers: list[int]) -> bool"
    return snippet(f"{quantity}:{found.key}", head, doc, body, (*found.lists, []), does)
