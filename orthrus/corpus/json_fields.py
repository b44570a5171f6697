"""The records of the `json` domain: what a kind of record contains, and how a text says each of its facts.

A kind has one shape: the same keys in the same order, nested where an API would nest, a unit beside every quantity.
Its facts are listed in the order of the keys.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from orthrus.corpus import json_words, material
from orthrus.corpus.json_words import clock, name, names, number, outside
from orthrus.corpus.material import article, listing


@dataclass(frozen=True)
class Record:
    """One record: `data` is its JSON, `subject` and the verb phrases `facts` are its text.

    `form` is what may vary inside the shape (a unit, a length); `again` names the subject in a later sentence.
    """

    data: dict[str, Any]
    subject: str
    facts: tuple[str, ...]
    form: str = ""
    again: str = "It"


def _value(value: int, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit}


def _money(amount: int, currency: str) -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def _person(rng: random.Random, counts: tuple[int, ...] = (0, 1, 1, 1, 1, 1, 2, 2, 2, 3)) -> Record:
    who, age, city, say = name(rng), rng.randrange(3, 99), rng.choice(material.CITIES), rng.choice
    likes = rng.sample(json_words.HOBBIES, rng.choice(counts))
    data = {"type": "person", "name": who, "age": _value(age, "years"), "home": {"city": city}, "likes": likes}
    facts = [
        say((f"is {age} years old", f"is {age} years old", f"is {age}")),
        say((f"lives in {city}", f"is from {city}")),
    ]
    if likes:
        facts.append(f"{say(('likes', 'likes', 'loves', 'enjoys'))} {listing(likes)}")
    return Record(data | {"complete": True}, who, tuple(facts), str(len(likes)), "")


def _loan(rng: random.Random) -> Record:
    (author, reader), title, say = names(rng, 2), rng.choice(json_words.BOOKS), rng.choice
    length, unit = rng.randrange(2, 13), say(("days", "weeks", "weeks", "months"))
    data = {"type": "loan", "book": {"title": title, "author": author}, "reader": reader}
    facts = (
        say((f"was written by {author}", f"is by {author}")),
        say((f"was borrowed by {reader}", f"is lent to {reader}")),
        say((f"is on loan for {length} {unit}", f"is away for {length} {unit}")),
    )
    full = data | {"period": _value(length, unit), "status": "on loan"}
    return Record(full, f'The book "{title}"', facts, unit)


def _product(rng: random.Random) -> Record:
    what, color, price, stock, say = (
        rng.choice(json_words.PRODUCTS),
        rng.choice(json_words.COLORS),
        number(rng),
        number(rng),
        rng.choice,
    )
    currency = say(json_words.CURRENCIES)
    facts = (
        say((f"is {color}", f"comes in {color}")),
        say((f"costs {price} {currency}s", f"is sold for {price} {currency}s")),
        say((f"is in stock {stock} times", f"has a stock of {stock} pieces")),
    )
    data = {"type": "product", "name": what, "color": color, "price": _money(price, currency)}
    return Record(data | {"stock": _value(stock, "pieces"), "available": True}, f"The {what}", facts, currency)


def _order(rng: random.Random, counts: tuple[int, ...] = (1, 2, 2, 3)) -> Record:
    who, total, currency, say = name(rng), number(rng), rng.choice(json_words.CURRENCIES), rng.choice
    items = [{"item": item, "quantity": rng.randrange(2, 21)} for item in rng.sample(json_words.ITEMS, say(counts))]
    bought = listing([f"{one['quantity']} {one['item']}" for one in items])
    facts = (
        f"{say(('orders', 'buys', 'buys', 'has ordered'))} {bought}",
        say((f"pays {total} {currency}s", f"pays {total} {currency}s in total")),
    )
    data = {"type": "order", "customer": who, "items": items, "total": _money(total, currency), "status": "paid"}
    return Record(data, who, facts, f"{currency}:{len(items)}", "")


def _event(rng: random.Random) -> Record:
    what, day, time, place, say = (
        rng.choice(json_words.EVENTS),
        rng.choice(json_words.DAYS),
        clock(rng),
        rng.choice(json_words.PLACES),
        rng.choice,
    )
    guests = number(rng)
    facts = (
        say((f"is on {day} at {time}", f"takes place on {day} at {time}", f"starts on {day} at {time}")),
        say((f"is held at the {place}", f"is at the {place}")),
        say((f"has {guests} guests", f"expects {guests} guests")),
    )
    data = {"type": "event", "name": what, "start": {"day": day, "time": time}, "place": place}
    return Record(data | {"guests": _value(guests, "people"), "status": "planned"}, f"The {what}", facts)


def _recipe(rng: random.Random, counts: tuple[int, ...] = (2, 2, 3, 3, 4)) -> Record:
    dish, serves, minutes, say = (
        rng.choice(tuple(json_words.DISHES)),
        rng.randrange(2, 11),
        rng.randrange(2, 19) * 5,
        rng.choice,
    )
    ingredients = rng.sample(json_words.DISHES[dish], say(counts))
    facts = (
        say((f"serves {serves} people", f"is enough for {serves} people")),
        say((f"takes {minutes} minutes", f"needs {minutes} minutes")),
        f"{say(('uses', 'contains', 'is made with'))} {listing(ingredients)}",
    )
    data = {"type": "recipe", "dish": dish, "serves": _value(serves, "people"), "time": _value(minutes, "minutes")}
    return Record(data | {"ingredients": ingredients}, f"The recipe for {dish}", facts, str(len(ingredients)))


def _weather(rng: random.Random) -> Record:
    city, sky, degrees, say = rng.choice(material.CITIES), rng.choice(json_words.SKIES), outside(rng), rng.choice
    wind = rng.randrange(2, 80)
    facts = (
        say((f"is {sky}", f"has {sky} weather", f"is {sky} today")),
        say((f"has a temperature of {degrees} degrees", f"has {degrees} degrees")),
        say((f"has wind of {wind} km/h", f"gets wind at {wind} km/h")),
    )
    data = {"type": "weather", "city": city, "sky": sky, "temperature": _value(degrees, "degrees")}
    return Record(data | {"wind": _value(wind, "km/h")}, city, facts, again="")


def _pet(rng: random.Random) -> Record:
    (pet, owner), animal, color, say = (
        names(rng, 2),
        rng.choice(json_words.ANIMALS),
        rng.choice(json_words.COATS),
        rng.choice,
    )
    age, unit = rng.randrange(2, 20), say(("years", "years", "years", "months"))
    facts = (
        f"is {article(f'{color} {animal}')}",
        f"is {age} {unit} old",
        say((f"belongs to {owner}", f"is owned by {owner}", f"lives with {owner}")),
    )
    data = {"type": "pet", "name": pet, "animal": {"color": color, "kind": animal}, "age": _value(age, unit)}
    return Record(data | {"owner": {"name": owner}}, pet, facts, unit, "")


def _trip(rng: random.Random) -> Record:
    (start, end), who, transport, say = (
        rng.sample(material.CITIES, 2),
        name(rng),
        rng.choice(json_words.TRANSPORT),
        rng.choice,
    )
    length, unit = rng.randrange(2, 21), say(("days", "days", "weeks"))
    facts = (
        say((f"travels from {start} to {end}", f"goes from {start} to {end}")),
        say((f"travels by {transport}", f"goes by {transport}")),
        say((f"stays for {length} {unit}", f"is away for {length} {unit}")),
    )
    data = {"type": "trip", "traveler": who, "route": {"from": start, "to": end}, "transport": transport}
    return Record(data | {"stay": _value(length, unit), "status": "planned"}, who, facts, f"{unit}:{transport}", "")


def _sensor(rng: random.Random) -> Record:
    room, degrees, humidity, battery = (
        rng.choice(json_words.ROOMS),
        *(rng.randrange(*r) for r in ((2, 40), (10, 99), (5, 100))),
    )
    facts = (
        rng.choice((f"reads {degrees} degrees", f"measures {degrees} degrees", f"shows {degrees} degrees")),
        rng.choice((f"reports {humidity} percent humidity", f"measures {humidity} percent humidity")),
        rng.choice((f"has {battery} percent battery", f"has a battery at {battery} percent")),
    )
    readings = {"temperature": _value(degrees, "degrees"), "humidity": _value(humidity, "percent")}
    data = {"type": "sensor", "room": room, "readings": readings, "battery": _value(battery, "percent")}
    return Record(data | {"status": "online"}, f"The sensor in the {room}", facts)


def _booking(rng: random.Random) -> Record:
    who, city, nights, price, say = (
        name(rng),
        rng.choice(material.CITIES),
        rng.randrange(2, 15),
        number(rng),
        rng.choice,
    )
    currency, beds = say(json_words.CURRENCIES), rng.randrange(2, 5)
    facts = (
        say((f"books a hotel in {city}", f"has booked a hotel in {city}")),
        say((f"takes a room with {beds} beds", f"gets a room with {beds} beds")),
        say((f"stays for {nights} nights", f"is there for {nights} nights")),
        say((f"pays {price} {currency}s", f"pays {price} {currency}s in total")),
    )
    data = {"type": "booking", "guest": who, "hotel": {"city": city, "beds": beds}, "stay": _value(nights, "nights")}
    return Record(data | {"price": _money(price, currency), "status": "confirmed"}, who, facts, currency, "")


def _reminder(rng: random.Random) -> Record:
    who, errand, day, time = name(rng), rng.choice(json_words.ERRANDS), rng.choice(json_words.DAYS), clock(rng)
    facts = (f"{rng.choice(('has to', 'must', 'needs to', 'wants to'))} {errand} on {day} at {time}",)
    data = {"type": "reminder", "person": {"name": who}, "task": errand, "due": {"day": day, "time": time}}
    return Record(data | {"done": False}, who, facts, again="")


def _match(rng: random.Random) -> Record:
    (home, away), sport = rng.sample(material.CITIES, 2), rng.choice(json_words.SPORTS)
    one, two = rng.randrange(0, 10), rng.randrange(0, 10)
    facts = (rng.choice((f"was between {home} and {away}", f"was {home} against {away}")), f"ended {one} to {two}")
    teams = {"home": {"team": home, "goals": one}, "away": {"team": away, "goals": two}}
    return Record({"type": "match", "sport": sport} | teams | {"finished": True}, f"The {sport} match", facts)


KINDS: tuple[Callable[[random.Random], Record], ...] = (
    _person, _person, _loan, _product, _order, _order, _event, _recipe, _weather, _pet, _trip, _trip, _sensor,
    _booking, _reminder, _match,
)  # fmt: skip
# Records with a list of any length.
LONG: tuple[Callable[[random.Random], Record], ...] = (
    partial(_person, counts=(2, 3, 4, 5)),
    partial(_order, counts=(1, 2, 3, 4, 5)),
    partial(_recipe, counts=(2, 3, 4, 5)),
)
