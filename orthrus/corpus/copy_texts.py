"""Texts for `copy` that nothing but the prompt can tell: lists, codes, digits, words nobody wrote before."""

from __future__ import annotations

import random
from collections.abc import Callable

from orthrus.corpus import base, material


def _list(rng: random.Random) -> str:
    pool = rng.choice((material.NOUNS, material.ADJECTIVES, material.VERBS, material.CITIES))
    return rng.choice((", ", " ", "\n", "; ", " - ")).join(rng.choices(pool, k=rng.randrange(4, 9)))


def _made_up(rng: random.Random) -> str:
    return rng.choice((" ", ", ")).join(material.made_up(rng) for _ in range(rng.randrange(3, 6)))


def _codes(rng: random.Random) -> str:
    return rng.choice((" ", ", ", "\n")).join(material.code(rng) for _ in range(rng.randrange(2, 5)))


def _numbers(rng: random.Random) -> str:
    top = rng.choice((10, 100, 1000))
    return rng.choice((" ", ", ")).join(str(rng.randrange(top)) for _ in range(rng.randrange(4, 9)))


def _mixed(rng: random.Random) -> str:
    parts = [rng.choice((material.code, material.made_up, base.name))(rng) for _ in range(rng.randrange(3, 7))]
    return rng.choice((" ", ", ")).join(parts)


def _accented(rng: random.Random) -> str:
    parts = material.line(rng).split(" ")
    extra = rng.choice(material.ACCENTED) if rng.random() < 0.7 else f"{rng.randrange(2, 500)} €"
    parts.insert(rng.randrange(1, len(parts)), extra)
    return " ".join(parts)


def _labels(rng: random.Random) -> str:
    """Lines of `label: value`, as in notes and forms."""
    values = (base.name, base.name, lambda r: str(r.randrange(100)), lambda r: r.choice(material.CITIES), material.code)
    return "\n".join(f"{rng.choice(material.NOUNS)}: {rng.choice(values)(rng)}" for _ in range(rng.randrange(3, 6)))


def _case(rng: random.Random) -> str:
    text = material.line(rng)
    return rng.choice((text.upper(), text.lower(), text.title()))


HARD: tuple[tuple[str, Callable[[random.Random], str], int], ...] = (
    ("words", _list, 5),
    ("made_up", _made_up, 2),
    ("codes", _codes, 2),
    ("numbers", _numbers, 3),
    ("mixed", _mixed, 1),
    ("accented", _accented, 2),
    ("labels", _labels, 3),
    ("case", _case, 2),
)
