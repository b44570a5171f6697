"""From the facts of a story to a prompt: who is named again, what is joined, what is asked first."""

from __future__ import annotations

import random
import re

from orthrus.corpus.chains import COMPARE
from orthrus.corpus.reckoning import pick, sentence
from orthrus.corpus.storytelling import Fact, Story

LEADS = ("Then ", "After that, ", "Later, ", "Next, ", "Then ", "The next day ", "Now ")
BEFORE = (
    "Solve step by step. ",
    "Math problem: ",
    "Please solve: ",
    "Help me with this: ",
    "Can you solve this? ",
    "A small problem. ",
    "Word problem: ",
    "Hi! ",
    "Solve: ",
    "Question: ",
)
AFTER = (
    " Solve step by step.",
    " Explain each step.",
    " Show the steps.",
    " Show your work.",
    " Step by step, please.",
    " Please explain.",
    " Thanks!",
    " Think step by step.",
)


def told(story: Story, rng: random.Random) -> str:
    """The prompt: facts and question in some order, with or without an instruction."""
    facts = list(story.facts)
    clear = len(facts) == 2 or (len(facts) > 2 and facts[2].subject)
    if clear and facts[1].op in COMPARE and facts[0].subject and rng.random() < 0.2:
        facts[:2] = [facts[1], facts[0]]  # "Tom has 5 more than Mia. Mia has 24."
    text = " ".join(_joined(facts, rng, story.kind != "recipe"))
    question = sentence(story.question) + "?"
    draw = rng.random()
    if draw < 0.1:
        text = f"{question} {text}"
    elif draw < 0.16:
        text = f"{text} {question[:-1]}"
    else:
        text = f"{text} {question}"
    draw = rng.random()
    if draw < 0.17:
        return pick(rng, BEFORE) + text
    return text + pick(rng, AFTER) if draw < 0.34 else text


def _joined(facts: list[Fact], rng: random.Random, in_time: bool) -> list[str]:
    """Sentences; neighbours with the same subject may share one, or the second may say 'she'.

    `in_time`: the facts follow each other, so that "then" may be said.
    """
    pronouns, joining, leading = rng.random() < 0.5, pick(rng, (0.0, 0.3, 0.8)), pick(rng, (0.0, 0.3, 0.6))
    sentences: list[str] = []
    run: list[str] = []
    subject = None
    for fact in facts:
        same = fact.subject is not None and fact.subject == subject
        if (
            same
            and run
            and len(run) < 3
            and not re.search(r",| and ", run[-1] + fact.text)
            and rng.random() < joining
            and fact.op not in COMPARE
        ):
            run.append(fact.text)
            continue
        if run:
            sentences.append(_listed(run))
        named = (
            "" if fact.subject is None else (fact.subject.pronoun if same and pronouns else fact.subject.asked) + " "
        )
        start = named + fact.text
        if in_time and facts[0] is not fact and fact.op not in COMPARE and fact.op != "have" and rng.random() < leading:
            start = pick(rng, LEADS) + start
        run, subject = [sentence(start)], fact.subject
    sentences.append(_listed(run))
    return sentences


def _listed(run: list[str]) -> str:
    """'Mia has 24 apples, buys 13 more and gives 7 to Tom.'"""
    return run[0] + "." if len(run) == 1 else ", ".join(run[:-1]) + " and " + run[-1] + "."
