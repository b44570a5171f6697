"""Linear equations and plain sums, worked out one operation per line.

A line says which rule applies, then does one sum whose numbers stand just before the result: the digits of the
results are the only surprises. Times is "*" in every answer, whatever the prompt wrote.
"""

from __future__ import annotations

import random
import re

from orthrus.corpus import linear, sums
from orthrus.corpus.asks import EQUATION, SUM
from orthrus.corpus.base import Example, typo
from orthrus.corpus.reckoning import added, any_size, between, divided, final_answer, final_number, pick, product, taken
from orthrus.corpus.sums import WORK

DOMAIN = "equations"
# An equation by its form, with x as the unknown, or a sum by its form. The held-out forms are recombinations.
EQUATIONS = (
    "x+b",
    "x-b",
    "b+x",
    "b-x",
    "ax",
    "x/a",
    "ax+b",
    "ax-b",
    "b+ax",
    "x/a+b",
    "x/a-b",
    "a(x+b)",
    "a(x-b)",
    "ax+b=cx+d",
    "ax-b=cx+d",
)
SUMS = (
    "a+b",
    "a-b",
    "a*b",
    "a/b",
    "a+b+c",
    "a+b-c",
    "a-b+c",
    "a-b-c",
    "a*b+c",
    "a*b-c",
    "a+b*c",
    "a-b*c",
    "(a+b)*c",
    "(a-b)*c",
    "a*(b+c)",
    "a*(b-c)",
    "a/b+c",
    "a/b-c",
    "a+b/c",
    "(a+b)/c",
    "(a-b)/c",
    "a*b+c*d",
    "a*b-c*d",
    "a*b*c",
    "a+b+c+d",
    "a+b+c-d",
    "a+b-c+d",
    "a*b+c-d",
    "a*b-c+d",
    "(a+b)*c-d",
    "(a+b)*c+d",
    "a+(b-c)*d",
)
HELD_OUT: frozenset[str] = frozenset(
    "equations:" + form
    for form in ("a(x-b)", "x/a-b", "ax-b=cx+d", "(a-b)*c", "a/b-c", "a+b-c+d", "a*b-c+d", "(a+b)*c+d")
)
PRESETS: tuple[str, ...] = ("Solve 3x + 5 = 20.", "What is 7 x 8 + 5?", "Solve for y: 4(y + 2) = 36")
_LETTERS = "xxxxxxyyznabtmkpw"
_TIMES = ("*", "*", "x", "x", "×", "times", "X")


def sample(rng: random.Random) -> Example:
    """An equation or a sum, equally often."""
    return _asked(rng)


def wide(rng: random.Random) -> Example:
    """One whose numbers may have three digits, sums twice as often as equations."""
    return _asked(rng, 0.33, True)


def varied(rng: random.Random) -> Example:
    """A sum or an equation of any form that two or three operations make."""
    if rng.random() < 0.5:
        letter = pick(rng, _LETTERS)
        form, *worked = linear.equation(letter, rng)
        return _equation_asked(rng, form, letter, *worked)
    form, *worked = sums.any_form(rng)
    return _sum_asked(rng, form, *worked)


def _asked(rng: random.Random, equations: float = 0.5, wide: bool = False) -> Example:
    if rng.random() < equations:
        form, letter = pick(rng, EQUATIONS), pick(rng, _LETTERS)
        return _equation_asked(rng, form, letter, *_equation(form, letter, rng, wide))
    form = pick(rng, SUMS[: 4 + between(rng, 0, 13)] if wide else SUMS)
    return _sum_asked(rng, form, *sums.worked(form, rng, wide))


def _equation_asked(rng: random.Random, form: str, letter: str, text: str, lines: list[str], solution: int) -> Example:
    asked = pick(rng, EQUATION).replace("@", letter).format(_spaced(text, rng))
    answer = "\n".join((f"We look for {letter} in {text}.", *lines, f"The answer is {letter} = {solution}."))
    return _example(rng, form, asked, answer, solution)


def _sum_asked(rng: random.Random, form: str, text: str, lines: list[str], result: int) -> Example:
    asked = pick(rng, SUM).format(_times(_spaced(text, rng), rng))
    answer = "\n".join((f"We want to work out {text}.", *lines, f"The answer is {result}."))
    return _example(rng, form, asked, answer, result)


def _example(rng: random.Random, form: str, asked: str, answer: str, result: int) -> Example:
    messages = (("user", typo(rng, asked)), ("assistant", answer))
    return Example(DOMAIN, f"equations:{form}", messages, str(result))


def grade(example: Example, text: str) -> bool:
    """Whether the final number is the expected one (after 'x =' where there is one)."""
    return final_number(text) == example.expected and final_answer(text).count("=") <= 1


def _spaced(text: str, rng: random.Random) -> str:
    return text.replace(" ", "") if rng.random() < 0.2 else text


def _times(text: str, rng: random.Random) -> str:
    """`text` with another sign for times; words only where no bracket needs to be read aloud."""
    sign = pick(rng, _TIMES)
    if sign == "times":
        text = re.sub(r" ?\* ?", " times ", text)
        if "(" not in text and rng.random() < 0.5:
            text = re.sub(r" ?\+ ?", " plus ", text)
            text = re.sub(r" ?- ?", " minus ", text)
        return text
    return text.replace("*", sign)


# Equations: what is undone, on both sides, until the letter stands alone; then a check.


def _equation(form: str, x: str, rng: random.Random, wide: bool = False) -> tuple[str, list[str], int]:
    """(text, worked lines, solution) of an equation of this form."""
    a, b, v = between(rng, 2, 12), between(rng, 2, 40), between(rng, 1, 12)
    if wide:
        b, v = any_size(rng, 2, 500), between(rng, 1, 60)
    if wide and form in ("x+b", "x-b", "b+x", "b-x"):
        return _one_step(form, x, b, any_size(rng, 2, 499))
    if form in ("x+b", "x-b", "b+x", "b-x"):
        return _one_step(form, x, b, between(rng, 2, 60))
    if form.startswith("a("):
        return _bracket(form, x, a, between(rng, 1, 9), v)
    if "=" in form:
        return _both_sides(form, x, rng)
    if form.startswith("x/"):
        return _quotient(form, x, a, b, v)
    b = b if form != "ax-b" else 1 + b % (a * v - 1)
    total = a * v + b if "+" in form else a * v - b if "-" in form else a * v
    left = {"ax": f"{a}{x}", "ax+b": f"{a}{x} + {b}", "ax-b": f"{a}{x} - {b}", "b+ax": f"{b} + {a}{x}"}[form]
    lines = []
    if "+" in form:
        lines.append(f"Subtract {b} from both sides: {a}{x} = {taken(total, b)}.")
    elif "-" in form:
        lines.append(f"Add {b} to both sides: {a}{x} = {added(total, b)}.")
    lines.append(f"Divide both sides by {a}: {x} = {divided(a * v, a)}.")
    check = {
        "ax": f"{a} * {v}",
        "ax+b": f"{a} * {v} + {b} = {a * v} + {b}",
        "ax-b": f"{a} * {v} - {b} = {a * v} - {b}",
        "b+ax": f"{b} + {a} * {v} = {b} + {a * v}",
    }[form]
    return f"{left} = {total}", [*lines, f"Check: {check} = {total}."], v


def _one_step(form: str, x: str, b: int, v: int) -> tuple[str, list[str], int]:
    if form == "b-x":
        b += v
        lines = [
            f"Add {x} to both sides: {b} = {b - v} + {x}.",
            f"Subtract {b - v} from both sides: {x} = {taken(b, b - v)}.",
        ]
        return f"{b} - {x} = {b - v}", [*lines, f"Check: {b} - {v} = {b - v}."], v
    if form == "x-b":
        v += b
        line = f"Add {b} to both sides: {x} = {added(v - b, b)}."
        return f"{x} - {b} = {v - b}", [line, f"Check: {v} - {b} = {v - b}."], v
    line = f"Subtract {b} from both sides: {x} = {taken(v + b, b)}."
    left, check = (f"{x} + {b}", f"{v} + {b}") if form == "x+b" else (f"{b} + {x}", f"{b} + {v}")
    return f"{left} = {v + b}", [line, f"Check: {check} = {v + b}."], v


def _bracket(form: str, x: str, a: int, b: int, v: int) -> tuple[str, list[str], int]:
    sign, undo = ("+", "Subtract {} from") if form == "a(x+b)" else ("-", "Add {} to")
    inner = b + 1 + v % (12 - b) if sign == "+" else max(v, 2)  # a table fact: at most 12
    v = inner - b if sign == "+" else inner + b
    back = "-" if sign == "+" else "+"
    lines = [
        f"Divide both sides by {a}: {x} {sign} {b} = {a * inner} / {a} = {inner}.",
        f"{undo.format(b)} both sides: {x} = {WORK[back](inner, b)}.",
        f"Check: {a} * ({v} {sign} {b}) = {product(a, inner)}.",
    ]
    return f"{a}({x} {sign} {b}) = {a * inner}", lines, v


def _quotient(form: str, x: str, a: int, b: int, q: int) -> tuple[str, list[str], int]:
    q = max(q, 2)
    b = b if form == "x/a+b" else 1 + b % (q - 1)
    sign, total = ("", q) if form == "x/a" else ("+", q + b) if form == "x/a+b" else ("-", q - b)
    undo = {
        "": [],
        "+": [f"Subtract {b} from both sides: {x} / {a} = {taken(total, b)}."],
        "-": [f"Add {b} to both sides: {x} / {a} = {added(total, b)}."],
    }[sign]
    more = f" {sign} {b}" if sign else ""
    check = f"{a * q} / {a}{more} = {q}{more} = {total}" if sign else f"{a * q} / {a} = {q}"
    lines = [*undo, f"Multiply both sides by {a}: {x} = {product(q, a)}.", f"Check: {check}."]
    return f"{x} / {a}{more} = {total}", lines, a * q


def _both_sides(form: str, x: str, rng: random.Random) -> tuple[str, list[str], int]:
    c, gap, v = between(rng, 2, 6), between(rng, 2, 6), between(rng, 2, 10)
    a, rest = c + gap, gap * v
    if form == "ax+b=cx+d":
        b = between(rng, 1, 20)
        sign, d, undo, back = "+", rest + b, f"Subtract {b} from", "-"
    else:
        b = between(rng, 1, rest - 1)
        sign, d, undo, back = "-", rest - b, f"Add {b} to", "+"
    lines = [
        f"Subtract {c}{x} from both sides: {gap}{x} {sign} {b} = {d}.",
        f"{undo} both sides: {gap}{x} = {WORK[back](d, b)}.",
        f"Divide both sides by {gap}: {x} = {rest} / {gap} = {v}.",
        f"Check the left side: {a} * {v} {sign} {b} = {a * v} {sign} {b} = {a * v + (b if sign == '+' else -b)}.",
        f"Check the right side: {c} * {v} + {d} = {c * v} + {d} = {c * v + d}.",
    ]
    return f"{a}{x} {sign} {b} = {c}{x} + {d}", lines, v
