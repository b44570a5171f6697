"""Counting and known sequences for `copy`: numbers by a step, the alphabet, weekdays, months, planets, notes.

What separates the items follows from the wording alone, so that every prompt has one answer. A sequence in a line ends
with a full stop, as the prompt mostly does behind the last item: looking back at what followed there says where to end.
"""

from __future__ import annotations

import random

from orthrus.corpus import base
from orthrus.corpus.material import words

Asked = tuple[str, str, str]  # structure, prompt, answer

# How a prompt asks for its separator; the empty wording stands for the task's own usual one.
_LAYOUTS = (
    (", ", ("separated by commas", "with commas")),
    (" ", ("separated by spaces", "with spaces")),
    ("\n", ("one per line", "each on its own line", "one on each line")),
)
_ANSWER_TOKENS = (70, 190)  # each digit is one: an answer is at most as long as a number between these
_TERMS = range(12, 56)

_UNITS = words("one two three four five six seven eight nine")
_TEENS = words("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
_TENS = words("twenty thirty forty fifty")
NUMBER_WORDS = _UNITS + _TEENS + tuple(f"{ten}{'-' * (one != '')}{one}" for ten in _TENS for one in ("", *_UNITS))
_ALPHABET = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_CYCLES = {
    "weekdays": ("days of the week", words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")),
    "months": (
        "months of the year",
        words("January February March April May June July August September October November December"),
    ),
    "seasons": ("seasons", words("spring summer autumn winter")),
}
_LISTS = {
    "planets": ("planets", words("Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune")),
    "notes": ("notes of the scale", words("do re mi fa sol la ti do")),
    "rainbow": ("colours of the rainbow", words("red orange yellow green blue indigo violet")),
}
_SAY = ("Say", "Write", "Write down", "List", "Name", "Recite", "Give me", "Please list", "Please write", "Tell me")


def layout(rng: random.Random, usual: str) -> tuple[str, str]:
    """The words that ask for a separator, and the separator; mostly none asked for, and so the usual one."""
    if rng.random() < 0.55:
        return "", usual
    separator, forms = rng.choice(_LAYOUTS)
    return f", {rng.choice(forms)}", separator


def spoken(rng: random.Random, number: int, most: int = 12) -> str:
    """`number` in digits or, up to `most`, at times in words."""
    return NUMBER_WORDS[number - 1] if number <= most and rng.random() < 0.4 else str(number)


def _placed(rng: random.Random, head: str, span: str, asked: str) -> str:
    """`head` and `span`, and mostly between them what is asked of the separator: so that `span` ends the sentence."""
    if not asked or rng.random() < 0.2:
        return f"{head}{span}{asked}"
    return f"{head}{asked},{span}"


def _said(items: list[str], separator: str) -> str:
    """The sequence as an answer."""
    return separator.join(items) + ("" if separator == "\n" else ".")


def _numbers(rng: random.Random, terms_of: range) -> tuple[int, int, int]:
    """First number, last number and step (upwards) of a count whose answer is not too long."""
    step = rng.choices((1, 2, 5, 10, 3, 4), (10, 4, 4, 4, 1, 1))[0]
    terms, most = rng.choice(terms_of), rng.randint(*_ANSWER_TOKENS)
    roll = rng.random()
    first = 1 if roll < 0.25 else rng.randrange(0, 60) if roll < 0.96 else rng.randrange(100, 900)
    if step in (5, 10) and rng.random() < 0.9:
        first = first // step * step
    while (len(str(first + step * (terms - 1))) + 2) * terms > most and terms > 12:
        terms -= 1
    return first, first + step * (terms - 1), step


def count(rng: random.Random, terms: range = _TERMS) -> Asked:
    """Counting up or down by a step, so many numbers as one of `terms`."""
    first, last, step = _numbers(rng, terms)
    down = rng.random() < 0.12
    found = list(map(str, range(first, last + 1, step)))
    if down:
        first, last, found = last, first, found[::-1]
    by = "" if step == 1 else rng.choice((f" in steps of {step}", f" by {step}s", f" by {step}"))
    back = rng.choice(("Count down", "Count backwards")) if down else "Count"
    asked, separator = layout(rng, ", ")
    short = first == step == 1 and rng.random() < 0.4
    span = f" to {spoken(rng, last, len(NUMBER_WORDS))}" if short else f" from {first} to {last}"
    head, span = (f"{back}{by}", span) if rng.random() < 0.7 else (back, span + by)
    say = _placed(rng, head, span, asked)
    please = say[0].lower() + say[1:]
    forms = (
        f"{say}.", f"{say}.", f"Please {please}.", f"Can you {please}?", say,
        _placed(rng, f"Write the numbers{by}", f" from {first} to {last}", asked) + ".",
    )  # fmt: skip
    return f"count{'_down' if down else ''}:{step}", base.typo(rng, rng.choice(forms)), _said(found, separator)


def evens(rng: random.Random, terms_of: range = range(12, 40)) -> Asked:
    """Even numbers, odd numbers, or the first multiples of a number, so many as one of `terms_of`."""
    terms = rng.choice(terms_of)
    asked, separator = layout(rng, ", ")
    kind = rng.choice(("even", "even", "odd", "odd", "multiples"))
    say = rng.choice(("Write", "List", "Give me", "Say", "Please write"))
    if kind == "multiples":
        of = rng.choice((2, 2, 3, 4, 5, 5, 5, 10, 10, 10, 20, 100))
        terms = min(terms, 20)
        prompt = _placed(rng, f"{say} the multiples of {of}", f" from {of} to {of * terms}", asked) + "."
        return f"multiples:{of}", base.typo(rng, prompt), _said([str(of * i) for i in range(1, terms + 1)], separator)
    first = rng.randrange(0, 30) * 2 + (kind == "odd")
    last = first + 2 * (terms - 1)
    prompt = _placed(rng, f"{say} the {kind} numbers", f" from {first} to {last}", asked) + "."
    return kind, base.typo(rng, prompt), _said([str(n) for n in range(first, last + 1, 2)], separator)


def _alphabet(rng: random.Random) -> Asked:
    first = 0 if rng.random() < 0.25 else rng.randrange(0, 12)
    last = 25 if rng.random() < 0.25 else rng.randrange(first + 11, 26)
    small = rng.random() < 0.3
    letters = [x.lower() if small else x for x in _ALPHABET[first : last + 1]]
    structure, how = "alphabet", ""
    if rng.random() < 0.15:
        letters, structure, how = letters[::-1], "alphabet_down", " backwards"
    asked, separator = layout(rng, " ")
    span = f" from {letters[0]} to {letters[-1]}"
    if (first, last) == (0, 25) and not small and rng.random() < 0.5:
        span = ""
    head = f"{rng.choice(_SAY)} the alphabet{how}{' in small letters' if small else ''}"
    return structure, base.typo(rng, _placed(rng, head, span, asked) + "."), _said(letters, separator)


def _number_words(rng: random.Random) -> Asked:
    first = 0 if rng.random() < 0.5 else rng.randrange(0, 10)
    found = list(NUMBER_WORDS[first : min(20, first + rng.randrange(8, 21))])
    if down := rng.random() < 0.3:
        found.reverse()
    asked, separator = layout(rng, ", ")
    head = rng.choice((f"Count{' down' * down} in words", f"{rng.choice(_SAY)} the number words"))
    prompt = _placed(rng, head, f" from {found[0]} to {found[-1]}", asked) + "."
    return f"number_words{'_down' if down else ''}", base.typo(rng, prompt), _said(found, separator)


def _cycle(rng: random.Random) -> Asked:
    kind = rng.choice(("weekdays", "weekdays", "months", "months", "seasons"))
    title, items = _CYCLES[kind]
    start = rng.randrange(len(items)) if rng.random() < 0.5 else 0
    found = list(items[start:] + items[:start])
    how = f", starting with {found[0]}" if start or rng.random() < 0.3 else ""
    return _known(rng, kind, f"{title}{how}", found, backwards=0.0 if how else 0.35)


def _list(rng: random.Random) -> Asked:
    kind = rng.choice(tuple(_LISTS))
    title, items = _LISTS[kind]
    return _known(rng, kind, title, list(items), backwards=0.3)


def _known(rng: random.Random, kind: str, title: str, items: list[str], backwards: float) -> Asked:
    down = rng.random() < backwards
    asked, separator = layout(rng, ", ")
    prompt = f"{rng.choice(_SAY)} the {title}{' backwards' if down else ''}{asked}."
    said = _said(items[::-1] if down else items, separator)
    return f"known{'_down' if down else ''}:{kind}", base.typo(rng, prompt), said


def known(rng: random.Random) -> Asked:
    """A sequence that everybody knows, whole or in part."""
    return rng.choices((_alphabet, _number_words, _cycle, _list), (40, 12, 32, 16))[0](rng)
