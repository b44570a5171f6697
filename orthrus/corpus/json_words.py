"""The values of the `json` domain: small tables of words, names and numbers."""

from __future__ import annotations

import random

from orthrus.corpus import base
from orthrus.corpus.material import variants, words

CURRENCIES = ("euro", "euro", "dollar", "dollar", "pound")
COLORS = words("red blue green black white yellow silver pink orange brown grey purple golden")
COATS = words("black white brown grey")
HOBBIES = words(
    "chess music tennis football painting cooking reading dancing swimming hiking cycling singing judo sailing skiing "
    "yoga poetry maths"
)
PRODUCTS = words("lamp chair table backpack bicycle kettle jacket camera clock keyboard guitar tent bottle carpet")
ITEMS = words("pens cups lamps books chairs apples plates candles stamps towels buttons bottles notebooks keys")
ANIMALS = words("cat dog rabbit parrot hamster horse turtle canary pony snake mouse goat")
DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
EVENTS = words("concert meeting workshop party picnic lecture wedding market exhibition race")
PLACES = words("library park museum school station harbour theatre garden gym castle")
# A dish and what may be in it.
DISHES = {
    "tomato soup": words("tomatoes onions garlic salt oil"),
    "apple pie": words("apples flour butter sugar eggs"),
    "pancakes": words("flour eggs milk butter sugar"),
    "potato salad": words("potatoes onions eggs oil salt"),
    "rice pudding": words("rice milk sugar butter eggs"),
    "banana bread": words("bananas flour sugar eggs butter"),
    "pizza": words("flour tomatoes cheese oil salt"),
    "curry": words("rice carrots beans onions garlic"),
}
SKIES = words("sunny cloudy rainy foggy windy stormy snowy clear")
TRANSPORT = words("train bus car plane boat bicycle ferry")
ROOMS = words("kitchen cellar attic office bathroom garage greenhouse hall lab")
SPORTS = words("football hockey handball rugby")
ERRANDS = variants(
    "water the plants|feed the cat|call the doctor|buy some bread|clean the kitchen|pay the rent|wash the car|"
    "bake a cake|pack the bags|write a letter"
)
BOOKS = variants(
    "The Red Fox|The Last Train|The Silent Lake|The Golden Key|The Old Tower|The Lost Island|The Brave Mouse|"
    "The Hidden Garden|The Blue Lamp|The Long Road|The Paper Moon|The Winter Market|The Quiet Forest|The Broken Clock"
)


def name(rng: random.Random) -> str:
    """A first name, mostly a real one; the few invented ones keep the copying of unknown names in practice."""
    return base.name(rng) if rng.random() < 0.4 else rng.choice(base.NAMES)


def names(rng: random.Random, count: int) -> list[str]:
    """`count` different names."""
    return base.names(rng, count, name)


def number(rng: random.Random) -> int:
    """A quantity: mostly up to 20, else up to 99, seldom more."""
    roll = rng.random()
    return rng.randrange(2, 21) if roll < 0.55 else rng.randrange(20, 100) if roll < 0.95 else rng.randrange(100, 500)


def outside(rng: random.Random) -> int:
    """A temperature, seldom below zero and never 1, so that "degrees" is right."""
    return rng.randrange(2, 36) if rng.random() < 0.9 else -rng.randrange(2, 10)


def clock(rng: random.Random) -> str:
    """A full or half hour of the day."""
    return f"{rng.randrange(8, 22):02d}:{rng.choice((0, 30)):02d}"
