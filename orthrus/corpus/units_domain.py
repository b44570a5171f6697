"""Conversions between units, times of day and money, with the rule said before each sum.

Few distinct sentences and round factors: almost everything but the copied quantity is predictable.
"""

from __future__ import annotations

import random
import re

from orthrus.corpus.asks import CHANGE, CONVERT, EARLIER, LASTS, LATER, PRICES, SPANS, SPLIT
from orthrus.corpus.base import Example, name, typo
from orthrus.corpus.reckoning import added, between, final_answer, pick, product, taken
from orthrus.corpus.unit_tables import MORE_UNITS, UNITS, Unit

DOMAIN = "units"
HELD_OUT: frozenset[str] = frozenset(
    "units:" + form
    for form in (
        "liters-milliliters-back",
        "meters-centimeters-split",
        "kilograms-grams-mixed",
        "later-both",
        "minutes-seconds-split",
    )
)
PRESETS: tuple[str, ...] = (
    "How many minutes are 3 hours and 20 minutes?",
    "What time is it 45 minutes after 3:20?",
    "Convert 7 km to m.",
)
_CLOCK = ("later-minutes", "later-hours", "later-both", "earlier-minutes", "earlier-hours", "lasts-minutes")
_MORE_CLOCK = (*_CLOCK, "earlier-both", "earlier-both", *("spans-both", "spans-hours", "spans-minutes") * 2)
_MONEY = ("price-sum", "price-change")


def sample(rng: random.Random) -> Example:
    """A conversion, or less often a time of day or a sum of money."""
    return _asked(rng, UNITS, _CLOCK)


def varied(rng: random.Random) -> Example:
    """As `sample`, with twice as many units, hours and minutes before a time of day, and spans of time added up."""
    return _asked(rng, MORE_UNITS, _MORE_CLOCK)


def _asked(rng: random.Random, units: tuple[Unit, ...], clock: tuple[str, ...]) -> Example:
    draw = rng.random()
    if draw < 0.6:
        form, asked, lines, result = _conversion(pick(rng, units), rng)
    elif draw < 0.9:
        form, asked, lines, result = _clock(pick(rng, clock), rng)
    else:
        form, asked, lines, result = _money(pick(rng, _MONEY), rng)
    asked = asked.replace("@name", name(rng)) if "@name" in asked else asked
    if rng.random() < 0.12:
        asked += ("" if asked[-1] in ".?" else ".") + pick(
            rng, (" Step by step.", " Explain each step.", " Please.", " Show your work.")
        )
    answer = "\n".join((*lines, f"The answer is {result}."))
    return Example(DOMAIN, f"units:{form}", (("user", typo(rng, asked)), ("assistant", answer)), result)


def grade(example: Example, text: str) -> bool:
    """Whether the final answer has the expected numbers; "9:05" is two numbers, and a unit may be shortened."""
    wanted = re.findall(r"\d+", example.expected)
    return re.findall(r"\d+", re.sub(r"(?<=\d),(?=\d{3}\b)", "", final_answer(text))) == wanted


def amount(n: int, unit: str) -> str:
    """'1 hour', '3 hours', '1 dozen'."""
    return f"{n} {unit.removesuffix('s') if n == 1 else unit}"


def _quantity(n: int, unit: str, short: str, rng: random.Random) -> str:
    """A quantity as a prompt writes it: in full, or short with or without a space."""
    if short and rng.random() < 0.4:
        return f"{n}{short}" if rng.random() < 0.3 else f"{n} {short}"
    return amount(n, unit)


def _amounts(way: str, big: str, factor: int, rng: random.Random) -> tuple[str, int, int]:
    """(way, big units, small units beyond them) with sums a small model can do; some units only go forth."""
    n = between(rng, 2, 12) if factor in (7, 12, 24) else between(rng, 2, 40 if factor >= 100 else 9)
    n = min(n, 9) if factor == 24 else n
    rest = between(rng, 1, factor - 1) if factor <= 60 else between(rng, 1, 19) * (50 if factor == 1000 else 5)
    if factor in (24, 12, 7) or big == "dozens":
        way = "forth" if factor == 24 or (big == "dozens" and way in ("mixed", "split")) else way
    return way, n, rest


def _conversion(unit: Unit, rng: random.Random) -> tuple[str, str, list[str], str]:
    big, small, factor, big_short, small_short = unit
    way = pick(rng, ("forth", "forth", "back", "mixed", "split"))
    way, n, rest = _amounts(way, big, factor, rng)
    rule = f"{sentence_one(big)} {amount(factor, small)}"
    whole, total = n * factor, n * factor + rest
    here, there = _quantity(n, big, big_short, rng), _quantity(whole, small, small_short, rng)
    target = pick(rng, (big, big_short or big)) if way == "back" else pick(rng, (small, small_short or small))
    if way == "forth":
        lines = [f"{rule}, so we multiply: {_times(n, factor)}.", f"So {amount(n, big)} are {amount(whole, small)}."]
        return (
            f"{big}-{small}-forth",
            pick(rng, CONVERT).replace("@small", target).format(here),
            lines,
            amount(whole, small),
        )
    if way == "back":
        lines = [f"{rule}, so we divide: {whole} / {factor} = {n}.", f"So {amount(whole, small)} are {amount(n, big)}."]
        return f"{big}-{small}-back", pick(rng, CONVERT).replace("@small", target).format(there), lines, amount(n, big)
    if way == "mixed":
        both = f"{here}{pick(rng, (' and ', ' '))}{_quantity(rest, small, small_short, rng)}"
        lines = [
            f"{rule}, so we multiply: {_times(n, factor)}.",
            f"Now we add the other {amount(rest, small)}: {added(whole, rest)}.",
        ]
        return (
            f"{big}-{small}-mixed",
            pick(rng, CONVERT).replace("@small", target).format(both),
            lines,
            amount(total, small),
        )
    asked = pick(rng, SPLIT).replace("@big", big).replace("@small", small)
    lines = [
        f"{rule}, and {_times(n, factor)} fits into {total}.",
        f"The rest is what is left of {total} without {whole}: {taken(total, whole)}.",
    ]
    result = f"{amount(n, big)} and {amount(rest, small)}"
    return f"{big}-{small}-split", asked.format(_quantity(total, small, small_short, rng)), lines, result


def sentence_one(unit: str) -> str:
    """'One kilometer has', 'One dozen has'."""
    return f"One {unit.removesuffix('s')} has"


def _times(n: int, factor: int) -> str:
    """The product in table facts: 60 and 1000 are round, 24 is split into 20 and 4."""
    return (
        product(factor, n) if factor == 24 else product(n, factor) if factor < 60 else f"{n} * {factor} = {n * factor}"
    )


def _time(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"


def _clock(form: str, rng: random.Random) -> tuple[str, str, list[str], str]:
    if form.startswith("spans"):
        return _spans(form, rng)
    hour, minute = between(rng, 1, 20), between(rng, 0, 11) * 5
    if rng.random() < 0.3:
        minute = between(rng, 0, 59)
    hours, minutes = between(rng, 1, 3), between(rng, 1, 11) * 5
    if form == "lasts-minutes":
        return _lasting(hour, minute, minutes, rng)
    later = form.startswith("later")
    hours = 0 if form.endswith("minutes") else hours
    minutes = 0 if form.endswith("hours") else minutes
    if not later:
        hour += 4
    asked = pick(rng, LATER if later else EARLIER).replace("@time", _time(hour * 60 + minute))
    lines, end = _moved(hour, minute, hours, minutes, later)
    return form, asked.format(_span(hours, minutes)), lines, _time(end)


def _spans(form: str, rng: random.Random) -> tuple[str, str, list[str], str]:
    """Two spans of time added up; the second one may be of hours or minutes alone."""
    hour, minute = between(rng, 1, 9), between(rng, 1, 59) if rng.random() < 0.3 else between(rng, 1, 11) * 5
    hours = 0 if form.endswith("minutes") else between(rng, 1, 3)
    minutes = 0 if form.endswith("hours") else between(rng, 1, 11) * 5
    asked = pick(rng, SPANS).replace("@other", _span(hour, minute)).format(_span(hours, minutes))
    lines, end = _moved(hour, minute, hours, minutes, True)
    return form, asked, lines, f"{amount(end // 60, 'hours')} and {amount(end % 60, 'minutes')}"


def _span(hours: int, minutes: int) -> str:
    return " and ".join(amount(n, unit) for n, unit in ((hours, "hours"), (minutes, "minutes")) if n)


def _moved(hour: int, minute: int, hours: int, minutes: int, later: bool) -> tuple[list[str], int]:
    """The lines that add a span or take it away, and the minutes it ends at.

    Both steps every time, of none if need be: a span of hours and minutes is then nothing new.
    """
    way, sign, new = ("on", "+", hour + hours) if later else ("back", "-", hour - hours)
    by = f"{amount(hours, 'hours')} and {amount(minutes, 'minutes')}"
    lines = [
        f"We start at {_time(hour * 60 + minute)} and go {way} by {by}.",
        f"The hour changes by {hours}: {hour} {sign} {hours} = {new}. That makes {_time(new * 60 + minute)}.",
        *_minutes_moved(new, minute, minutes, later),
    ]
    return lines, new * 60 + minute + (minutes if later else -minutes)


def _minutes_moved(hour: int, minute: int, minutes: int, later: bool) -> list[str]:
    """The lines that add or take away minutes, over the full hour if need be."""
    if later:
        total = minute + minutes
        lines = [f"We add the minutes: {added(minute, minutes)}."]
        if total >= 60:
            lines += [
                f"That is 60 or more, so we take away one hour: {taken(total, 60)}.",
                f"The hour goes up by one: {hour} + 1 = {hour + 1}.",
            ]
        else:
            lines.append(f"That is less than 60, so the hour stays {hour}.")
        return lines
    if minutes > minute:
        return [
            f"{minutes} is more than {minute}, so we borrow one hour: {added(minute, 60)}.",
            f"Now we take away the minutes: {taken(minute + 60, minutes)}.",
            f"The hour goes down by one: {hour} - 1 = {hour - 1}.",
        ]
    return [f"We take away the minutes: {taken(minute, minutes)}.", f"The hour stays {hour}."]


def _lasting(hour: int, minute: int, minutes: int, rng: random.Random) -> tuple[str, str, list[str], str]:
    end = hour * 60 + minute + minutes
    asked = pick(rng, LASTS).replace("@time", _time(hour * 60 + minute)).format(_time(end))
    if end // 60 == hour:
        lines = [f"Both times have the hour {hour}, so we subtract the minutes: {taken(end % 60, minute)}."]
    else:
        lines = [
            f"From {_time(hour * 60 + minute)} to {hour + 1}:00 it takes: {taken(60, minute)}.",
            f"From {hour + 1}:00 to {_time(end)} it takes {end % 60} more, so we add: {added(60 - minute, end % 60)}.",
        ]
    return "lasts-minutes", asked, lines, amount(minutes, "minutes")


def _price(cents: int) -> str:
    euros, rest = divmod(cents, 100)
    return " and ".join(amount(n, unit) for n, unit in ((euros, "euros"), (rest, "cents")) if n)


def _money(form: str, rng: random.Random) -> tuple[str, str, list[str], str]:
    a, b = between(rng, 2, 40), between(rng, 1, 19) * 5
    if form == "price-sum":
        c, d = between(rng, 1, 30), between(rng, 1, 19) * 5
        lines = [f"We add the cents: {added(b, d)}.", f"We add the euros: {added(a, c)}."]
        if b + d >= 100:
            lines += [
                f"{b + d} cents are 1 euro and some cents: {b + d} - 100 = {b + d - 100}.",
                f"The euros go up by one: {a + c} + 1 = {a + c + 1}.",
            ]
        asked = pick(rng, PRICES).replace("@other", _price(c * 100 + d)).format(_price(a * 100 + b))
        return form, asked, lines, _price((a + c) * 100 + b + d)
    note = next(n for n in (5, 10, 20, 50) if n > a)
    lines = [
        f"First we go up to a full euro: {taken(100, b)}.",
        f"Now {_price(a * 100 + b)} and {amount(100 - b, 'cents')} make {a} + 1 = {a + 1} euros.",
        f"From there to {note} euros it is: {taken(note, a + 1)}.",
    ]
    asked = pick(rng, CHANGE).replace("@other", f"{note} euros").format(_price(a * 100 + b))
    return form, asked, lines, _price((note - a) * 100 - b)
