"""How visitors type: small letters, no full stop, slips of the finger, short words, a greeting before or thanks behind.

Whatever the answer repeats stays as it is, so that the answer remains right.
"""

from __future__ import annotations

import random
import re
from dataclasses import replace

from orthrus.corpus import past_tense
from orthrus.corpus.base import Example
from orthrus.corpus.material import variants
from orthrus.corpus.reckoning import between, pick

_BEFORE = variants(
    "hey |hi |hello, |pls |please |plz |ok |hey, |hi! |quick question: |yo |um |so |hey can you help, |question: |now "
)
_AFTER = variants(" pls| please| thanks| thx| thank you|?|??| :)| asap| now| ok?")
_SHORT = {
    "please": "pls", "you": "u", "are": "r", "what is": "whats", "What is": "Whats", "how many": "how much",
    "hours": "hrs", "hour": "hr", "minutes": "mins", "seconds": "secs", "meters": "metres", "liters": "litres",
    "kilometers": "kilometres", "centimeters": "centimetres", "Write": "Gimme", "numbers": "nums", "and": "&",
    "number": "no.", "a Python function": "python code", "Python function": "python func", "kilograms": "kilos",
}  # fmt: skip
_EXACT = frozenset(("copy", "edit", "json"))  # the text in these prompts is copied sign by sign
_STARTS = frozenset(("First", "Now", "So", "The", "One", "From", "That", "There"))
_KEYS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuioplsdfghjkjkxcvbnmn", strict=True))


def hurried(example: Example, rng: random.Random) -> Example:
    """`example` with its last question typed in a hurry; an answer that reckons writes names as small as it."""
    messages = list(example.messages)
    (_, asked), (_, answer) = messages[-2:]
    kept = {word.lower() for word in re.findall(r"[A-Za-z]+", answer)}
    exact = example.domain in _EXACT or example.structure.startswith("then_")
    if example.domain == "math" and "year" not in asked and rng.random() < 0.4:
        asked = past_tense.told(asked)  # an age that was is another age
    if rng.random() < 0.3:
        asked = _shortened(asked, kept, rng)
    for _ in range(pick(rng, (0, 0, 1, 1, 2, 3))):
        asked = _slip(asked, kept, exact, rng)
    if rng.random() < 0.45:
        asked, answer = _small(example, asked, kept, answer, exact)
    if not exact and rng.random() < 0.45:
        asked = _unpunctuated(asked, rng)
    elif example.domain in _EXACT and rng.random() < 0.25:
        asked = _bare(asked)
    if rng.random() < 0.2:
        asked = pick(rng, _BEFORE) + asked
    if not exact and rng.random() < 0.12:
        asked = asked.rstrip(".?!") + pick(rng, _AFTER)
    messages[-2:] = [("user", asked), ("assistant", answer)]
    return replace(example, messages=tuple(messages))


def _small(example: Example, asked: str, kept: set[str], answer: str, exact: bool) -> tuple[str, str]:
    """Question and answer, the question in small letters; a reckoned answer then writes its names small, too."""
    if exact or example.domain == "code":
        first = asked.partition(" ")[0].strip(',.!?:"')
        return (asked if first.lower() in kept or not first.isalpha() else asked[0].lower() + asked[1:]), answer
    if example.domain in ("math", "units"):
        for name in {word for word in re.findall(r"[A-Z][a-z]+", asked) if word in answer} - _STARTS:
            answer = re.sub(rf"\b{name}\b", name.lower(), answer)
    return asked.lower(), answer


def _unpunctuated(asked: str, rng: random.Random) -> str:
    """Without the signs that end sentences, and at times without apostrophes and commas between words."""
    asked = re.sub(r"[.?!]+(?=\s|$)", "", asked)
    if rng.random() < 0.5:
        asked = re.sub(r"(?<=[a-z]),(?= (?:and|then|so|he|she|it|I|what|how)\b)|'", "", asked)
    return asked


def _bare(asked: str) -> str:
    """Without the colon before a text that is copied."""
    head, mark, tail = asked.partition(": ")
    return f"{head} {tail}" if mark and "\n" not in head else asked


def _shortened(asked: str, kept: set[str], rng: random.Random) -> str:
    """One or two of the words that people write short."""
    found = [long for long in _SHORT if re.search(rf"\b{long}\b", asked) and long.lower() not in kept]
    for long in rng.sample(found, min(len(found), between(rng, 1, 2))):
        asked = re.sub(rf"\b{long}\b", _SHORT[long], asked)
    return asked


def _slip(asked: str, kept: set[str], exact: bool, rng: random.Random) -> str:
    """One word with a letter dropped, doubled, swapped or hit beside the key; none that the answer repeats.

    `exact`: only words before the text that is worked on, which the prompt says once.
    """
    end = re.search(r"[:\n\"]|$", asked).start() if exact else len(asked)
    low = asked.lower()
    spots = [m for m in re.finditer(r"\b[A-Za-z][a-z]{2,}\b", asked[:end]) if m[0].lower() not in kept]
    spots = [m for m in spots if not exact or low.count(m[0].lower()) == 1]
    if not spots:
        return asked
    word = pick(rng, spots)
    i = between(rng, word.start() + 1, word.end() - 2)
    kind = between(rng, 0, 3)
    if kind == 0:
        return asked[:i] + asked[i + 1 :]
    if kind == 1:
        return asked[:i] + asked[i + 1] + asked[i] + asked[i + 2 :]
    if kind == 2:
        return asked[:i] + asked[i] + asked[i:]
    return asked[:i] + _KEYS.get(asked[i], asked[i]) + asked[i + 1 :]
