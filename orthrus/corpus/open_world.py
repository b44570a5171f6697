"""Examples as visitors would bring them: names, words and numbers from open sets, typed in a hurry.

A name or a word is put in place of another in prompt and answer alike, so that the answer stays right and the only way
to write it is to look at the prompt. What a domain's own `wide` draws has larger numbers and longer lists.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

from orthrus.corpus import base, json_words, material, outside, story_words, themes
from orthrus.corpus.base import Example
from orthrus.corpus.hurried import hurried
from orthrus.corpus.open_words import any_name, any_noun, any_word
from orthrus.corpus.reckoning import between, pick

_THINGS = {form: thing for thing in (*themes.GOODS, *themes.EGGS_NEEDED) for form in (thing.one, thing.many)}
_PAYLOAD = frozenset(
    word.lower()
    for word in (*material.NOUNS, *material.ADJECTIVES, *material.VERBS, *material.CITIES, *json_words.ITEMS)
)
_SORTED = frozenset(("sort", "sort_and_number"))
_WORD = re.compile(r"[A-Za-z]+")


Maker = Callable[[random.Random], Example]


def sample(
    module: ModuleType, rng: random.Random, fits: Callable[[Example], bool], make: Maker | None = None
) -> Example:
    """One example of a domain's module for which `fits` holds, and held before anything was put in another's place.

    It is drawn by `make`, by default half of the time with larger numbers if the domain has such. Whatever `make` is,
    two in five of `chat` are beyond all domains.
    """
    if module.DOMAIN == "chat" and rng.random() < 0.4:
        make = outside.sample
    elif make is None:
        make = getattr(module, "wide", module.sample) if rng.random() < 0.5 else module.sample
    while not fits(plain := make(rng)):
        pass
    opens, hurries = rng.random() < 0.65, rng.random() < 0.5
    while True:
        example = _opened(plain, rng) if opens else plain
        example = hurried(example, rng) if hurries else example
        if fits(example):
            return example


def _opened(example: Example, rng: random.Random) -> Example:
    """`example` with names and words from open sets."""
    if example.domain == "json":
        return _other_values(example, rng)
    swaps: dict[str, str] = {}
    if re.search(r"\bsort|alphabet|order\b", example.prompt, re.IGNORECASE) and example.domain == "chat":
        return example  # other names would stand in another order
    if example.domain not in ("code", "explain", "lists", "equations") and example.structure not in _SORTED:
        swaps |= {name: any_name(rng) for name in _names(example)}
    if example.domain == "math" and rng.random() < 0.6:
        swaps |= _other_things(example, rng)
    if example.domain in ("copy", "edit") and example.structure not in _SORTED:
        swaps |= _other_words(example, rng)
    if example.domain == "stories":
        swaps |= _other_object(example, rng)
    return _swapped(example, swaps)


def _names(example: Example) -> list[str]:
    """First names of the prompt that the answer says, too: known ones, and those of syllables in capitals."""
    said = set(_WORD.findall(example.answer))
    return [word for word in dict.fromkeys(_WORD.findall(example.prompt)) if word in said and word in base.NAMES]


def _other_things(example: Example, rng: random.Random) -> dict[str, str]:
    """What a story counts, singular and plural, as another noun."""
    found = [form for form in _THINGS if re.search(rf"\b{form}\b", example.prompt)]
    swaps: dict[str, str] = {}
    for thing in {_THINGS[form].one: _THINGS[form] for form in found}.values():
        one, many = any_noun(rng)
        swaps |= {thing.one: one, thing.many: many}
    return swaps


def _other_words(example: Example, rng: random.Random) -> dict[str, str]:
    """Some or all of the words that prompt and answer share."""
    said = {word.lower() for word in _WORD.findall(example.answer)}
    shared = [w for w in dict.fromkeys(word.lower() for word in _WORD.findall(example.prompt)) if w in said]
    share = pick(rng, (0.2, 0.5, 1.0))
    return {word: any_word(rng) for word in shared if word in _PAYLOAD and rng.random() < share}


def _other_object(example: Example, rng: random.Random) -> dict[str, str]:
    """A story's object as any noun with the same article."""
    thing = example.expected.partition("|")[2]
    if thing not in story_words.OBJECTS or rng.random() < 0.5:
        return {}
    while ((noun := any_noun(rng)[0])[0] in "aeiou") != (thing[0] in "aeiou"):
        pass
    return {thing: noun}


def _swapped(example: Example, swaps: dict[str, str]) -> Example:
    """`example` with words exchanged in prompt, answer and expected answer, whatever case they are written in."""
    if not swaps:
        return example
    known = {old.lower(): new for old, new in swaps.items()}
    spelt = "|".join(re.escape(old) for old in sorted(known, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w'])({spelt})(?!\w)", re.IGNORECASE)

    def other(match: re.Match) -> str:
        old, new = match[0], known[match[0].lower()]
        if old.isupper() and len(old) > 1:
            return new.upper()
        return new[0].upper() + new[1:] if old[0].isupper() else new[0].lower() + new[1:]

    messages = tuple((role, pattern.sub(other, text)) for role, text in example.messages)
    return replace(example, messages=messages, expected=pattern.sub(other, example.expected))


def _other_values(example: Example, rng: random.Random) -> Example:
    """A record with other values, wherever a value stands once in the prompt and once in the record."""
    data, prompt = json.loads(example.answer), example.messages[0][1]
    share, leaves = pick(rng, (0.3, 0.6, 1.0)), _leaves(data)
    held = [value for *_, value in leaves]
    for holder, key, value in leaves:
        if held.count(value) > 1 or (key == "count" and "items" in data) or rng.random() >= share:
            continue
        new = _value_like(value, rng)
        found = re.findall(rf"(?<![\w:.-]){re.escape(str(value))}(?![\w:])", prompt)
        if new is None or new in data.values() or len(found) != 1 or re.search(rf"\b{re.escape(str(new))}\b", prompt):
            continue
        prompt = re.sub(rf"(?<![\w:.-]){re.escape(str(value))}(?![\w:])", str(new), prompt)
        holder[key] = new
    answer = json.dumps(data, indent=2, ensure_ascii=False)
    return replace(example, messages=(("user", prompt), ("assistant", answer)), expected=answer)


_FIXED = frozenset(("type", "unit", "status", "currency", "time", "kind"))


def _leaves(data: object) -> list[tuple]:
    """(holder, key, value) of every value that is no object, list, truth value or fixed word."""
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    found: list[tuple] = []
    for key, value in pairs:
        if isinstance(value, dict | list):
            found += _leaves(value)
        elif not isinstance(value, bool) and key not in _FIXED:
            found.append((data, key, value))
    return found


def _value_like(value: object, rng: random.Random) -> object | None:
    """Another value of the same kind: a number, a name or place, a plural, a word; None for texts of several words."""
    if isinstance(value, int):
        return between(rng, 2, pick(rng, (20, 99, 999))) if value >= 2 else None
    if not isinstance(value, str) or not value.isalpha():
        return None
    if value[0].isupper():
        return any_name(rng)
    one, many = any_noun(rng)
    return many if value.endswith("s") else one
