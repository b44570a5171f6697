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
    """'4 * 6 = 24', '14 * 3 = 10 * 3 + 4 * 3 = 30 + 12 = 42' or the four products of 23 * 17."""
    big, small = max(a, b), min(a, b)
    if big <= 12 or small in (0, 1, 10, 100) or (big % 10 == 0 and big < 100) or big in (100, 1000):
        return f"{big} * {small} = {a * b}" if big > 12 else f"{a} * {b} = {a * b}"
    left, right = _parts(big), _parts(small) if small > 12 or big > 99 else [small]
    if len(left) == len(right) == 1:
        return f"{big} * {small} = {a * b}"
    pairs = [(x, y) for y in right for x in left]
    facts = " + ".join(f"{x} * {y}" for x, y in pairs)
    by_factor = [sum(x * y for x in left) for y in right]
    chain = [facts, " + ".join(str(x * y) for x, y in pairs)]
    if len(right) > 1:
        chain += added(*by_factor).split(" = ")[:-1] if len(left) > 1 else []
    elif len(left) > 2:
        chain.append(f"{left[0] * small + left[1] * small} + {left[2] * small}")
    return f"{big} * {small} = {' = '.join(chain)} = {a * b}"


def _parts(value: int) -> list[int]:
    """347 -> [300, 40, 7]; thousands stay with the hundreds, and no part is zero."""
    return [part for part in (value - value % 100, value % 100 - value % 10, value % 10) if part]


def halved(value: int) -> str:
    """'18 / 2 = 9', or '74 / 2 = 60 / 2 + 14 / 2 = 30 + 7 = 37' beyond 20."""
    if value <= 20 or value % 20 == 0:
        return f"{value} / 2 = {value // 2}"
    rest = value % 20
    tens = value - rest
    if value >= 200:
        return divided(value, 2)
    return f"{value} / 2 = {tens} / 2 + {rest} / 2 = {tens // 2} + {rest // 2} = {value // 2}"


def divided(a: int, b: int) -> str:
    """'42 / 7 = 6', or '936 / 4 = 800 / 4 + 120 / 4 + 16 / 4 = 200 + 30 + 4 = 234' outside the times table."""
    parts = _parts(a // b)
    if a // b <= 12 or len(parts) == 1:
        return f"{a} / {b} = {a // b}"
    split = " + ".join(f"{part * b} / {b}" for part in parts)
    return f"{a} / {b} = {split} = {' + '.join(map(str, parts))} = {a // b}"


def added(a: int, b: int) -> str:
    """'42 + 7 = 49', or by places if it carries or has hundreds: '347 + 285 = 500 + 120 + 12 = 620 + 12 = 632'."""
    ones, tens = a % 10 + b % 10, a % 100 - a % 10 + b % 100 - b % 10
    if max(a, b) < 100:
        if ones < 10 or max(a, b) < 10:
            return f"{a} + {b} = {a + b}"
        return f"{a} + {b} = {a + b - ones} + {ones} = {a + b}"
    places = [part for part in (a + b - ones - tens, tens, ones) if part]
    if len(places) == 1 or max(a, b) % 10 ** len(str(min(a, b))) == 0:  # nothing meets: 300 + 45
        return f"{a} + {b} = {a + b}"
    chain = [" + ".join(map(str, places))]
    if tens >= 100 and ones:
        chain.append(f"{a + b - ones} + {ones}")
    return f"{a} + {b} = {' = '.join(chain)} = {a + b}"


def taken(a: int, b: int) -> str:
    """'49 - 7 = 42', '69 - 48 = 60 - 40 + 9 - 8 = 20 + 1 = 21' or, where the ones borrow, '52 - 7 = 40 + 12 - 7'.

    Written short, differences of two digits that borrow nothing were most of the false sums in 200 word problems.
    From 200 on, hundreds are a place of their own: '532 - 278 = 400 - 200 + 120 - 70 + 12 - 8 = 200 + 50 + 4 = 254'.
    """
    if a >= 200 or b >= 100:
        return _taken_by_places(a, b)
    borrows, above = a % 10 < b % 10, b - b % 10
    if a <= 20 or a == b or (not borrows and (above == 0 or b % 10 == 0)):
        return f"{a} - {b} = {a - b}"
    tens, ones = a - a % 10 - 10 * borrows, a % 10 + 10 * borrows
    split = f"{tens}{f' - {above}' if above else ''} + {ones} - {b % 10}"
    return f"{a} - {b} = {split} = {tens - above} + {ones - b % 10} = {a - b}"


def _taken_by_places(a: int, b: int) -> str:
    """A difference with hundreds, each place after what it lends and borrows."""
    hundreds, tens, ones = a - a % 100, a % 100 - a % 10, a % 10
    if ones < b % 10:
        tens, ones = tens - 10, ones + 10
    if tens < b % 100 - b % 10:
        hundreds, tens = hundreds - 100, tens + 100
    places = [(hundreds, b - b % 100), (tens, b % 100 - b % 10), (ones, b % 10)]
    places = [(x, y) for x, y in places if x or y]
    left = [x - y for x, y in places if x != y]
    if len(places) == 1 or not left:
        return f"{a} - {b} = {a - b}"
    split = " + ".join(f"{x} - {y}" if y else str(x) for x, y in places)
    chain = [split, " + ".join(map(str, left))] if len(left) > 1 else [split]
    return f"{a} - {b} = {' = '.join(chain)} = {a - b}"


def table_divisors(value: int) -> list[int]:
    """The divisors that make a times-table fact of `value`: both factors between 2 and 12."""
    return [d for d in range(2, 13) if value % d == 0 and 2 <= value // d <= 12]


def between(rng: random.Random, low: int, high: int) -> int:
    """`rng.randint` at a third of its cost; the corpus is written faster than it is read."""
    return low + int(rng.random() * (high - low + 1))


def pick(rng: random.Random, options):
    """`rng.choice` at a third of its cost."""
    return options[int(rng.random() * len(options))]


def any_size(rng: random.Random, low: int, high: int) -> int:
    """A number of `low` to `high`, every number of digits about equally often."""
    return min(high, int(low * (high / low) ** rng.random() + 0.5))


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
