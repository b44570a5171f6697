"""A short text to the JSON record that an API would hold: fixed keys in a fixed order, values copied from the text.

Low entropy: all but the values follows from the kind of record, which the text alone tells.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from orthrus.corpus import base, json_fields, json_words, material
from orthrus.corpus.asks import MORE_JSON
from orthrus.corpus.base import Example
from orthrus.corpus.json_fields import Record
from orthrus.corpus.json_words import number
from orthrus.corpus.material import listing, variants

DOMAIN = "json"
HELD_OUT = frozenset(
    {
        "person:3",
        "loan:months",
        "product:pound",
        "order:pound:2",
        "order:dollar:3",
        "recipe:4",
        "pet:months",
        "trip:weeks:train",
        "trip:days:ferry",
        "booking:pound",
        "keyed:5",
        "heights:3",
        "prices:4",
    }
)
PRESETS = (
    "Turn this into JSON: Mia is 12 years old, lives in Oslo and likes chess.",
    "Ben buys 3 pens, 2 lamps and 10 cups. He pays 48 euros. Write that as JSON.",
    "Give me the JSON for this: Ada travels from London to Paris, goes by train and stays for 5 days.",
)

_BEFORE = variants(
    "Turn this into JSON:|Convert to JSON:|Convert this sentence to JSON:|Write this as JSON:|JSON please:|"
    "Give me the JSON for this:|Make a JSON object from this:|Extract the facts as JSON:|Express this in JSON:|"
    "Put this into JSON format:|Please turn the following into JSON:|Can you write this as JSON?|To JSON:|"
    "Represent this as JSON:|Turn the following text into a JSON object:|Now as JSON:"
)
_AFTER = variants(
    "Write that as JSON.|Turn this into JSON.|Give me that in JSON.|Now write it as JSON.|As JSON, please.|"
    "Convert this to JSON.|Make it a JSON object.|What is that as JSON?"
)
_NAMED = variants("Turn this {} into JSON:|Write this {} as JSON:|Make a JSON record of this {}:|JSON for this {}:")
_KEYS: dict[str, Callable[[random.Random], Any]] = {
    "name": json_words.name,
    "age": lambda rng: rng.randrange(2, 99),
    "city": lambda rng: rng.choice(material.CITIES),
    "color": lambda rng: rng.choice(json_words.COLORS),
    "hobby": lambda rng: rng.choice(json_words.HOBBIES),
    "count": number,
    "price": number,
    "animal": lambda rng: rng.choice(json_words.ANIMALS),
    "level": lambda rng: rng.randrange(1, 20),
    "owner": json_words.name,
    "item": lambda rng: rng.choice(json_words.PRODUCTS),
}


def _text(rng: random.Random, record: Record) -> str:
    """The record's facts in one to three sentences, mostly in the order of its keys."""
    facts = list(record.facts)
    if rng.random() < 0.2:
        rng.shuffle(facts)
    again = record.again or material.pronoun(record.subject).capitalize() or record.subject
    parts, left = [], facts
    while left:
        cut = rng.randrange(1, len(left)) if len(left) > 1 and rng.random() < 0.5 else len(left)
        parts.append(f"{again if parts else record.subject} {listing(left[:cut])}.")
        left = left[cut:]
    return " ".join(parts)


def _described(
    rng: random.Random, kinds: tuple[Callable[[random.Random], Record], ...] = json_fields.KINDS
) -> tuple[str, dict[str, Any], str]:
    """A record told in sentences: structure, data, text."""
    record = rng.choice(kinds)(rng)
    return f"{record.data['type']}:{record.form}".rstrip(":"), record.data, _text(rng, record)


def _keyed(rng: random.Random, counts: tuple[int, ...] = (3, 4, 4, 5)) -> tuple[str, dict[str, Any], str]:
    """Keys and values dictated by the visitor, in the visitor's order."""
    count = rng.choice(counts)
    keys = rng.sample(sorted(_KEYS), count)
    if rng.random() < 0.2:
        keys[rng.randrange(count)] = material.made_up(rng)
    data = {key: _KEYS.get(key, number)(rng) for key in keys}
    joint = rng.choice((" = ", ": ", " ", " "))
    pairs = [f"{key}{joint}{value}" for key, value in data.items()]
    opening = rng.choice(
        ("Make a JSON object with", "Write a JSON object with", "Give me JSON with", "Create a JSON object with",
         "JSON with", "Please make JSON with", "I need a JSON object with")
    )  # fmt: skip
    the = "the " if joint == " " and rng.random() < 0.4 else ""
    told = listing(pairs) if joint == " " else ", ".join(pairs)
    return f"keyed:{count}", data, f"{base.typo(rng, opening)} {the}{told}{rng.choice(('.', '.', ''))}"


# A kind of list: its key, the key of its number, the range of that number, its unit, its wordings.
_ROWS = (
    ("ages", "name", "age", (3, 99), "years", ("{k} is {v} years old", "{k} is {v} years old", "{k} is {v}")),
    ("scores", "name", "score", (2, 100), "points", ("{k} has {v} points", "{k} scored {v} points")),
    ("heights", "name", "height", (90, 200), "cm", ("{k} is {v} cm tall", "{k} measures {v} cm")),
    ("prices", "item", "price", (2, 100), "", ("the {k} costs {v} {u}s", "the {k} is {v} {u}s")),
    ("visits", "city", "visitors", (2, 100), "people", ("{k} had {v} visitors", "{k} counted {v} visitors")),
    ("temperatures", "city", "temperature", (2, 36), "degrees", ("{k} has {v} degrees", "it is {v} degrees in {k}")),
)


def _rows(rng: random.Random, counts: tuple[int, ...] = (2, 3, 3, 4)) -> tuple[str, dict[str, Any], str]:
    """Several things of one kind: a list of objects under its name and unit."""
    kind, key, value, (low, high), unit, patterns = rng.choices(_ROWS, (3, 3, 1, 3, 3, 3))[0]
    unit = unit or rng.choice(json_words.CURRENCIES)
    subjects = list(dict.fromkeys(_KEYS[key](rng) for _ in range(rng.choice(counts))))
    if len(subjects) == 1:
        return _rows(rng, counts)
    rows = [{key: one, value: rng.randrange(low, high)} for one in subjects]
    pattern = rng.choice(patterns)
    text = listing([pattern.format(k=one[key], v=one[value], u=unit) for one in rows])
    measure = "currency" if kind == "prices" else "unit"
    data = {"type": kind, measure: unit, "items": rows, "count": len(rows)}
    return f"{kind}:{len(rows)}", data, f"{text[0].upper()}{text[1:]}."


def sample(rng: random.Random) -> Example:
    """One text and its JSON."""
    if rng.random() < 0.05:
        return _example(*_keyed(rng))
    structure, data, text = rng.choices((_described, _rows), (3, 1))[0](rng)
    return _example(structure, data, _asked(rng, data, text))


def varied(rng: random.Random) -> Example:
    """Records of more lengths, and with units and currencies that occur nowhere else."""
    roll = rng.random()
    if roll < 0.2:
        return _example(*_keyed(rng, (2, 3, 4, 5, 6)))
    if roll < 0.5:
        structure, data, text = _rows(rng, (2, 3, 4, 5, 6))
    else:
        structure, data, text = _described(rng, json_fields.LONG if roll < 0.7 else json_fields.KINDS)
    for known, others in _UNITS:
        old = next((word for word in known if re.search(rf"\b{word}\b", structure)), None)
        if old and rng.random() < 0.7:
            new = rng.choice(others)
            structure, text = (re.sub(rf"\b{old}(?=\b|s\b)", new, told) for told in (structure, text))
            data = _other_word(data, old, new)
    return _example(structure, data, _asked(rng, data, text))


# Words of a record's form, and others that may stand in their place.
_UNITS = (
    (json_words.CURRENCIES, material.variants("euro|dollar|pound|franc|peso|rupee|crown|dinar|real|shilling")),
    (("days", "weeks", "months", "years"), material.variants("days|weeks|months|years|nights|hours|weekends|seasons")),
    (json_words.TRANSPORT, json_words.TRANSPORT + material.variants("tram|taxi|truck|canoe|horse|scooter|airship")),
)


def _other_word(data: Any, old: str, new: str) -> Any:
    """`data` with one word in place of another, wherever it is a whole value."""
    if isinstance(data, dict):
        return {key: _other_word(value, old, new) for key, value in data.items()}
    if isinstance(data, list):
        return [_other_word(value, old, new) for value in data]
    return new if data == old else data


def _asked(rng: random.Random, data: dict[str, Any], text: str) -> str:
    """The text with the instruction before or behind it."""
    if rng.random() < 0.65:
        instruction = rng.choice(_BEFORE)
        if rng.random() < 0.2:
            instruction = rng.choice(_NAMED).format("list" if "count" in data else data["type"])
        return f"{base.typo(rng, instruction)}{rng.choice((' ', ' ', ' ', chr(10)))}{text}"
    return f"{text} {base.typo(rng, rng.choice(_AFTER))}"


def _example(structure: str, data: dict[str, Any], prompt: str) -> Example:
    answer = json.dumps(data, indent=2, ensure_ascii=False)
    return Example(DOMAIN, structure, (("user", prompt), ("assistant", answer)), answer)


def wide(rng: random.Random) -> Example:
    """One text and its JSON, half of them asked for in a word or two."""
    example = sample(rng)
    asked = example.prompt
    head, _, text = asked.partition(":")
    if rng.random() < 0.5 and text and head + ":" in _BEFORE:
        example = replace(example, messages=(("user", f"{rng.choice(MORE_JSON)} {text.strip()}"), example.messages[1]))
    return example


def grade(example: Example, text: str) -> bool:
    """Whether `text` parses to the expected object."""
    try:
        return json.loads(text) == json.loads(example.expected)
    except ValueError:
        return False
