"""Talk around the tasks: greetings, thanks, who are you, polite refusals, and dialogues of several turns.

The turns of a dialogue are examples of the other domains, so their answers keep their own entropy. Only the last turn
is asked; `structure` says what kind it is.
"""

from __future__ import annotations

import importlib
import random

from orthrus.corpus import base
from orthrus.corpus.base import Example
from orthrus.corpus.chat_lines import KINDS, REFUSALS
from orthrus.corpus.reckoning import final_answer

DOMAIN = "chat"
HELD_OUT: frozenset[str] = frozenset()
PRESETS = (
    "Hi! What can you do?",
    "Who are you?",
    "What is the capital of France?",
)

_OTHERS = ("math", "equations", "lists", "units", "json", "code", "copy", "edit", "stories", "explain")
_LEADS = ("", "", "", "", "Hi! ", "Hello! ", "Please: ", "Hey, ")
_AGAIN = (
    "",
    "",
    "Now ",
    "Next: ",
    "Good. ",
    "Thanks! ",
    "And now: ",
    "One more: ",
    "Now another one: ",
    "Great. ",
    "Okay. ",
)
_SAME = {
    "stories": ("Now another one: ", "Another one, please: ", "Nice! ", "I liked that. "),
    "copy": ("Now this: ", "And this one: ", "Again: "),
    "explain": ("I see. ", "Interesting. ", "And ", "Okay. ", "Thanks. "),
}
_RECKONED = frozenset(("then_math", "then_equations", "then_lists", "then_units"))
_TURNS = tuple[tuple[str, str], ...]


def _small_talk(rng: random.Random, kind: str = "") -> tuple[str, _TURNS]:
    kind = kind or rng.choice(tuple(KINDS))
    asks, answer = KINDS[kind]
    ask = rng.choice(asks)
    if "{name}" in ask:
        who = base.name(rng)
        ask, answer = ask.format(name=who), answer.format(name=who)
    return kind, (("user", _worn(rng, ask)), ("assistant", answer))


def _refusal(rng: random.Random) -> tuple[str, _TURNS]:
    kind = rng.choice(tuple(REFUSALS))
    asks, things, answer = REFUSALS[kind]
    thing = rng.choice(things)
    ask = rng.choice(asks).format(x=thing)
    lead = rng.choice(_LEADS)
    return f"refuse_{kind}", (("user", lead + _worn(rng, ask)), ("assistant", answer))


def _worn(rng: random.Random, text: str) -> str:
    """`text` as people type it: sometimes in small letters, without its last sign, or with a slip."""
    roll = rng.random()
    if roll < 0.12 and text.lower() != text and "{" not in text:
        names = any(word.strip(".,!?") in base.NAMES for word in text.split())
        text = text if names else text.lower()
    elif roll < 0.27:
        text = text.rstrip(".!?")
    return base.typo(rng, text, 0.08)


def _task(rng: random.Random, domain: str) -> Example:
    return importlib.import_module(f"orthrus.corpus.{domain}_domain").sample(rng)


def _taught(rng: random.Random, domain: str) -> Example:
    """A task of `domain` from its training split: a dialogue must not show what `domain` keeps for testing."""
    held_out = importlib.import_module(f"orthrus.corpus.{domain}_domain").HELD_OUT
    while base.split_of(example := _task(rng, domain), held_out) != "train":
        pass
    return example


def _dialogue(rng: random.Random) -> tuple[str, _TURNS]:
    """One or two tasks, then another task, small talk or a refusal."""
    domain = rng.choice(_OTHERS)
    turns: list[tuple[str, str]] = list(_taught(rng, domain).messages)
    if rng.random() < 0.25:
        if rng.random() < 0.5:
            turns[:0] = _greeting(rng)
        else:
            domain = rng.choice(_OTHERS)
            turns += _taught(rng, domain).messages
    roll = rng.random()
    if roll < 0.2:
        last = _closing(rng)
        return last[0], (*turns, *last[1])
    if roll < 0.3:
        kind, last_turns = rng.choice((_refusal, _small_talk))(rng)
        return f"then_{kind}", (*turns, *last_turns)
    following = domain if rng.random() < 0.45 else rng.choice(_OTHERS)
    (_, ask), answer = _taught(rng, following).messages
    lead = rng.choice(_SAME.get(following, _AGAIN) if following == domain else _AGAIN)
    if lead == "Now " or lead == "And ":
        lead = lead if ask.split(" ")[0] in ("Write", "Tell", "Count", "Repeat", "Replace", "Turn", "Explain") else ""
        ask = ask[0].lower() + ask[1:] if lead else ask
    return f"then_{following}", (*turns, ("user", lead + ask), answer)


def _greeting(rng: random.Random) -> _TURNS:
    asks, answer = KINDS["hello"]
    return (("user", rng.choice(asks)), ("assistant", answer))


def _closing(rng: random.Random) -> tuple[str, _TURNS]:
    kind = rng.choice(("thanks", "thanks", "praise", "bye", "wrong"))
    asks, answer = KINDS[kind]
    return kind, (("user", _worn(rng, rng.choice(asks))), ("assistant", answer))


def sample(rng: random.Random) -> Example:
    """One dialogue; its last user turn is the one that is answered."""
    structure, turns = rng.choices((_small_talk, _refusal, _dialogue), (25, 20, 55))[0](rng)
    return Example(DOMAIN, structure, tuple(turns), turns[-1][1])


def varied(rng: random.Random) -> Example:
    """Small talk alone, often with a name: who it is takes more than to know the wording."""
    structure, turns = _small_talk(rng, "introduction" if rng.random() < 0.3 else "")
    return Example(DOMAIN, structure, turns, turns[-1][1])


def grade(example: Example, text: str) -> bool:
    """The expected answer, or its final answer where it is reckoned; of a story, which is free, 40 words that end."""
    if example.structure in _RECKONED:
        return final_answer(text) == final_answer(example.expected)
    if example.structure == "then_stories":
        return len(text.split()) >= 40 and text.strip().endswith((".", "!", "?", '"'))
    return text.strip() == example.expected.strip()
