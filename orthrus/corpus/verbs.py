"""What happens in the stories of `math`, and how each happening is asked and answered.

In a template `[buy]` is a verb that follows its subject (Mia buys, I buy); {S} is whoever holds the things,
{O} the same person as an object, {F} somebody else, {count} "5 apples", {more} "5 more apples".
A verb has many wordings in a prompt and exactly one in an answer.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

IRREGULAR = {"have": "has", "be": "is", "do": "does", "go": "goes"}
PLAIN = {"be": "are"}


@functools.cache
def conjugated(template: str, plain: bool) -> str:
    """`template` with its bracketed verbs for "Mia" or, if `plain`, for "I", "you" and "they"."""

    def form(match: re.Match) -> str:
        verb = match[1]
        if plain:
            return PLAIN.get(verb, verb)
        if verb in IRREGULAR:
            return IRREGULAR[verb]
        return verb + ("es" if verb.endswith(("s", "sh", "ch", "x")) else "s")

    return re.sub(r"\[(\w+)\]", form, template)


@dataclass(frozen=True, slots=True)
class Verb:
    """The wordings of one happening, for "Mia" (index 0) and for "I" or "you" (index 1)."""

    prompts: tuple[tuple[str, ...], tuple[str, ...]]
    answer: tuple[str, str]


def verb(answer: str, *prompts: str) -> Verb:
    """A verb from its templates; the answer's own wording is also one way to ask.

    An answer that starts with a verb continues the sentence about {S}; one with its own subject starts with "=".
    """
    own: tuple[str, ...] = (answer[1:] if answer[0] == "=" else "{S} " + answer,)
    if (
        "{than}" in prompts[0]
        or answer.startswith("=a recipe")
        or re.search(r"\b(them|their number|this number)\b", answer)
    ):
        own = ()  # said in full where it is told, in short where it is worked out
    both = [tuple(conjugated(p, plain) for p in (*own, *prompts)) for plain in (False, True)]
    answer = answer.lstrip("=")
    return Verb((both[0], both[1]), (conjugated(answer, False), conjugated(answer, True)))


VERBS = {
    # more of them
    "buy": verb("[buy] {more}", "{S} [buy] another {count}", "{S} [buy] {n} more", "at the shop {S} [buy] {more}"),
    "get": verb(
        "[get] {count} from {F}",
        "{F} gives {O} {count}",
        "{F} gives {O} {more}",
        "{S} [get] {n} from {F}",
        "{S} [receive] {count} from {F}",
    ),
    "find": verb("[find] {more}", "{S} [find] another {count}", "{S} [find] {n} more on the way home"),
    "pick": verb("[pick] {more}", "{S} [pick] another {count}", "{S} [pick] {n} more in the garden"),
    "bake": verb("[bake] {more}", "{S} [bake] another {count}", "{S} [bake] {n} more in the afternoon"),
    "win": verb("[win] {more}", "{S} [win] another {count}", "{S} [win] {n} more in a game"),
    "collect": verb("[collect] {more}", "{S} [collect] another {count}", "{S} [collect] {n} more"),
    "pack_more": verb("[pack] {more}", "{S} [pack] another {count}", "{S} [pack] {n} more"),
    "earn": verb("[earn] {more}", "{S} [earn] another {count}", "{S} [work] in a garden and [earn] {more}"),
    # fewer of them
    "give": verb(
        "[give] {count} to {F}",
        "{S} [give] {F} {count}",
        "{S} [give] {n} to {F}",
        "{S} [give] {n} of them to {F}",
        "{F} gets {count} from {O}",
    ),
    "lose": verb("[lose] {count}", "{S} [lose] {n} of them", "{S} [lose] {n}", "sadly, {S} [lose] {count}"),
    "eat": verb("[eat] {count}", "{S} [eat] {n} of them", "{S} [eat] {n}", "for lunch {S} [eat] {count}"),
    "sell": verb("[sell] {count}", "{S} [sell] {n} of them", "{S} [sell] {n}", "at the market {S} [sell] {count}"),
    "use": verb("[use] {count}", "{S} [use] {n} of them", "{S} [use] up {count}"),
    "break": verb("[break] {count}", "{S} [break] {n} of them", "{S} [drop] and [break] {count}"),
    "spend": verb(
        "[spend] {count}",
        "{S} [spend] {count} on a present",
        "{S} [spend] {count} at the market",
        "{S} [pay] {count} for a ticket",
    ),
    "lend": verb("[lend] {count} to {F}", "{S} [lend] {F} {count}", "{F} borrows {count} from {O}"),
    # doubled, halved
    "double": verb(
        "[double] this number",
        "{S} [double] the number of {o}",
        "soon {S} [have] twice as many {o}",
        "the number of {o} doubles for {O}",
    ),
    "earn_double": verb(
        "[double] the money", "{S} [work] and [double] the money", "soon {S} [have] twice as much money"
    ),
    "give_half": verb(
        "[give] half of them to {F}",
        "{S} [give] half of the {o} to {F}",
        "{S} [give] {F} half of all the {o}",
        "{F} gets half of the {o} from {O}",
    ),
    "eat_half": verb("[eat] half of them", "{S} [eat] half of the {o}", "{S} [eat] half of all the {o}"),
    "sell_half": verb(
        "[sell] half of them", "{S} [sell] half of the {o}", "at the market {S} [sell] half of all the {o}"
    ),
    "spend_half": verb(
        "[spend] half of the money", "{S} [spend] half of all the money", "{S} [spend] half of the money on a game"
    ),
    # sharing, packing, selling, paying
    "share": verb(
        "[share] them equally among {n} {people}",
        "{S} [share] the {o} equally among {n} {people}",
        "{S} [share] all the {o} fairly between {n} {people}",
        "{S} [give] all the {o} to {n} {people}, the same number to each",
    ),
    "share_money": verb(
        "[share] the money equally among {n} {people}",
        "{S} [split] the money between {n} {people}",
        "{S} [share] all of the money fairly between {n} {people}",
    ),
    "share_bill": verb(
        "={n} {people} share it equally", "{n} {people} share the bill equally", "{n} {people} split the bill fairly"
    ),
    "pack": verb(
        "[pack] them into bags of {n}",
        "{S} [pack] the {o} into bags of {n}",
        "{S} [put] {n} {o} into each bag",
        "{S} [fill] bags with {n} {o} each",
    ),
    "sell_all": verb(
        "[sell] them for {price} each",
        "{S} [sell] all the {o} for {price} each",
        "{S} [sell] every {one} for {price}",
        "{S} [sell] all the {o} at {price} each",
    ),
    "boxes": verb(
        "[buy] {boxes} with {n} {o} each",
        "{S} [buy] {boxes} of {n} {o} each",
        "{S} [get] {boxes} with {n} {o} per {box}",
        "{S} [buy] {boxes}, and each {box} has {n} {o}",
    ),
    "cost": verb(
        "[buy] {goods} for {price} each",
        "{S} [buy] {goods} that cost {price} each",
        "{S} [pay] for {goods}, {price} each",
    ),
    "change": verb(
        "={P} [pay] with {note} euros",
        "{P} [pay] with a {note} euro note",
        "{P} [hand] over {note} euros",
        "{P} [give] the seller {note} euros",
    ),
    # how a story starts from a product
    "rows": verb(
        "[have] {boxes} with {n} {o} each",
        "{S} [have] {boxes} of {n} {o} each",
        "{S} [have] {boxes} with {n} {o} per {box}",
        "{S} [have] {boxes}, and each {box} has {n} {o}",
    ),
    "rate": verb(
        "[save] {price} a week for {weeks}",
        "{S} [save] {price} every week for {weeks}",
        "{S} [save] {price} per week for {weeks}",
        "for {weeks} {S} [save] {price} a week",
    ),
    "speed": verb(
        "[go] {n} km an hour for {hours}",
        "{S} [ride] a bike at {n} km per hour for {hours}",
        "{S} [travel] for {hours} at {n} km an hour",
        "{S} [ride] {n} km every hour for {hours}",
        "{S} [go] {n} km/h for {hours}",
    ),
    "price": verb(
        "={P} [buy] {goods} for {price} each",
        "{P} [buy] {goods} at {price} each",
        "{P} [buy] {goods}, each costs {price}",
        "{P} [buy] {goods} that cost {price} each",
    ),
    "recipe": verb(
        "=a recipe {m} people needs {eggs}, and {S} [cook] for {k} people",
        "a recipe needs {eggs} for {m} people, and {S} [make] it for {k} people",
        "for {m} people a recipe takes {eggs}; {S} [have] {k} guests",
    ),
    # places and special measures
    "on": verb("={n} more {o1} get on", "at the next stop {more} get on", "{more} board it"),
    "off": verb("={count} get off", "{n} of them get off", "at a stop {count} leave it"),
    "on_double": verb(
        "=their number doubles", "the number of {o} doubles", "the number of {o} doubles at a big station"
    ),
    "off_half": verb("=half of them get off", "half of the {o} get off", "half of all the {o} get off"),
    "arrive": verb("={more} come", "another {count} come", "{more} arrive"),
    "leave": verb("={count} leave", "{n} of them leave", "{count} go away"),
    "come_double": verb("=their number doubles", "the number of {o} doubles", "soon there are twice as many {o}"),
    "leave_half": verb("=half of them leave", "half of the {o} leave", "half of the {o} go away"),
    "brought": verb("={more} are brought in", "another {count} are brought in", "people bring {more}"),
    "taken": verb("={count} are taken away", "{n} of them are taken away", "people take {count}"),
    "bring_double": verb("=their number doubles", "the number of {o} doubles", "soon there are twice as many {o}"),
    "taken_half": verb("=half of them are taken away", "half of the {o} are taken away"),
    "go_on": verb("[go] {more}", "{S} [go] on for another {count}", "{S} [do] {more} after a break"),
    "way_back": verb("[go] the same way back", "{S} [come] back the same way", "{S} [go] all the way back home"),
    "need_salad": verb("[need] {more} for a salad", "a salad takes {more}", "{S} also [need] {count} for a salad"),
    "need_pie": verb("[need] {more} for a pie", "a pie takes {more}", "{S} also [need] {count} for a pie"),
    "have_some": verb(
        "already [have] {count}", "{S} [have] {count} at home", "there are {count} in the kitchen already"
    ),
    "add_item": verb("=a drink costs {more}", "{P} also [take] a drink for {count}", "{P} [add] a drink for {count}"),
    "add_bag": verb("=a bag costs {more}", "{P} also [take] a bag for {count}", "{P} [add] a bag for {count}"),
    "discount": verb(
        "=a discount takes off {count}", "{P} [get] a discount of {count}", "the seller takes off {count}"
    ),
    "coupon": verb(
        "=a coupon takes off {count}", "{P} [have] a coupon for {count}", "with a coupon {P} [save] {count}"
    ),
    "sale": verb("=everything is half price", "today everything is half price", "in the sale everything costs half"),
    "later": verb("={n} {o1} pass", "{n} {o1} go by"),
    # comparing: {F} becomes the one the story is about
    "have/more": verb("={F} has {more}", "{F} has {more} than {than}", "{F} has {count} more than {than}"),
    "have/fewer": verb(
        "={F} has {n} fewer {o1}", "{F} has {n} fewer {o1} than {than}", "{F} has {count} less than {than}"
    ),
    "have/times": verb("={F} has {times} as many", "{F} has {times} as many {o} as {than}"),
    "have/halfof": verb("={F} has half as many", "{F} has half as many {o} as {than}"),
    "money/more": verb("={F} has {more}", "{F} has {count} more than {than}"),
    "money/fewer": verb("={F} has {count} less", "{F} has {count} less than {than}"),
    "money/times": verb("={F} has {times} as much", "{F} has {times} as much money as {than}"),
    "money/halfof": verb("={F} has half as much", "{F} has half as much money as {than}"),
    "trip/more": verb("={F} goes {more}", "{F} goes {count} further than {than}", "{F} goes {count} more than {than}"),
    "trip/fewer": verb("={F} goes {count} less", "{F} goes {count} less than {than}"),
    "age/more": verb("={F} is {count} older", "{F} is {count} older than {than}"),
    "age/fewer": verb("={F} is {count} younger", "{F} is {count} younger than {than}"),
    "age/times": verb("={F} is {times} as old", "{F} is {times} as old as {than}"),
    "age/halfof": verb("={F} is half as old", "{F} is half as old as {than}"),
}
