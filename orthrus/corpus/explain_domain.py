"""Explanations of Orthrus and of everyday things: one answer per topic, many ways to ask. Medium entropy.

The answer follows from the topic, so a model may know it by heart; the questions are what it has to understand.
"""

from __future__ import annotations

import random

from orthrus.corpus import base
from orthrus.corpus.base import Example
from orthrus.corpus.material import variants
from orthrus.corpus.topics import ORTHRUS, Topic
from orthrus.corpus.topics_everyday import EVERYDAY

DOMAIN = "explain"
HELD_OUT: frozenset[str] = frozenset()  # a topic never seen cannot be known
PRESETS = (
    "How does Orthrus work?",
    "What is the difference between refused and discarded?",
    "Why is the sky blue?",
)

_ABOUT = variants(
    "What is {x}?|Explain {x}.|Tell me about {x}.|Can you explain {x}?|What do you know about {x}?|Describe {x}.|"
    "Explain {x} to me.|Please explain {x}.|I want to know about {x}.|Explain {x} in simple words.|{x}?|"
    "Give me a short explanation of {x}.|What do people mean by {x}?|Could you tell me about {x}?|{x}, please.|"
    "Say something about {x}."
)
_LEAD = ("Hi! ", "Hello, ", "Please tell me: ", "I have a question: ", "One question: ", "Tell me, ", "So, ", "Okay, ")
_TAIL = (" Please keep it short.", " In simple words, please.", " Explain it simply.", " Thanks!", " I am curious.")
_AREA = ("In Orthrus, ", "On this page, ", "With Orthrus, ")


def _lower_first(question: str) -> str:
    keep = question.startswith(("I ", "AR ", "KV ", "TPF", "Orthrus"))
    return question if keep else question[0].lower() + question[1:]


def _ask(rng: random.Random, topic: Topic, of_orthrus: bool) -> str:
    if topic.names and rng.random() < 0.5:
        name = rng.choice(topic.names)
        question = rng.choice(_ABOUT).format(x=name)
        if name in ("the two views", "the tides", "the seasons", "the planets", "autumn leaves") or _many(name):
            question = question.replace("What is ", "What are ")
        question = question[0].upper() + question[1:]
    else:
        question = rng.choice(topic.asks)
    roll = rng.random()
    if roll < 0.15:
        question = rng.choice(_LEAD) + (_lower_first(question) if rng.random() < 0.7 else question)
    elif roll < 0.25:
        question += rng.choice(_TAIL)
    elif roll < 0.33 and of_orthrus and "Orthrus" not in question:
        question = rng.choice(_AREA) + _lower_first(question)
    elif roll < 0.45:
        question = question.lower() if rng.random() < 0.5 else question.rstrip("?.")
    return base.typo(rng, question, 0.1)


def _many(name: str) -> bool:
    last = name.split(" of ")[0].split()[-1]
    return last.endswith("s") and not last.endswith(("ss", "is", "us"))


def sample(rng: random.Random) -> Example:
    """One question and its topic's answer."""
    of_orthrus = rng.random() < 0.55
    topic = rng.choice(ORTHRUS if of_orthrus else EVERYDAY)
    question = _ask(rng, topic, of_orthrus)
    return Example(DOMAIN, topic.key, (("user", question), ("assistant", topic.answer)), "|".join(topic.words))


def grade(example: Example, text: str) -> bool:
    """On the topic: every key word occurs, and the last sentence is finished."""
    low = text.lower()
    return all(word.lower() in low for word in example.expected.split("|")) and text.strip().endswith((".", "!", "?"))
