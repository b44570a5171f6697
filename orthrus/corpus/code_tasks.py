"""The families of the `code` domain that are no number grid: texts, conversions, classes, well-known small programs."""

# ruff: noqa: E501 - a family is one row of a table and stays on one line

from __future__ import annotations

import ast
import random
from collections.abc import Callable

from orthrus.corpus import code_fixed, code_grid, material
from orthrus.corpus.code_grid import Snippet, snippet
from orthrus.corpus.material import variants, words

# every task on a text shows these two
_WORDS = ('"banana"', '"keyboard"')


def _greet(rng: random.Random) -> Snippet:
    word = rng.choice(("Hello", "Welcome", "Goodbye", "Good morning", "Hi", "Thank you", "Good night", "Cheers"))
    does = (
        f"greets a person with {word}",
        f"says {word} to a name",
        f"returns {word} and a name",
        f'greets with "{word}"',
    )
    return snippet(
        "greet",
        "greet(name: str) -> str",
        f"Say {word} to someone.",
        f'return f"{word}, {{name}}!"',
        ('"Ada"', '"Max"'),
        does,
    )


def _count_letter(rng: random.Random) -> Snippet:
    letter = rng.choice("abcdefghijklmnoprstuvwy")
    does = (
        f'counts the letter "{letter}" in a text',
        f"counts how often {letter} occurs in a word",
        f"counts the letter {letter} in a word",
    )
    return snippet(
        "count_letter",
        f"count_{letter}(text: str) -> int",
        f"Count the letter {letter} in the text.",
        f'count = 0\nfor letter in text:\n    if letter == "{letter}":\n        count += 1\nreturn count',
        _WORDS,
        does,
    )


def _first_letters(rng: random.Random) -> Snippet:
    n, first = rng.randrange(2, 6), rng.random() < 0.5
    side, cut = ("first", f"[:{n}]") if first else ("last", f"[-{n}:]")
    does = (
        f"returns the {side} {n} letters of a text",
        f"gives the {side} {n} characters of a word",
        f"keeps the {side} {n} letters of a string",
    )
    return snippet(
        f"{side}_letters",
        f"{side}_{n}(text: str) -> str",
        f"Return the {side} {n} letters of the text.",
        f"result = text{cut}\nreturn result",
        _WORDS,
        does,
    )


def _fizz(rng: random.Random) -> Snippet:
    a, b = rng.sample(range(2, 10), 2)
    one, two = rng.choice(
        (("fizz", "buzz"), ("tick", "tock"), ("ping", "pong"), ("red", "blue"), ("hip", "hop"), ("foo", "bar"))
    )
    does = (
        f"returns {one} for multiples of {a} and {two} for multiples of {b}",
        f"says {one} if a number is divisible by {a}, {two} if it is divisible by {b}",
    )
    body = f'if number % {a} == 0:\n    return "{one}"\nif number % {b} == 0:\n    return "{two}"\nreturn str(number)'
    return snippet(
        "fizz",
        f"{one}_{two}(number: int) -> str",
        f"Say {one} for multiples of {a} and {two} for multiples of {b}.",
        body,
        (a, b, 1),
        does,
    )


def _clamp(rng: random.Random) -> Snippet:
    low = rng.randrange(0, 20)
    high = low + rng.randrange(5, 100)
    does = (
        f"keeps a number between {low} and {high}",
        f"clamps a number between {low} and {high}",
        f"limits a number to the range {low} to {high}",
    )
    return snippet(
        "clamp",
        "clamp(number: int) -> int",
        f"Keep the number between {low} and {high}.",
        f"if number < {low}:\n    return {low}\nif number > {high}:\n    return {high}\nreturn number",
        (low - 1, high + 1),
        does,
    )


def _convert(rng: random.Random) -> Snippet:
    one, many, factor = rng.choice((
        ("minutes", "seconds", 60), ("hours", "minutes", 60), ("meters", "centimeters", 100), ("days", "hours", 24),
        ("weeks", "days", 7), ("years", "months", 12), ("kilograms", "grams", 1000), ("kilometers", "meters", 1000),
        ("euros", "cents", 100), ("dozens", "eggs", 12),
    ))  # fmt: skip
    does = (f"converts {one} to {many}", f"turns {one} into {many}", f"changes {one} into {many}")
    return snippet(
        "convert",
        f"{one}_to_{many}({one}: int) -> int",
        f"Convert {one} to {many}.",
        f"{many} = {one} * {factor}\nreturn {many}",
        (1, 10),
        does,
    )


def _table(rng: random.Random) -> Snippet:
    n, last = rng.randrange(2, 13), rng.randrange(3, 11)
    does = (f"returns the {n} times table up to {last}", f"lists the multiplication table of {n} up to {last}")
    body = f"result = []\nfor factor in range(1, {last + 1}):\n    result.append({n} * factor)\nreturn result"
    head = f"table_of_{n}() -> list[int]"
    return snippet("table", head, f"List the {n} times table up to {last}.", body, ("",), does)


def _repeat(rng: random.Random) -> Snippet:
    n = rng.randrange(2, 9)
    does = (f"repeats a text {n} times", f"writes a word {n} times in a row")
    return snippet(
        "repeat",
        f"repeat_{n}(text: str) -> str",
        f"Repeat the text {n} times.",
        f'result = ""\nfor count in range({n}):\n    result += text\nreturn result',
        ('"ha"', '"no"'),
        does,
    )


_FIELDS = {  # one example value each, so that the answer follows from the request
    "name": '"Max"', "age": "7", "color": '"blue"', "price": "25", "size": "12", "city": '"Oslo"', "speed": "90",
    "weight": "30", "year": "2020", "owner": '"Ada"', "title": '"Home"', "height": "180", "level": "3", "score": "50",
}  # fmt: skip
_CLASSES = words("Dog Cat Car Book House Person Robot Ship City Horse Lamp Student Player Train Plant Planet Song Tree")
_ASK_CLASS = variants(
    "Write a Python class {c} with the attributes {f}.|Create a class {c} with {f}.|Python class {c} with attributes {f}|"
    "Write a class called {c} that has {f}.|Define a Python class named {c} with the fields {f}.|"
    "Can you write a Python class {c} with {f}?|Give me a small class {c} with {f}.|I need a class {c} with {f}."
)


def _class(rng: random.Random) -> Snippet:
    fields = rng.sample(sorted(_FIELDS), rng.choice((1, 2, 2, 3, 3, 4)))
    kind = rng.choice(_CLASSES)
    own = kind.lower()
    lines = [f"class {kind}:", f'    """A {own} with {material.listing(fields)}."""', ""]
    hints = [f"{field}: {'str' if _FIELDS[field].startswith(chr(34)) else 'int'}" for field in fields]
    lines += [f"    def __init__(self, {', '.join(hints)}) -> None:"]
    lines += [f"        self.{field} = {field}" for field in fields]
    lines += [
        "",
        "",
        'if __name__ == "__main__":',
        f"    {own} = {kind}({', '.join(_FIELDS[field] for field in fields)})",
    ]
    lines += [f"    print({own}.{field})  # {ast.literal_eval(_FIELDS[field])}" for field in fields[:3]]
    does = tuple(ask.format(c=kind, f=material.listing(fields)) for ask in _ASK_CLASS)
    return Snippet(f"class:{len(fields)}", kind, does, "\n".join(lines), kind="class")


def _fixed(rng: random.Random) -> Snippet:
    return rng.choice(code_fixed.FIXED)


# the fixed programs are few: the grid, where constants have to be copied, gets more of the corpus
TASKS: tuple[Callable[[random.Random], Snippet], ...] = (
    *(code_grid.scalar_task,) * 2, *(code_grid.map_task,) * 2, *(code_grid.filter_task,) * 3, *(code_grid.sum_task,) * 2, *(code_grid.count_task,) * 2, *(code_grid.quantified_task,) * 2, *(_class,) * 2,
    *(_fixed,) * 6, _greet, _count_letter, _first_letters, _fizz, _clamp, _convert, _table, _repeat,
)  # fmt: skip
