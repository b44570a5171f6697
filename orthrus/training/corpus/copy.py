"""Copying: repeat a text, write a line several times, count. The answer is all in the prompt, so entropy is near zero.

The material is a grammar's sentences, words nobody wrote before, codes and digits: only copying can get it right.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from orthrus.training.corpus import base, material
from orthrus.training.corpus.base import Example
from orthrus.training.corpus.material import variants

DOMAIN = "copy"
HELD_OUT = frozenset({"mixed", "times:5"})
PRESETS = (
    "Repeat this text exactly: The silver key hangs behind the old clock, and the code for the gate is K7-X2.",
    "Write this line four times: The quick robot painted 12 yellow doors on Sunday.",
    "Count from 12 to 30.",
)

_REPEAT = variants(
    "Repeat this text exactly:|Repeat exactly:|Repeat this:|Repeat after me:|Copy this text:|Copy this exactly:|Copy:|"
    "Please repeat this text word for word:|Say this again, word for word:|Write exactly this:|Echo this back to me:|"
    "Can you repeat this for me?|Give me back this text unchanged:|Please copy the following text:|Repeat this line:|"
    "Write down the following, without changes:|Type this text again:|Repeat the following exactly:|"
    "Copy this without any mistakes:|Say exactly this:"
)
_NUMBER_WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def _sentence(rng: random.Random) -> str:
    return material.sentences(rng, rng.choice((1, 2, 3, 3, 4, 4, 5)))


def _words(rng: random.Random) -> str:
    pool = rng.choice((material.NOUNS, material.ADJECTIVES, material.VERBS, material.CITIES))
    return rng.choice((", ", " ", "\n", "; ", " - ")).join(rng.choices(pool, k=rng.randrange(10, 36)))


def _made_up(rng: random.Random) -> str:
    words = [material.made_up(rng) for _ in range(rng.randrange(6, 16))]
    return rng.choice((" ", ", ")).join(words)


def _codes(rng: random.Random) -> str:
    return rng.choice((" ", ", ", "\n")).join(material.code(rng) for _ in range(rng.randrange(4, 11)))


def _numbers(rng: random.Random) -> str:
    top = rng.choice((10, 100, 1000, 100_000))
    return rng.choice((" ", ", ")).join(str(rng.randrange(top)) for _ in range(rng.randrange(8, 20)))


def _mixed(rng: random.Random) -> str:
    parts = [rng.choice((material.code, material.made_up, base.name))(rng) for _ in range(rng.randrange(6, 14))]
    return rng.choice((" ", ", ")).join(parts)


def _accented(rng: random.Random) -> str:
    words = material.sentences(rng, rng.choice((2, 3))).split(" ")
    for _ in range(rng.randrange(1, 4)):
        extra = rng.choice(material.ACCENTED) if rng.random() < 0.7 else f"{rng.randrange(2, 500)} €"
        words.insert(rng.randrange(1, len(words)), extra)
    return " ".join(words)


def _labels(rng: random.Random) -> str:
    """Lines of `label: value`, as in notes and forms."""
    values = (material.code, base.name, lambda r: str(r.randrange(1000)), lambda r: r.choice(material.CITIES))
    lines = (f"{rng.choice(material.NOUNS)}: {rng.choice(values)(rng)}" for _ in range(rng.randrange(3, 8)))
    return "\n".join(lines)


def _case(rng: random.Random) -> str:
    text = material.sentences(rng, rng.choice((1, 2, 3)))
    return rng.choice((text.upper(), text.lower(), text.title()))


_MATERIAL: tuple[tuple[str, Callable[[random.Random], str], int], ...] = (
    ("sentence", _sentence, 8),
    ("words", _words, 3),
    ("made_up", _made_up, 3),
    ("codes", _codes, 2),
    ("numbers", _numbers, 2),
    ("mixed", _mixed, 1),
    ("accented", _accented, 2),
    ("labels", _labels, 2),
    ("case", _case, 1),
)
_WEIGHTS = [weight for _, _, weight in _MATERIAL]


def _repeat(rng: random.Random) -> tuple[str, str, str]:
    structure, make, _ = rng.choices(_MATERIAL, _WEIGHTS)[0]
    text = make(rng)
    instruction = base.typo(rng, rng.choice(_REPEAT))
    roll = rng.random()
    if roll < 0.12:
        return structure, f'{instruction} "{text}"', text
    if roll < 0.2 and "\n" not in text:
        return structure, f'Repeat "{text}" exactly.', text
    return structure, f"{instruction}{rng.choice((' ', ' ', chr(10)))}{text}", text


def _times(rng: random.Random) -> tuple[str, str, str]:
    count = rng.choice((2, 3, 3, 3, 4, 4, 5))
    line = material.sentence(rng)
    if rng.random() < 0.2:
        line = " ".join(material.made_up(rng) for _ in range(rng.randrange(3, 8)))
    number = rng.choice((_NUMBER_WORDS[count], _NUMBER_WORDS[count], str(count)))
    forms = (
        f'Write the line "{line}" {number} times.',
        f"Write this line {number} times: {line}",
        f"Repeat this {number} times: {line}",
        f"Say this {number} times:\n{line}",
        f"Write {number} times: {line}",
        f"Please copy this sentence {number} times: {line}",
    )
    return f"times:{count}", rng.choice(forms), "\n".join([line] * count)


def _count(rng: random.Random) -> tuple[str, str, str]:
    step = rng.choice((1, 1, 1, 1, 2, 3, 5, 10))
    first = rng.randrange(0, rng.choice((5, 100, 300)))
    last = first + step * rng.randrange(8, 26)
    down = rng.random() < 0.25
    if down:
        first, last = last, first
    text = ", ".join(map(str, range(first, last + (-1 if down else 1), -step if down else step)))
    by = "" if step == 1 else rng.choice((f" in steps of {step}", f" by {step}s" if step != 1 else "", f" by {step}"))
    back = rng.choice(("Count down from", "Count backwards from")) if down else "Count from"
    forms = (
        f"{back} {first} to {last}{by}.",
        f"Please {back.lower()} {first} to {last}{by}.",
        f"Can you {back.lower()} {first} to {last}{by}?",
        f"{back} {first} to {last}{by}",
        f"{'Write' if not down else 'Write down'} the numbers from {first} to {last}{by}.",
    )
    return f"count{'_down' if down else ''}:{step}", base.typo(rng, rng.choice(forms)), text


def sample(rng: random.Random) -> Example:
    """One copying task of any structure."""
    structure, prompt, text = rng.choices((_repeat, _times, _count), (70, 15, 15))[0](rng)
    return Example(DOMAIN, structure, (("user", prompt), ("assistant", text)), text)


def grade(example: Example, text: str) -> bool:
    """Exactly the expected text; white space around it does not count."""
    return text.strip() == example.expected.strip()
