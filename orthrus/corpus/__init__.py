"""The seeded corpus: checkable tasks of very different predictability, written by this project alone.

    for example in generate("math", seed=1, split="train"): ...

Every example is a function of (domain, seed, index); see `base.split_of` for the splits.
"""

from __future__ import annotations

import importlib
import itertools
import random
from collections.abc import Iterator
from types import ModuleType

from orthrus.corpus import reworded
from orthrus.corpus.base import SPLITS, Example, split_of
from orthrus.errors import OrthrusError

DOMAINS = ("math", "equations", "lists", "units", "json", "code", "copy", "edit", "stories", "explain", "chat")
RECKONED = frozenset(("math", "equations", "lists", "units"))  # domains graded by their final answer alone
NAMED = frozenset(("math", "json", "copy", "edit", "stories"))  # domains whose prompts often name people


def domain_module(domain: str) -> ModuleType:
    """The module of one domain; raises OrthrusError naming the known ones."""
    if domain not in DOMAINS:
        raise OrthrusError("unknown-choice", f"unknown domain {domain!r:.40}; known: {', '.join(DOMAINS)}")
    return importlib.import_module(f"orthrus.corpus.{domain}_domain")


def splits(domain: str) -> tuple[str, ...]:
    """The splits that `domain` has: not all hold out structures, and not all write people's names."""
    has = {"structures": bool(domain_module(domain).HELD_OUT), "names": domain in NAMED, "outside": domain == "chat"}
    return tuple(split for split in SPLITS if has.get(split, True))


def check_split(split: str) -> None:
    """Raises OrthrusError naming the known splits."""
    if split not in SPLITS:
        raise OrthrusError("unknown-choice", f"unknown split {split!r:.40}; known: {', '.join(SPLITS)}")


def generate(domain: str, seed: int, split: str = "train") -> Iterator[Example]:
    """Examples of `domain` that belong to `split`, the same ones for the same seed; endless unless written by hand."""
    check_split(split)
    module = domain_module(domain)
    if split not in splits(domain):
        raise OrthrusError("unknown-choice", f"domain {domain!r} holds out no {split}")
    if split in (reworded.REWORDED, reworded.OUTSIDE):
        yield from reworded.prompts(domain if split == reworded.REWORDED else split)
        return
    for index in itertools.count():
        example = module.sample(random.Random(f"{domain}/{seed}/{index}"))
        if split_of(example, module.HELD_OUT) == split:
            yield example


def grade(example: Example, text: str) -> bool:
    """Whether `text` is a right answer to `example` (its domain's own check)."""
    by_hand = example.structure in (reworded.REWORDED, reworded.OUTSIDE)
    own = by_hand and example.domain not in RECKONED
    return (reworded if own else domain_module(example.domain)).grade(example, text)
