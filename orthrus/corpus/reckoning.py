"""Sums as every arithmetic domain writes them, and how a final answer is read back.

One way to write each sum, so that only its result has to be computed: "*" is times everywhere, and what is beyond a
table learnt by heart is split into tens and ones: products, halves, sums that carry, differences that borrow or that
take tens and ones at once.
"""

from __future__ import annotations

import random
import re

NUMBER_WORDS = tuple("zero one two three four five six seven eight nine ten eleven twelve".split())


def product(a: int, b: int) -> str:
    """'4 * 6 = 24', or '14 * 3 = 10 * 3 + 4 * 3 = 30 + 12 = 42' outside the times table."""
    big, small = max(a, b), min(a, b)
    if big <= 12 or big % 10 == 0 or small == 1 or small == 10:
        return f"{a} * {b} = {a * b}"
    tens, ones = big - big % 10, big % 10
    parts = f"{tens} * {small} + {ones} * {small} = {tens * small} + {ones * small}"
    return f"{big} * {small} = {parts} = {a * b}"


def halved(value: int) -> str:
    """'18 / 2 = 9', or '74 / 2 = 60 / 2 + 14 / 2 = 30 + 7 = 37' beyond 20."""
    if value <= 20 or value % 20 == 0:
        return f"{value} / 2 = {value // 2}"
    rest = value % 20
    tens = value - rest
    return f"{value} / 2 = {tens} / 2 + {rest} / 2 = {tens // 2} + {rest // 2} = {value // 2}"


def divided(a: int, b: int) -> str:
    """'42 / 7 = 6'."""
    return f"{a} / {b} = {a // b}"


def added(a: int, b: int) -> str:
    """'42 + 7 = 49', or '33 + 59 = 80 + 12 = 92' where the ones carry."""
    ones = a % 10 + b % 10
    if ones < 10 or max(a, b) < 10:
        return f"{a} + {b} = {a + b}"
    return f"{a} + {b} = {a + b - ones} + {ones} = {a + b}"


def taken(a: int, b: int) -> str:
    """'49 - 7 = 42', '69 - 48 = 60 - 40 + 9 - 8 = 20 + 1 = 21' or, where the ones borrow, '52 - 7 = 40 + 12 - 7'.

    Written short, differences of two digits that borrow nothing were most of the false sums in 200 word problems.
    """
    borrows, above = a % 10 < b % 10, b - b % 10
    if a <= 20 or a == b or (not borrows and (above == 0 or b % 10 == 0)):
        return f"{a} - {b} = {a - b}"
    tens, ones = a - a % 10 - 10 * borrows, a % 10 + 10 * borrows
    split = f"{tens}{f' - {above}' if above else ''} + {ones} - {b % 10}"
    return f"{a} - {b} = {split} = {tens - above} + {ones - b % 10} = {a - b}"


def table_divisors(value: int) -> list[int]:
    """The divisors that make a times-table fact of `value`: both factors between 2 and 12."""
    return [d for d in range(2, 13) if value % d == 0 and 2 <= value // d <= 12]


def between(rng: random.Random, low: int, high: int) -> int:
    """`rng.randint` at a third of its cost; the corpus is written faster than it is read."""
    return low + int(rng.random() * (high - low + 1))


def pick(rng: random.Random, options):
    """`rng.choice` at a third of its cost."""
    return options[int(rng.random() * len(options))]


def sentence(text: str) -> str:
    """`text` with a capital first letter, the rest untouched."""
    return text[:1].upper() + text[1:]


def final_answer(text: str) -> str:
    """What follows the last 'answer is' up to the end of its line, without the full stop; else the last line."""
    tail = re.split(r"answer is:?", text, flags=re.IGNORECASE)[-1].strip()
    lines = tail.splitlines() or [""]
    line = lines[0] if "answer is" in text.lower() else lines[-1]
    return line.strip().rstrip(".!").strip()


def final_number(text: str) -> str:
    """The number of the final answer (the last one of its line, so 'x = 5' gives '5'), or ''."""
    found = re.findall(r"-?\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d{3}\b)", "", final_answer(text)))
    return found[-1] if found else ""
