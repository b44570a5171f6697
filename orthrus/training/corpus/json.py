"""Sentences to JSON: fixed keys in a fixed order, values copied from the sentence. Low entropy: all but the values.

Facts come in any order and optional ones may be missing; the answer follows from the sentence alone.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from orthrus.training.corpus import base, material
from orthrus.training.corpus.base import Example
from orthrus.training.corpus.json_fields import SCHEMAS, Schema
from orthrus.training.corpus.material import listing, variants

DOMAIN = "json"
HELD_OUT = frozenset(
    {
        "person:name,age,likes",
        "person:name,city,job,likes",
        "book:title,year,pages",
        "product:name,price,stock",
        "event:name,day,place",
        "weather:city,temperature,wind",
        "pet:name,kind,owner",
        "trip:traveller,to,days",
        "sensor:sensor,temperature,battery",
        "keyed:5",
        "heights:3",
        "prices:4",
    }
)
PRESETS = (
    "Turn this into JSON: Mia is 12 years old, lives in Oslo and likes chess.",
    "Ben has order number 1042 and buys 3 pens, 2 lamps and 10 cups. He pays 48 euros. Write that as JSON.",
    "Make a JSON object with the name Ada, age 36, city London and hobby maths.",
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
_KEYS: dict[str, Callable[[random.Random], Any]] = {
    "name": base.name,
    "age": lambda rng: rng.randrange(2, 99),
    "city": lambda rng: rng.choice(material.CITIES),
    "color": lambda rng: rng.choice(("red", "blue", "green", "black", "white", "yellow", "silver", "pink")),
    "hobby": lambda rng: rng.choice(("chess", "maths", "music", "tennis", "painting", "cooking", "reading", "judo")),
    "code": material.label,
    "count": lambda rng: rng.randrange(1, 500),
    "price": lambda rng: rng.randrange(1, 900),
    "animal": lambda rng: rng.choice(("cat", "dog", "horse", "parrot", "rabbit", "fish", "goat")),
    "year": lambda rng: rng.randrange(1900, 2030),
    "id": lambda rng: rng.randrange(1, 10_000),
    "title": lambda rng: f"The {rng.choice(material.ADJECTIVES)} {rng.choice(material.NOUNS)}".title(),
    "level": lambda rng: rng.randrange(1, 20),
    "owner": base.name,
    "item": lambda rng: rng.choice(material.NOUNS),
    "done": lambda rng: rng.random() < 0.5,
}


def _sentence(rng: random.Random, schema: Schema, data: dict[str, Any]) -> str:
    """The facts of `data` in some order, in one to three sentences."""
    keys = [key for key in data if key in schema.facts]
    rng.shuffle(keys)
    subject = schema.subject(data)
    facts = [rng.choice(schema.facts[key])(data[key]) for key in keys]
    cut = rng.randrange(1, len(facts)) if len(facts) > 1 and rng.random() < 0.45 else len(facts)
    text = f"{subject} {listing(facts[:cut])}."
    if facts[cut:]:
        again = schema.again or material.pronoun(subject).capitalize()
        again = again if again and rng.random() < 0.7 else subject
        text = f"{text} {again} {listing(facts[cut:])}."
    return text[0].upper() + text[1:]


def _described(rng: random.Random) -> tuple[str, dict[str, Any], str]:
    """A schema's facts in a sentence: structure, data, text."""
    schema = rng.choice(SCHEMAS)
    optional = [key for key in schema.facts if key not in schema.always]
    least = max(0, schema.least - len(schema.always & schema.facts.keys()))
    count = max(rng.randint(least, len(optional)), rng.randint(least, len(optional)))
    chosen = set(rng.sample(optional, count)) | schema.always
    full = schema.draw(rng)
    data = {key: value for key, value in full.items() if key in chosen or key not in schema.facts}
    return f"{schema.name}:{','.join(data)}", data, _sentence(rng, schema, data)


def _keyed(rng: random.Random) -> tuple[str, dict[str, Any], str]:
    """Keys and values dictated by the visitor, in the visitor's order."""
    count = rng.choice((2, 3, 4, 4, 5, 6, 7))
    keys = rng.sample(sorted(_KEYS), count)
    if rng.random() < 0.2:
        keys[rng.randrange(count)] = material.made_up(rng)
    data = {key: _KEYS.get(key, lambda r: r.randrange(1000))(rng) for key in keys}
    shown = {key: str(value).lower() if isinstance(value, bool) else value for key, value in data.items()}
    style = rng.randrange(4)
    if style == 0:
        pairs = ", ".join(f"{key} = {value}" for key, value in shown.items())
    elif style == 1:
        pairs = ", ".join(f"{key}: {value}" for key, value in shown.items())
    else:
        pairs = listing([f"{key} {value}" for key, value in shown.items()])
    opening = rng.choice(
        ("Make a JSON object with", "Write a JSON object with", "Give me JSON with", "Create a JSON object with",
         "JSON with", "Please make JSON with", "I need a JSON object with")
    )  # fmt: skip
    the = "the " if style > 1 and rng.random() < 0.4 else ""
    return f"keyed:{count}", data, f"{base.typo(rng, opening)} {the}{pairs}{rng.choice(('.', '.', ''))}"


_ROWS = (
    ("ages", "name", base.name, "age", (3, 99), ("{k} is {v} years old", "{k} is {v}")),
    ("scores", "player", base.name, "score", (0, 500), ("{k} has {v} points", "{k} scored {v}")),
    ("heights", "name", base.name, "height", (90, 205), ("{k} is {v} cm tall", "{k} measures {v} cm")),
    ("prices", "item", _KEYS["item"], "price", (1, 300), ("the {k} costs {v} euros", "the {k} is {v} euros")),
    ("guests", "city", _KEYS["city"], "visitors", (20, 9000), ("{k} had {v} visitors", "{k} counted {v} visitors")),
    (
        "temperatures",
        "city",
        _KEYS["city"],
        "temperature",
        (-9, 38),
        ("{k} has {v} degrees", "it is {v} degrees in {k}"),
    ),
)


def _rows(rng: random.Random) -> tuple[str, list[dict[str, Any]], str]:
    """Several things of one kind: a list of objects."""
    kind, key, draw, value, (low, high), patterns = rng.choice(_ROWS)
    subjects = list(dict.fromkeys(draw(rng) for _ in range(rng.choice((2, 3, 4, 4, 5, 6)))))
    data = [{key: one, value: rng.randrange(low, high)} for one in subjects]
    pattern = rng.choice(patterns)
    text = listing([pattern.format(k=one[key], v=one[value]) for one in data])
    return f"{kind}:{len(data)}", data, f"{text[0].upper()}{text[1:]}."


def sample(rng: random.Random) -> Example:
    """One sentence and its JSON."""
    if rng.random() < 0.2:
        structure, data, prompt = _keyed(rng)
    else:
        structure, data, text = rng.choices((_described, _rows), (2, 1))[0](rng)
        if rng.random() < 0.65:
            instruction = rng.choice(_BEFORE)
            prompt = f"{base.typo(rng, instruction)}{rng.choice((' ', ' ', ' ', chr(10)))}{text}"
        else:
            prompt = f"{text} {base.typo(rng, rng.choice(_AFTER))}"
    answer = json.dumps(data, indent=2, ensure_ascii=False)
    return Example(DOMAIN, structure, (("user", prompt), ("assistant", answer)), answer)


def grade(example: Example, text: str) -> bool:
    """Whether `text` parses to the expected object."""
    try:
        return json.loads(text) == json.loads(example.expected)
    except ValueError:
        return False
