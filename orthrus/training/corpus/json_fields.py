"""The schemas of the `json` domain: which facts a thing has, in which order, and how a sentence may say each."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from orthrus.training.corpus import base, material
from orthrus.training.corpus.material import article, listing, variants, words

Say = Callable[[Any], str]


@dataclass(frozen=True)
class Schema:
    """One kind of object. `facts` maps a key to its wordings; keys outside `facts` are said by `subject`."""

    name: str
    draw: Callable[[random.Random], dict[str, Any]]
    subject: Callable[[dict[str, Any]], str]
    facts: dict[str, tuple[Say, ...]]
    again: str = "It"
    always: frozenset[str] = field(default_factory=frozenset)
    least: int = 2


def _says(*patterns: str) -> tuple[Say, ...]:
    """Wordings from patterns: {} the value, {a} the value with its article, {list} a list in words."""

    def say(pattern: str) -> Say:
        if "{list}" in pattern:
            return lambda value: pattern.replace("{list}", listing(value))
        if "{a}" in pattern:
            return lambda value: pattern.replace("{a}", article(value))
        return lambda value: pattern.replace("{}", str(value))

    return tuple(say(pattern) for pattern in patterns)


_JOBS = words(
    "teacher nurse baker pilot farmer painter doctor engineer singer gardener lawyer dentist writer actor chef "
    "librarian driver sailor plumber tailor"
)
_LIKES = words(
    "chess music tennis football painting cooking reading dancing swimming hiking cycling singing judo sailing skiing "
    "gardening yoga poetry photography films"
)
_GENRES = ("fantasy", "crime", "history", "travel", "poetry", "science", "romance", "adventure", "comedy")
_COLORS = words("red blue green black white yellow silver pink orange brown grey purple golden")
_PRODUCTS = words("lamp chair table backpack bicycle kettle jacket camera clock keyboard guitar tent bottle carpet")
_ITEMS = words("pens cups lamps books chairs apples plates candles stamps towels buttons bottles notebooks keys")
_DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_EVENTS = ("concert", "meeting", "workshop", "party", "picnic", "lecture", "wedding", "market", "exhibition", "race")
_PLACES = ("town hall", "library", "park", "museum", "school", "station", "harbour", "old theatre", "garden", "gym")
_DISHES = variants(
    "tomato soup|apple pie|pancakes|vegetable curry|potato salad|mushroom pasta|rice pudding|banana bread|"
    "lentil stew|pea risotto|lemon cake|bean chili|pizza|onion tart"
)
_INGREDIENTS = words("flour eggs milk butter sugar salt rice tomatoes onions garlic potatoes carrots cheese beans oil")
_SKIES = ("sunny", "cloudy", "rainy", "foggy", "windy", "stormy", "snowy", "clear")
_KINDS = words("cat dog rabbit parrot hamster horse goldfish turtle canary pony snake mouse")
_TRANSPORT = ("train", "bus", "car", "plane", "boat", "bicycle", "ferry")
_ROOMS = ("kitchen", "cellar", "attic", "office", "bathroom", "garage", "greenhouse", "hall", "lab")


def _person(rng: random.Random) -> dict[str, Any]:
    return {
        "name": base.name(rng),
        "age": rng.randrange(3, 99),
        "city": rng.choice(material.CITIES),
        "job": rng.choice(_JOBS),
        "likes": rng.sample(_LIKES, rng.choice((1, 1, 2, 3))),
    }


def _book(rng: random.Random) -> dict[str, Any]:
    return {
        "title": f"The {rng.choice(material.ADJECTIVES)} {rng.choice(material.NOUNS)}".title(),
        "author": " ".join(base.names(rng, 2)),
        "year": rng.randrange(1880, 2027),
        "pages": rng.randrange(40, 900),
        "genre": rng.choice(_GENRES),
    }


def _product(rng: random.Random) -> dict[str, Any]:
    return {
        "name": rng.choice(_PRODUCTS),
        "color": rng.choice(_COLORS),
        "price": rng.choice((rng.randrange(2, 400), rng.randrange(2, 400), rng.randrange(5, 99) + 0.5)),
        "stock": rng.randrange(0, 300),
    }


def _order(rng: random.Random) -> dict[str, Any]:
    items = rng.sample(_ITEMS, rng.choice((1, 2, 2, 3)))
    return {
        "order": rng.randrange(100, 10_000),
        "customer": base.name(rng),
        "items": [{"item": item, "quantity": rng.randrange(2, 60)} for item in items],
        "total": rng.randrange(5, 900),
        "paid": rng.random() < 0.5,
    }


def _event(rng: random.Random) -> dict[str, Any]:
    return {
        "name": rng.choice(_EVENTS),
        "day": rng.choice(_DAYS),
        "time": f"{rng.randrange(8, 22):02d}:{rng.choice((0, 15, 30, 45)):02d}",
        "place": rng.choice(_PLACES),
        "guests": rng.randrange(5, 300),
    }


def _recipe(rng: random.Random) -> dict[str, Any]:
    return {
        "dish": rng.choice(_DISHES),
        "serves": rng.randrange(2, 13),
        "minutes": rng.randrange(2, 25) * 5,
        "ingredients": rng.sample(_INGREDIENTS, rng.randrange(2, 6)),
    }


def _weather(rng: random.Random) -> dict[str, Any]:
    return {
        "city": rng.choice(material.CITIES),
        "temperature": rng.randrange(-15, 39),
        "sky": rng.choice(_SKIES),
        "wind": rng.randrange(2, 90),
    }


def _pet(rng: random.Random) -> dict[str, Any]:
    pet, owner = base.names(rng, 2)
    age = rng.randrange(2, 20)
    return {"name": pet, "kind": rng.choice(_KINDS), "age": age, "color": rng.choice(_COLORS), "owner": owner}


def _trip(rng: random.Random) -> dict[str, Any]:
    start, end = rng.sample(material.CITIES, 2)
    transport, days = rng.choice(_TRANSPORT), rng.randrange(2, 30)
    return {"traveller": base.name(rng), "from": start, "to": end, "transport": transport, "days": days}


def _sensor(rng: random.Random) -> dict[str, Any]:
    return {
        "sensor": material.label(rng),
        "room": rng.choice(_ROOMS),
        "temperature": rng.choice((rng.randrange(-5, 40), rng.randrange(100, 320) / 10)),
        "humidity": rng.randrange(10, 99),
        "battery": rng.randrange(1, 101),
    }


def _bought(verb: str) -> Say:
    return lambda items: f"{verb} " + listing([f"{one['quantity']} {one['item']}" for one in items])


SCHEMAS = (
    Schema("person", _person, lambda d: d["name"], {
        "age": _says("is {} years old", "is {}", "is aged {}"),
        "city": _says("lives in {}", "is from {}", "comes from {}"),
        "job": _says("works as {a}", "is {a}"),
        "likes": _says("likes {list}", "loves {list}", "enjoys {list}"),
    }, again=""),
    Schema("book", _book, lambda d: f'The book "{d["title"]}"', {
        "author": _says("was written by {}", "is by {}"),
        "year": _says("appeared in {}", "is from {}", "was published in {}"),
        "pages": _says("has {} pages", "is {} pages long"),
        "genre": _says("belongs to the genre {}", "is in the genre {}", "is sold under {}"),
    }),
    Schema("product", _product, lambda d: f"The {d['name']}", {
        "color": _says("is {}", "comes in {}"),
        "price": _says("costs {} euros", "is sold for {} euros", "has a price of {}"),
        "stock": _says("is in stock {} times", "has a stock of {}"),
    }),
    Schema("order", _order, lambda d: d["customer"], {
        "order": _says("has order number {}", "has the order {}"),
        "items": (*(_bought(verb) for verb in ("orders", "buys", "wants", "has ordered")),),
        "total": _says("pays {} euros in total", "pays {} euros", "has a total of {} euros"),
        "paid": (lambda paid: "has paid" if paid else "has not paid yet",),
    }, again="", always=frozenset({"items"})),
    Schema("event", _event, lambda d: f"The {d['name']}", {
        "day": _says("is on {}", "takes place on {}", "happens on {}"),
        "time": _says("starts at {}", "begins at {}"),
        "place": _says("is held at the {}", "is at the {}"),
        "guests": _says("has {} guests", "expects {} guests"),
    }),
    Schema("recipe", _recipe, lambda d: f"The recipe for {d['dish']}", {
        "serves": _says("serves {}", "serves {} people", "is enough for {} people"),
        "minutes": _says("takes {} minutes", "needs {} minutes"),
        "ingredients": _says("uses {list}", "contains {list}", "is made with {list}"),
    }),
    Schema("weather", _weather, lambda d: d["city"], {
        "temperature": _says("has a temperature of {} degrees", "is at {} degrees", "has {} degrees"),
        "sky": _says("is {}", "has {} weather", "is {} today"),
        "wind": _says("has wind of {} km/h", "gets wind at {} km/h"),
    }, again=""),
    Schema("pet", _pet, lambda d: d["name"], {
        "kind": _says("is {a}"),
        "age": _says("is {} years old", "is {}"),
        "color": _says("has the color {}", "is {} in color"),
        "owner": _says("belongs to {}", "is owned by {}", "lives with {}"),
    }, always=frozenset({"kind"})),
    Schema("trip", _trip, lambda d: d["traveller"], {
        "from": _says("starts in {}", "leaves from {}"),
        "to": _says("travels to {}", "is going to {}", "goes to {}"),
        "transport": _says("goes by {}", "travels by {}"),
        "days": _says("stays for {} days", "is away for {} days"),
    }, again="", always=frozenset({"to"})),
    Schema("sensor", _sensor, lambda d: f"Sensor {d['sensor']}", {
        "room": _says("is in the {}", "hangs in the {}"),
        "temperature": _says("reads {} degrees", "measures {} degrees", "shows {} degrees"),
        "humidity": _says("reports {} percent humidity", "measures a humidity of {} percent"),
        "battery": _says("has a battery at {} percent", "has {} percent battery"),
    }),
)  # fmt: skip
