"""What one training example is, and which split it belongs to.

A domain is a module with `DOMAIN`, `HELD_OUT`, `PRESETS`, `sample(rng)` and `grade(example, text)`;
everything about splits, seeds and names lives here, once.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from orthrus.corpus import by_hand

SPLITS = ("train", "valid", "test", "names", "structures", "reworded", "outside")


@dataclass(frozen=True, slots=True)
class Example:
    """One dialogue whose last turn is the assistant's.

    `structure` names the form of the problem (its chain of operations, not its wording); `expected` is what
    `grade` compares with, empty where a text has no single right answer. `letters` says that the answer is learnt as
    tokens of one letter, because what it is made from is written in such.
    """

    domain: str
    structure: str
    messages: tuple[tuple[str, str], ...]  # (role, content), user first, assistant last
    expected: str = ""
    letters: bool = False

    @property
    def prompt(self) -> str:
        """The user's turns, joined: what the split is decided on."""
        return "\n".join(content for role, content in self.messages if role == "user")

    @property
    def answer(self) -> str:
        """The assistant's last turn."""
        return self.messages[-1][1]


# Real first names, short enough for a small tokenizer; the held-out ones never occur in training.
NAMES = tuple(
    "Ada Adam Aisha Alice Amir Amy Anna Anton Ava Ben Bianca Bruno Carl Carla Carlos Chen Chloe Clara Daniel Dara "
    "David Dina Eli Ella Elsa Emil Emma Erik Eva Fatima Felix Finn Fiona Frida George Grace Greta Hana Hannah Hugo "
    "Ida Igor Ines Iris Ivan Jack Jade James Jan Jane Jin Jonas Julia Kai Kate Kenji Lara Laura Lea Leo Liam Lily "
    "Lina Lisa Luca Lucy Luis Maja Marco Maria Mark Martha Max Maya Mei Mia Milo Mina Nadia Nico Nina Noah Nora "
    "Olga Oliver Omar Oscar Paul Pedro Peter Petra Pia Priya Ravi Rita Robin Rosa Ruth Sam Samir Sara Sofia Sven "
    "Tara Theo Tim Tina Tom Uma Vera Victor Wei Yara Yusuf Zoe".split()
)
HELD_OUT_NAMES = frozenset("Bianca Dina Frida Igor Jade Kenji Luca Mina Oscar Priya Sven Uma Yusuf".split())
_SYLLABLES = tuple("ka lo mi ra ti no sa ve du fi be ro la ni to ma re su li da wo na ke bi".split())


def name(rng: random.Random) -> str:
    """A first name; one in six is made of syllables, so that copying a name never seen is practised."""
    if rng.random() < 1 / 6:
        return "".join(rng.choice(_SYLLABLES) for _ in range(rng.choice((2, 2, 3)))).capitalize()
    return rng.choice(NAMES)


def names(rng: random.Random, count: int, draw: Callable[[random.Random], str] = name) -> list[str]:
    """`count` different first names, each from `draw`."""
    found: list[str] = []
    while len(found) < count:
        if (one := draw(rng)) not in found:
            found.append(one)
    return found


def typo(rng: random.Random, text: str, rate: float = 0.04) -> str:
    """`text`, with probability `rate` spoilt as a hurried visitor spoils it (digits and names are left alone)."""
    if rng.random() >= rate:
        return text
    spots = list(re.finditer(r"\b[a-z]{4,}\b", text))
    if not spots:
        return text
    word = rng.choice(spots)
    i = rng.randrange(word.start() + 1, word.end() - 1)
    kind = rng.randrange(3)
    if kind == 0:  # a letter dropped
        return text[:i] + text[i + 1 :]
    if kind == 1:  # two letters swapped
        return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    return text[:i] + text[i] + text[i:]  # a letter doubled


def split_of(example: Example, held_out: frozenset[str]) -> str:
    """One of SPLITS, decided by the example alone, so that no prompt can be in two.

    A held-out structure goes to `structures`, a held-out name to `names`, else the hash of the prompt decides
    (2 % valid, 2 % test): the same prompt drawn from any seed always lands on the same side. A prompt that would be
    trained on but was written by hand for a test set goes to that set.
    """
    if example.structure in held_out:
        return "structures"
    if HELD_OUT_NAMES & set(re.findall(r"[A-Za-z]+", example.prompt)):
        return "names"
    bucket = hashlib.sha256(example.prompt.encode()).digest()[0] * 100 // 256
    if bucket < 4:
        return "valid" if bucket < 2 else "test"
    return by_hand.reserved().get(by_hand.letters(example.prompt), "train")
