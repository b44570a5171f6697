"""Which happenings may follow each other in a story, which chains are held out, and numbers that work out.

Held out: of the chains of three and four happenings, the seventh whose hash says so. Every happening, and
every pair of neighbours, is then still met in training, only not in that company.
"""

from __future__ import annotations

import hashlib
import random
from typing import NamedTuple

from orthrus.corpus.reckoning import any_size, between, pick, table_divisors


class Step(NamedTuple):
    """One happening: the number before, its one or two operands, the number after."""

    op: str
    before: int
    n: int
    m: int
    after: int


COMPARE = frozenset("more fewer times halfof".split())
LAST = frozenset("share change together later".split())
STARTS = frozenset("rows rate speed price recipe".split())
MULTIPLIES = frozenset("rows rate speed price recipe boxes cost twice times sell".split())
DIVIDES = frozenset("half halfof share pack".split())
OPS = {
    "things": "add sub boxes twice half more fewer times halfof share pack sell together",
    "money": "add sub cost twice half more fewer times halfof share together",
    "bags": "add sub sell",
    "place": "add sub twice half more fewer times halfof",
    "hall": "add sub half more fewer",
    "bill": "add sub half share change",
    "trip": "add twice more fewer together",
    "age": "more fewer times halfof later together",
    "recipe": "add sub",
}
FIRST = {
    "things": ("have", "rows"),
    "money": ("have", "rate"),
    "place": ("have",),
    "hall": ("rows",),
    "bill": ("price",),
    "trip": ("have", "speed"),
    "age": ("have",),
    "recipe": ("recipe",),
}
# The most that one happening adds, where more would be silly: a drink for 40 euros, 50 km after a break.
MOST_ADDED = {"bill": 12, "recipe": 20, "trip": 20, "age": 30}
BECOMES = {"sell": "money", "pack": "bags"}  # selling turns things into euros, packing into bags
# How often a kind of story is told, by its start.
KINDS = (
    *[("things", "have")] * 7,
    *[("things", "rows")] * 3,
    *[("money", "have")] * 3,
    *[("money", "rate")] * 2,
    *[("place", "have")] * 4,
    ("hall", "rows"),
    *[("bill", "price")] * 2,
    ("trip", "have"),
    ("trip", "speed"),
    *[("age", "have")] * 2,
    ("recipe", "recipe"),
)


def _fits(chain: tuple[str, ...], op: str) -> bool:
    """Whether a sensible story can go on with `op`: few hard sums, at most two comparisons, no op over and over."""
    longer = (*chain, op)
    if chain and chain[-1] in LAST:
        return False
    if op == "together":
        return bool(chain) and chain[-1] in COMPARE and sum(o in COMPARE for o in chain) == 1
    if op in COMPARE and sum(o in COMPARE for o in chain) >= 2:
        return False
    if op == "sell" and "pack" not in chain and "add" in chain and len(chain) > 2:
        return False
    if sum(o in MULTIPLIES for o in longer) > (2 if len(longer) <= 3 else 1) or sum(o in DIVIDES for o in longer) > 1:
        return False
    return longer.count(op) <= (2 if op in ("add", "sub", "more", "fewer") else 1)


def _extended(kind: str, chain: tuple[str, ...]) -> list[tuple[str, ...]]:
    """`chain` and all its continuations of up to four happenings."""
    found = [chain] if chain else []
    if len(chain) < 4:
        for op in OPS[kind].split():
            if _fits(chain, op):
                found += _extended(BECOMES.get(op, kind), (*chain, op))
    return found


def _held_out(chain: tuple[str, ...]) -> bool:
    return len(chain) >= 3 and hashlib.sha256("-".join(chain).encode()).digest()[0] % 7 == 0


def _all_chains() -> dict[tuple[tuple[str, str], int], tuple[tuple[str, ...], ...]]:
    """Chains by kind of story, start and length; a story that starts with a plain number has no start in its chain."""
    found: dict[tuple[tuple[str, str], int], list[tuple[str, ...]]] = {}
    for kind, starts in FIRST.items():
        for start in starts:
            for chain in _extended(kind, () if start == "have" else (start,)):
                found.setdefault(((kind, start), len(chain)), []).append(chain)
    return {key: tuple(chains) for key, chains in found.items()}


CHAINS = _all_chains()
HELD_OUT_CHAINS = frozenset(c for chains in CHAINS.values() for c in chains if _held_out(c))


def _started(op: str, rng: random.Random) -> tuple[int, int, int]:
    """(n, m, value) of a story that starts with a product; a recipe has n per head, m heads."""
    if op == "rows":
        n, m = between(rng, 2, 12), between(rng, 2, 10)
    elif op == "rate":
        n, m = between(rng, 2, 15), between(rng, 2, 9)
    elif op == "speed":
        n, m = between(rng, 4, 25), between(rng, 2, 6)
    elif op == "price":
        n, m = between(rng, 2, 12), between(rng, 2, 9)
    else:
        n, m = between(rng, 2, 6), between(rng, 3, 12)
    return n, m, n * m


def _operands(op: str, v: int, before: int, most: int, rng: random.Random) -> tuple[int, int, int]:
    """(n, m, value afterwards) for a happening at value `v`; a value of 0 says that no numbers fit."""
    if op in ("add", "more"):
        n = between(rng, 2, most if op == "add" else min(most, 30)) if most <= 60 else any_size(rng, 2, most)
        return n, 0, v + n
    if op in ("sub", "fewer"):
        if v < 4:
            return 0, 0, 0
        n = between(rng, 2, min(v - 1, most)) if most <= 60 else any_size(rng, 2, min(v - 1, most))
        return n, 0, v - n
    if op in ("boxes", "cost"):
        n, m = between(rng, 2, 12), between(rng, 2, 8)
        return n, m, v + n * m if op == "boxes" else max(0, v - n * m)
    if op == "twice":
        return 2, 0, v * 2
    if op == "times":
        n = between(rng, 2, 5)
        return n, 0, v * n
    if op in ("half", "halfof"):
        return 2, 0, v // 2 if v % 2 == 0 and v >= 4 else 0
    if op in ("share", "pack"):
        divisors = table_divisors(v) or [d for d in range(2, 10) if most > 60 and v % d == 0]
        n = pick(rng, divisors) if divisors else 1
        return n, 0, v // n if divisors else 0
    if op == "sell":
        n = between(rng, 2, 9)
        return n, 0, v * n
    if op == "change":
        notes = [note for note in (10, 20, 50, 100, 200) if note > v][:2]
        n = pick(rng, notes) if notes else v
        return n, 0, n - v
    if op == "together":
        return before, 0, before + v
    n = between(rng, 2, 12)  # later: years go by
    return n, 0, v + n


def plan(kind: str, chain: tuple[str, ...], rng: random.Random, wide: bool = False) -> list[Step]:
    """The steps of a story, its first number included, or [] if a few tries found no numbers that work out.

    `wide`: numbers of up to three digits, where they are not silly.
    """
    wide = wide and kind not in ("age", "trip", "bill", "recipe")
    most = 500 if wide else MOST_ADDED.get(kind, 60)
    for _ in range(40):
        top = 999 if wide else 90 if kind == "age" else 199 if rng.random() < 0.25 else 99
        steps: list[Step] = []
        ops = chain
        if chain[0] in STARTS:
            n, m, value = _started(chain[0], rng)
            steps.append(Step(chain[0], between(rng, 2, 8), n, m, value))  # before: the heads a recipe is written for
            ops = chain[1:]
        else:
            value = between(rng, 3, 30 if kind in ("age", "trip") or rng.random() < 0.4 else 80)
            value = any_size(rng, 10, 900) if wide else value
            steps.append(Step("have", 0, value, 0, value))
        before = 0
        for op in ops:
            n, m, after = _operands(op, value, before, most, rng)
            steps.append(Step(op, value, n, m, after))
            before, value = value, after
            if not 1 < value <= top:
                break
        if 1 < value <= top and len(steps) >= len(chain):
            return steps
    return []
