"""Sums of `equations`: the highest operation, leftmost, is done first and the rest written again."""

from __future__ import annotations

import random
import re

from orthrus.corpus.reckoning import added, any_size, between, divided, pick, product, taken

_SAID = {"*": "Multiply", "/": "Divide", "+": "Add", "-": "Subtract"}
WORK = {"+": added, "-": taken, "*": product, "/": divided}
_FIRST = {"(": "Brackets come first", "*": "Multiplication comes first", "/": "Division comes first"}


def worked(form: str, rng: random.Random, wide: bool) -> tuple[str, list[str], int]:
    """(text, worked lines, result) of a sum of this form, with numbers that stay whole, positive and mostly small."""
    while not (found := _tried(form, rng, wide)):
        pass
    return found


def any_form(rng: random.Random) -> tuple[str, str, list[str], int]:
    """(form, text, worked lines, result) of three or four numbers, any operations and, half of the time, a bracket."""
    while True:
        numbers = pick(rng, (3, 3, 4))
        parts = ["a"]
        for letter in "bcd"[: numbers - 1]:
            parts += [pick(rng, "++--**/"), letter]
        if rng.random() < 0.5:
            at = 2 * between(rng, 0, numbers - 2)
            parts[at : at + 3] = ["(", *parts[at : at + 3], ")"]
        form, wide = "".join(parts), rng.random() < 0.3
        for _ in range(60):  # some forms hardly ever come out whole: a/b/c
            if found := _tried(form, rng, wide):
                return form, *found


def _tried(form: str, rng: random.Random, wide: bool) -> tuple[str, list[str], int] | None:
    tokens = [str((_wide_number if wide else _number)(form, t, rng)) if t in "abcd" else t for t in form]
    if reduced := _reduced(tokens, 9999 if wide else 199):
        lines, value = reduced
        return _written(tokens), lines, value
    return None


def _number(form: str, letter: str, rng: random.Random) -> int:
    factor = re.search(rf"{letter}[*/]|[*/]{letter}|\).*[*/]{letter}|{letter}\*\(", form)
    if factor and f"{letter}/" not in form:
        return between(rng, 2, 12)
    return between(rng, 2, 20) if "(" in form and not factor else between(rng, 2, 99)


def _wide_number(form: str, letter: str, rng: random.Random) -> int:
    """Up to 999; a factor has one digit, or both have two, and a divisor one."""
    if f"/{letter}" in form:
        return between(rng, 2, 9)
    if re.search(rf"{letter}\*|\*{letter}|\*\(", form) and f"{letter}/" not in form:
        return any_size(rng, 2, 99) if form == "a*b" or letter == "a" else between(rng, 2, 9)
    return any_size(rng, 2, 999)


def _written(tokens: list[str]) -> str:
    return " ".join(tokens).replace("( ", "(").replace(" )", ")")


def _next(tokens: list[str]) -> int:
    """Where the operation stands that comes first."""
    if "(" in tokens:
        return tokens.index("(") + 2
    return next((i for i, t in enumerate(tokens) if t in "*/"), 1)


def _reduced(tokens: list[str], most: int) -> tuple[list[str], int] | None:
    """The lines that work the sum out and its value; None if a number on the way would not do."""
    tokens, lines = list(tokens), list[str]()
    while len(tokens) > 1:
        at = _next(tokens)
        a, sign, b = int(tokens[at - 1]), tokens[at], int(tokens[at + 1])
        value = _value(a, sign, b, most)
        if value is None:
            return None
        bracket = "(" in tokens
        alone = len(tokens) == 3
        why = _FIRST["("] if bracket else _FIRST[sign] if sign in _FIRST and not alone else "We go from left to right"
        if alone:
            why = "Now one step is left" if lines else "This is one step"
        done = WORK[sign](a, b)
        low, high = (at - 2, at + 3) if bracket else (at - 1, at + 2)
        tokens[low:high] = [str(value)]
        rest = f" This leaves {_written(tokens)}." if len(tokens) > 1 else ""
        lines.append(f"{why}, so we {_SAID[sign].lower()}: {done}.{rest}")
    return lines, int(tokens[0])


def _value(a: int, sign: str, b: int, most: int) -> int | None:
    if sign == "/":
        return a // b if a % b == 0 and 2 <= a // b <= (12 if most < 999 else 499) and b <= 12 else None
    if sign == "*":
        easy = (a <= 12 and b <= 12) or (max(a, b) < 100 and min(a, b) < 10)
        easy = easy or (most > 999 and (max(a, b) < 100 or min(a, b) < 10))
        return a * b if easy and a * b <= most else None
    value = a + b if sign == "+" else a - b
    return value if 0 < value <= min(most, 1998) else None
