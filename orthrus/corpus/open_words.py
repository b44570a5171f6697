"""Words, names and nouns from open sets: rules make most of them, so that they can be copied but never known by heart.

The common words are what visitors type beside the corpus's own tables; they need no grammar, as they are only copied.
"""

from __future__ import annotations

import random

from orthrus.corpus import material
from orthrus.corpus.reckoning import between, pick

_ONSETS = material.words("b br c ch cl d dr f fl g gr h j k kl kr l m n p pr qu r s sh sk st t th tr v w y z")
_ONSETS += ("",) * 4
_VOWELS = material.words("a a a e e e i i i o o u ai ea ee ia ie oo ou y")
_CODAS = ("",) * 9 + material.words("l n n r s t m k x nd ll nn rt th sh ck")
COMMON_NAMES = material.words(
    "John Sarah Michael Emily Robert Linda William Susan Richard Jessica Joseph Karen Thomas Nancy Charles Betty "
    "Steven Sandra Kevin Ashley Brian Donna Edward Carol Jason Amanda Jeff Melissa Ryan Rebecca Gary Stephanie Nick "
    "Sharon Eric Kathy Stephen Angela Larry Brenda Justin Pamela Scott Nicole Brandon Katie Frank Helen Greg "
    "Samantha Ray Janet Patrick Carolyn Jerry Rachel Tyler Heather Aaron Diana Henry Julie Doug Joyce Zach Victoria "
    "Kyle Kelly Walter Christina Harold Joan Jeremy Evelyn Ethan Judy Carlo Megan Keith Andrea Roger Cheryl Gerald "
    "Jacqueline Ali Mohammed Hassan Layla Yuki Hiro Sakura Ling Ming Raj Anita Deepa Arjun Ngozi Kwame Amara Thandi "
    "Pablo Lucia Diego Camila Mateo Elena Sergei Natasha Dmitri Anya Piotr Kasia Lars Ingrid Bjorn Astrid Jean "
    "Pierre Claire Antoine"
)
COMMON = material.words(
    "hello world sat mat meeting tomorrow tonight coffee pizza money phone computer keyboard office friend family "
    "mother father sister brother baby people person man woman child children boy girl work job boss team player "
    "game football summer winter spring autumn holiday beach party birthday present cake dinner lunch breakfast "
    "water juice wine please bring remember forget think believe know hope wish want need love hate like enjoy play "
    "run walk jump swim climb fly drive ride travel visit call write read listen watch cook clean build break fix "
    "open close start stop finish begin learn teach study pass fail win lose buy sell pay cost give take send "
    "receive carry hold throw catch good bad nice great awful terrible wonderful beautiful ugly pretty smart stupid "
    "funny serious easy difficult hard simple complex right wrong true false real fake same different first last "
    "next previous important urgent secret public private local foreign national city town village country nation "
    "europe africa america asia north south east west left right corner middle center edge top bottom inside "
    "outside upstairs monday friday weekend month minute second morning evening afternoon night today yesterday "
    "always never sometimes often rarely again already maybe quickly slowly carefully loudly quietly happily sadly "
    "suddenly finally really very quite almost nearly exactly banana mango grape cherry melon kiwi peach plum pear "
    "carrot potato tomato onion pepper garlic bean rice pasta cheese butter milk yogurt honey sugar salt chocolate "
    "cookie candy sandwich burger salad soup steak chicken beef elephant giraffe monkey panda koala kangaroo "
    "penguin dolphin shark whale octopus spider ant bee wasp butterfly snake lizard turtle crocodile eagle hawk "
    "pigeon sparrow goose turkey pig cow sheep donkey camel hamster doctor lawyer engineer soldier police artist "
    "musician actor writer scientist student chef waiter driver guitar trumpet cello flute opera concert movie film "
    "theater museum picture photo camera video radio television internet website email password account button "
    "screen mouse printer battery cable laptop tablet server robot rocket planet galaxy comet asteroid satellite "
    "gravity energy power light sound color number letter word sentence paragraph page chapter story poem song "
    "dance joke riddle question answer problem solution idea plan project goal"
)


def made_name(rng: random.Random) -> str:
    """A first name by rule, two or three syllables: Brelin, Tokiva, Sheart."""
    while True:
        parts = [pick(rng, _ONSETS) + pick(rng, _VOWELS) + pick(rng, _CODAS) for _ in range(pick(rng, (2, 2, 2, 3)))]
        if 3 <= len(found := "".join(parts)) <= 10:
            return found.capitalize()


def any_name(rng: random.Random) -> str:
    """A common first name or, three times in four, one made by rule."""
    return pick(rng, COMMON_NAMES) if rng.random() < 0.25 else made_name(rng)


def any_word(rng: random.Random) -> str:
    """A word in small letters: common, of the corpus's own tables, or made by rule."""
    roll = rng.random()
    if roll < 0.4:
        return pick(rng, COMMON)
    if roll < 0.6:
        return pick(rng, material.NOUNS + material.ADJECTIVES)
    return material.made_up(rng) if roll < 0.8 else made_name(rng).lower()


_SPELT = (*COMMON, *material.NOUNS, *material.ADJECTIVES, *material.VERBS)


def any_spelling(rng: random.Random) -> str:
    """A word of any table, all alike, or one time in five made by rule."""
    return pick(rng, _SPELT) if rng.random() < 0.8 else any_word(rng)


_SMALL = material.words(
    "the the the a on in of to for and with is was are my your we they it at by from not but so very"
)


def any_text(rng: random.Random, least: int = 3, most: int = 10) -> str:
    """Words in no order, as many as `least` to `most`, mostly written as a sentence."""
    found = [pick(rng, _SMALL) if rng.random() < 0.3 else any_word(rng) for _ in range(between(rng, least, most))]
    if rng.random() < 0.15:
        found[between(rng, 0, len(found) - 1)] = pick(rng, (any_name(rng), str(between(rng, 2, 999))))
    text = " ".join(found)
    return text[0].upper() + text[1:] + pick(rng, "......!?") if rng.random() < 0.75 else text


def any_noun(rng: random.Random) -> tuple[str, str]:
    """A noun that can be counted and its plural with -s: (blip, blips)."""
    while (word := any_word(rng)).endswith(("s", "x", "z", "h", "y", "f")):
        pass
    return word, word + "s"
