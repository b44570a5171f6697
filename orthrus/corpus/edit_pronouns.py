"""Edits for `edit` that make a text about somebody else: he and she, with what belongs to them."""

from __future__ import annotations

import random

from orthrus.corpus import material
from orthrus.corpus.edit_lines import Task


def _pronoun_text(pick: list[tuple[str, ...]], pronouns: tuple[str, str, str]) -> str:
    subject, owner, target = pronouns
    parts = [p.format(S=subject.capitalize(), s=subject, o=owner, t=target, v=v, n=n, a=a) for p, v, n, a in pick]
    return " ".join(parts)


def task(rng: random.Random) -> Task:
    """A text about him as one about her, or the other way round."""
    patterns = ("{S} {v} {o} {a} {n}.", "The {a} {n} was waiting for {t}.", "Every morning {s} {v} the {n}.",
                "{S} was {a} because {o} {n} was gone.", "The {n} followed {t} all day.", "Then {s} {v} {o} {n}.",
                "Nobody saw {t}, but {s} {v} the {a} {n}.")  # fmt: skip
    pick = [
        (p, rng.choice(material.VERBS), rng.choice(material.NOUNS), rng.choice(material.ADJECTIVES))
        for p in rng.sample(patterns, rng.randrange(2, 4))
    ]
    he, she = ("he", "his", "him"), ("she", "her", "her")
    if rng.random() < 0.3:
        he, she = she, he
    if not any("{S}" in p[0] or "{s}" in p[0] for p in pick):
        pick.append((patterns[0], *pick[0][1:]))
    forms = (f"Change {he[0]} to {she[0]}", f"Rewrite this with {she[0]} instead of {he[0]}",
             f'Change "{he[0]}" to "{she[0]}"', f"Make it about a {'woman' if she[0] == 'she' else 'man'}")  # fmt: skip
    return f"{he[0]}_to_{she[0]}", rng.choice(forms), _pronoun_text(pick, he), _pronoun_text(pick, she)
