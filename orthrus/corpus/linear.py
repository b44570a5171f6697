"""Linear equations of any form that two or three operations make, undone one by one, as `equations` writes them.

What is done to the unknown is a chain of operations; the lines undo it from its end, and the check does it again.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from orthrus.corpus.reckoning import added, between, divided, pick, product, taken

_MOST = 199


class Step(NamedTuple):
    """One operation: its sign and its number."""

    sign: str
    n: int


def equation(x: str, rng: random.Random) -> tuple[str, str, list[str], int]:
    """(form, text, worked lines, solution) with `x` on one side or on both."""
    if rng.random() < 0.2:
        return _both_sides(x, rng)
    signs = _signs(rng)
    while not (chain := _numbers(signs, rng)):
        pass
    values, steps = chain
    sides = [_written(x, steps[:i]) for i in range(len(steps) + 1)]
    text = f"{sides[-1]} = {values[-1]}"
    if rng.random() < 0.1:
        text = f"{values[-1]} = {sides[-1]}"
    lines = [_undo(steps[i], sides[i], values[i + 1]) for i in reversed(range(len(steps)))]
    return _form(signs), text, [*lines, f"Check: {_checked(steps, values)}."], values[0]


def _signs(rng: random.Random) -> str:
    """Two or three operations: neither two sums nor two products are neighbours."""
    first = pick(rng, "+-*/*/")
    signs = first
    for _ in range(pick(rng, (1, 1, 2))):
        signs += pick(rng, "*/" if signs[-1] in "+-" else "+-")
    return signs


def _numbers(signs: str, rng: random.Random) -> tuple[list[int], list[Step]] | None:
    """The values from the solution on and the steps between them, all whole and above zero; None if a try fails."""
    values = [between(rng, 1, pick(rng, (12, 12, 60)))]
    steps: list[Step] = []
    for sign in signs:
        step = Step(sign, between(rng, 2, 12) if sign in "*/" else between(rng, 1, pick(rng, (9, 40))))
        if sign == "/" and values[-1] % step.n:
            return None
        values.append(_done(values[-1], step))
        if not 0 < values[-1] <= _MOST:
            return None
        steps.append(step)
    return values, steps


def _done(value: int, step: Step) -> int:
    return {"+": value + step.n, "-": value - step.n, "*": value * step.n, "/": value // step.n}[step.sign]


def _written(inner: str, steps: list[Step]) -> str:
    """The operations on `inner` as an equation writes them: 4(y + 2) - 6. A number as `inner` is multiplied by "*"."""
    text, closed = inner, True  # closed: it needs no bracket before it is multiplied
    for sign, n in steps:
        held = text if closed else f"({text})"
        if sign == "*":
            text = f"{n} * {held}" if inner.isdigit() else f"{n}{held}"
        else:
            text = f"{held if sign == '/' else text} {sign} {n}"
        closed = False
    return text


def _form(signs: str) -> str:
    """The form with letters for its numbers: "a(x+b)-c"; a is the first factor or divisor, b the first summand."""
    text, closed, letters = "x", True, {"factor": "a", "summand": "b"}
    for sign in signs:
        letter = letters.pop("factor" if sign in "*/" else "summand", "c")
        held = text if closed else f"({text})"
        text = f"{letter}{held}" if sign == "*" else f"{held if sign == '/' else text}{sign}{letter}"
        closed = False
    return text


def _undo(step: Step, left: str, value: int) -> str:
    """The line that undoes the last operation of a side whose value is `value`; `left` is what remains of it."""
    sign, n = step
    if sign == "+":
        return f"Subtract {n} from both sides: {left} = {taken(value, n)}."
    if sign == "-":
        return f"Add {n} to both sides: {left} = {added(value, n)}."
    if sign == "*":
        return f"Divide both sides by {n}: {left} = {divided(value, n)}."
    return f"Multiply both sides by {n}: {left} = {product(value, n)}."


def _checked(steps: list[Step], values: list[int]) -> str:
    """The left side with the solution put in, one operation done at a time."""
    sides = [_written(str(value), steps[i:]) for i, value in enumerate(values)]
    return " = ".join(sides)


def _both_sides(x: str, rng: random.Random) -> tuple[str, str, list[str], int]:
    """`x` on the right as well, added or taken away."""
    form = pick(rng, ("ax=cx+d", "ax=d-cx", "ax+b=d-cx", "ax-b=d-cx", "ax+b=cx+d"))
    c, a, v = between(rng, 2, 6), between(rng, 2, 9), between(rng, 2, 10)
    adds = form.endswith("-cx")
    a = a if adds else c + between(rng, 2, 6)
    factor = a + c if adds else a - c
    rest, sign = factor * v, "+" if "+b" in form else "-" if "-b" in form else ""
    b = between(rng, 1, 20) if sign == "+" else between(rng, 1, rest - 1)
    d = rest + b if sign == "+" else rest - b if sign else rest
    tail = f" {sign} {b}" if sign else ""
    moved = f"Add {c}{x} to" if adds else f"Subtract {c}{x} from"
    lines = [f"{moved} both sides: {factor}{x}{tail} = {d}."]
    if sign:
        lines.append(_undo(Step(sign, b), f"{factor}{x}", d))
    lines.append(f"Divide both sides by {factor}: {x} = {rest} / {factor} = {v}.")
    left = a * v + {"+": b, "-": -b, "": 0}[sign]
    done = f"{a} * {v}{tail} = {a * v}{tail} = {left}" if sign else f"{a} * {v} = {left}"
    lines.append(f"Check the left side: {done}.")
    right = f"{d} - {c} * {v} = {d} - {c * v}" if adds else f"{c} * {v} + {d} = {c * v} + {d}"
    lines.append(f"Check the right side: {right} = {left}.")
    return form, f"{a}{x}{tail} = {f'{d} - {c}{x}' if adds else f'{c}{x} + {d}'}", lines, v
