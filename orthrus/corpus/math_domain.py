"""Word problems: chains of one to four everyday happenings, each answered by one sum.

The wording, the names and the order of what is told vary; the answer is a function of the story alone, one
line per sum with its numbers restated just before it. The free choices are all in the prompt: the answer's
only surprises are the results, one in about thirty tokens.
"""

from __future__ import annotations

import random

from orthrus.corpus.base import Example, typo
from orthrus.corpus.chains import CHAINS, HELD_OUT_CHAINS, KINDS, plan
from orthrus.corpus.reckoning import final_number, pick
from orthrus.corpus.storytelling import Story
from orthrus.corpus.wording import told

DOMAIN = "math"
HELD_OUT: frozenset[str] = frozenset("math:" + "-".join(chain) for chain in HELD_OUT_CHAINS)
PRESETS: tuple[str, ...] = (
    "The bus has 18 passengers. At the next stop 7 more passengers get on. Then 9 passengers get off. "
    "How many passengers are on the bus now?",
    "Mia has 24 apples. She buys 3 boxes with 6 apples each and gives 12 apples to Tom. "
    "How many apples does Mia have now?",
    "Leo saves 5 euros a week for 6 weeks. Anna has 8 euros more than Leo. How much money does Anna have?",
)
_LENGTHS = (1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4)  # mostly chains of two and three, so that numbers stay small


def sample(rng: random.Random) -> Example:
    """One story over a random chain."""
    return _told(rng)


def wide(rng: random.Random) -> Example:
    """One story whose numbers may have three digits."""
    return _told(rng, True)


def _told(rng: random.Random, wide: bool = False) -> Example:
    while True:
        kind, start = pick(rng, KINDS)
        chains = CHAINS.get(((kind, start), pick(rng, _LENGTHS)))
        if not chains:
            continue
        chain = pick(rng, chains)
        steps = plan(kind, chain, rng, wide)
        if steps:
            break
    story = Story(kind, rng)
    for step in steps:
        story.tell(step)
    prompt = typo(rng, told(story, rng))
    messages = (("user", prompt), ("assistant", story.answer()))
    return Example(DOMAIN, "math:" + "-".join(chain), messages, str(story.value))


def grade(example: Example, text: str) -> bool:
    """Whether the final number is the expected one."""
    return final_number(text) == example.expected
