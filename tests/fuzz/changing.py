"""Small changes of JSON texts, so that a fuzzer gets past the reader of JSON and into the reader of meaning."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

ODD = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        2**31 - 1,
        2**31,
        2**63,
        10**30,
        0.5,
        -0.0,
        1e308,
        1e-320,
        float("inf"),
        float("nan"),
    ),
    *("", "x", "\ud800", "\x00", "é🍰", "</script><b>", "0", "__proto__", "9" * 400, [], {}, [[]], [0], {"a": 1}),
)


def changed(text: str, random_: random.Random) -> str:
    """One of the lines of a text, if it is JSON, with one to three places changed; the other lines stay."""
    lines = text.split("\n")
    at = random_.randrange(len(lines))
    kind = random_.randrange(8)
    if kind == 0:  # a line less, or twice, or elsewhere
        lines[at : at + 1] = [lines[at]] * random_.choice((0, 2))
        random_.shuffle(lines) if random_.random() < 0.3 else None
        return "\n".join(lines)
    try:
        value = json.loads(lines[at])
    except (ValueError, RecursionError):
        return text
    for _ in range(random_.randrange(1, 4)):
        value = _one(value, random_)
    lines[at] = json.dumps(value)
    return "\n".join(lines)


def _one(value: Any, random_: random.Random) -> Any:
    places = list(_places(value))
    if not places:
        return _odd(random_)
    holder, key = random_.choice(places)
    kind = random_.randrange(6)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder[key], list):
        holder[key] = holder[key] * random_.choice((2, 3)) if random_.random() < 0.5 else holder[key][:-1]
    elif kind == 2 and type(holder[key]) in (int, float):
        holder[key] += random_.choice((-1, 1, 0.5, 1000, -1000))
    elif kind == 3:
        holder[key] = _copy(random_.choice(places), random_)
    else:
        holder[key] = _odd(random_)
    return value


def _odd(random_: random.Random) -> Any:
    """One of ODD, as a value of its own: a list that two texts shared would be changed in both."""
    return copy.deepcopy(random_.choice(ODD))


def _copy(place: tuple[Any, Any], random_: random.Random) -> Any:
    """What stands elsewhere, copied; it may just have been removed."""
    holder, key = place
    try:
        return json.loads(json.dumps(holder[key]))
    except (KeyError, IndexError):
        return _odd(random_)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(holder, key) of everything in a value."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
