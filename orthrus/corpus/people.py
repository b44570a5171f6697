"""Who a story is about, and how a prompt and an answer name them."""

from __future__ import annotations

from typing import NamedTuple

MEN = frozenset(
    "Adam Amir Anton Ben Bruno Carl Carlos Daniel David Eli Emil Erik Felix Finn George Hugo Igor Ivan "
    "Jack James Jonas Kenji Leo Liam Luca Luis Marco Mark Max Milo Nico Noah Oliver Omar Oscar Paul Pedro "
    "Peter Ravi Samir Sven Theo Tim Tom Victor Yusuf".split()
)


class Holder(NamedTuple):
    """Whoever has the things: as the answer, a question, an object and a pronoun name them."""

    name: str
    asked: str
    them: str
    pronoun: str
    plain: bool = False  # takes "buy", not "buys"


ME = Holder("you", "I", "me", "I", True)


def person(name: str) -> Holder:
    """Somebody by first name."""
    he = name in MEN
    return Holder(name, name, name, "he" if he else "she")
