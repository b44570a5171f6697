"""Plain sentences, word lists and codes that `copy` and `edit` work on, and word tables that other domains share.

Everything is drawn from a grammar with millions of outcomes over a closed vocabulary: copying is a skill, not memory.
No sentence uses "a" or "an": replacing a word never breaks an article.
"""

from __future__ import annotations

import random

from orthrus.corpus import base


def words(text: str) -> tuple[str, ...]:
    """A table of single words."""
    return tuple(text.split())


def variants(text: str) -> tuple[str, ...]:
    """A table of phrases, which | separates."""
    return tuple(text.split("|"))


NOUNS = words(
    "apple ball basket bell bench bicycle bird boat book bottle box bread bridge brush bucket button cake candle car "
    "carpet cat chair cheese church clock cloud coat coin cup curtain dog door drum duck engine envelope farmer field "
    "fish flag flower fork forest fox frog garden gate glass goat guitar hammer hat hill horse house island jacket jar "
    "kettle key kite kitten ladder lake lamp leaf lemon letter library lion map market mirror moon mountain mouse "
    "needle nest nurse ocean orange owl painter paper parrot pencil piano pillow pilot plant plate pocket postcard "
    "puppy rabbit radio rain ribbon ring river road robot roof rope sailor school shelf ship shoe shop singer snow "
    "spoon squirrel star stone storm street sun table teacher tent ticket tiger tower train tree truck tunnel "
    "umbrella valley violin visitor wagon wall watch wheel whistle wind window wolf"
)
ADJECTIVES = words(
    "angry big blue brave bright broken brown busy calm careful cheap clean clever cold cosy curious dark deep dry "
    "dusty early empty famous fast fresh friendly funny gentle golden green grey happy heavy hidden honest hungry kind "
    "large late lazy little lonely long lost loud lucky narrow new noisy old orange patient pink polite proud purple "
    "quick quiet red rich round rusty sad sharp shiny short shy silent silver simple sleepy slow small smooth soft "
    "square strange strong sweet tall thick thin tiny tired warm wet white wide wild wise wooden yellow young"
)
VERBS = words(
    "admired borrowed bought brought built carried cleaned copied counted covered described discovered drew dropped "
    "examined fixed followed forgot found guarded heard helped hid ignored invited kept kicked left lifted liked lost "
    "loved missed moved needed noticed opened ordered packed painted passed photographed pulled pushed remembered "
    "repaired returned saved sold saw shared showed sketched stopped studied taught tested thanked tied touched "
    "visited wanted washed watched welcomed"
)
PREPOSITIONS = ("above", "behind", "below", "beside", "close to", "far from", "in front of", "inside", "near", "under")
TIMES = variants(
    "after lunch|after the rain|all day|at dawn|at midnight|at nine|before breakfast|during the storm|every evening|"
    "for three hours|in April|in the morning|in winter|last night|last week|on Friday|on Monday|on Sunday|once more|"
    "this year|today|twice|without a word|yesterday|before noon|in the summer|on Tuesday|again and again"
)
CITIES = words(
    "Oslo Paris Rome Berlin Lisbon Madrid Vienna Prague Dublin Athens Cairo Lima Quito Tokyo Kyoto Seoul Delhi Mumbai "
    "Boston Chicago Denver Dallas Toronto Montreal Sydney Perth Nairobi Lagos Accra Tunis Bergen Porto Seville Turin "
    "Milan Naples Geneva Zurich Munich Hamburg Warsaw Krakow Riga Vilnius Helsinki Tampere Malmo Leeds York Bristol "
    "Cardiff Glasgow Havana Bogota Austin Seattle Hanoi Manila Jakarta Osaka London"
)
_MEN = frozenset(
    words(
        "Adam Amir Anton Ben Bruno Carl Carlos Daniel David Eli Emil Erik Felix Finn George Hugo Igor Ivan "
        "Jack James Jan "
        "Jonas Kenji Leo Liam Luca Luis Marco Mark Max Milo Nico Noah Oliver Omar Oscar Paul Pedro Peter "
        "Ravi Sam Samir "
        "Sven Theo Tim Tom Victor Yusuf"
    )
)
_EITHER = frozenset(words("Chen Dara Jin Kai Robin Wei"))
_SYLLABLES = words(
    "ba bel bri cam cor da del dru en fa fin gar gel gor ha hin jo ka kel kri la lim lu mar mep mo na nel nor o pa pel "
    "pri qua ra rem ru sa sel sto ta tel tri u va vel vi wa wen xi ya yor za zel zu"
)
_UNCOUNTABLE = frozenset({"bread", "cheese", "moon", "paper", "radio", "rain", "snow", "sun", "wind"})
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ACCENTED = variants(
    "café|Zoë|naïve|jalapeño|crème brûlée|São Paulo|Köln|Málaga|déjà vu|piñata|façade|Łódź|Øresund|smörgåsbord|"
    "Björn|François|señor|über|coração|été"
)


def made_up(rng: random.Random) -> str:
    """A word of no language, so that spelling has to be copied and cannot be recalled."""
    return "".join(rng.choices(_SYLLABLES, k=rng.choice((2, 2, 3, 4))))


def code(rng: random.Random) -> str:
    """A short code such as K7-X2, 4821-B or QX-907."""
    parts = []
    for _ in range(rng.choice((1, 2, 2, 3))):
        letters = "".join(rng.choices(_LETTERS, k=rng.choice((0, 1, 1, 2, 3))))
        parts.append(letters + "".join(rng.choices("0123456789", k=rng.choice((1, 2, 3) if letters else (2, 3, 4)))))
    return rng.choice(("-", "-", "-", "/", ".")).join(parts)


def label(rng: random.Random) -> str:
    """A code with a letter in it, so that nobody can take it for a number."""
    while (text := code(rng)).upper() == text.lower():
        pass
    return text


def plural(noun: str) -> str:
    """The plural of a noun of this file's table."""
    if noun.endswith(("s", "x", "ch", "sh")) and noun != "fish":
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeo":
        return f"{noun[:-1]}ies"
    if noun.endswith("f") and noun != "roof":
        return f"{noun[:-1]}ves"
    return {"fish": "fish", "mouse": "mice"}.get(noun, f"{noun}s")


COUNTABLE = tuple(noun for noun in NOUNS if noun not in _UNCOUNTABLE)


def _thing(rng: random.Random) -> str:
    if rng.random() < 0.01:
        return made_up(rng)
    noun = rng.choice(NOUNS)
    if rng.random() < 0.6 or (adjective := rng.choice(ADJECTIVES)) == noun:
        return noun
    return f"{adjective} {noun}"


def _who(rng: random.Random) -> str:
    return rng.choice(base.NAMES) if rng.random() < 0.2 else f"the {_thing(rng)}"


def _clause(rng: random.Random) -> str:
    kind = rng.randrange(10)
    if kind < 5:
        return f"{_who(rng)} {rng.choice(VERBS)} the {_thing(rng)}"
    if kind == 5:
        return f"{_who(rng)} {rng.choice(VERBS)} {rng.randrange(2, 100)} {plural(rng.choice(COUNTABLE))}"
    if kind == 6:
        return f"the {_thing(rng)} is {rng.choice(PREPOSITIONS)} the {_thing(rng)}"
    if kind == 7:
        return f"the {_thing(rng)} was {' and '.join(rng.sample(ADJECTIVES, 2))}"
    if kind == 8:
        return f"{_who(rng)} and {_who(rng)} {rng.choice(VERBS)} the {_thing(rng)}"
    return f"{_who(rng)} {rng.choice(VERBS)} the {_thing(rng)} {rng.choice(PREPOSITIONS)} the {_thing(rng)}"


def line(rng: random.Random) -> str:
    """One plain sentence of four to eight words, all of them from the tables."""
    text = f"{_who(rng)} {rng.choice(VERBS)} the {_thing(rng)}"
    if rng.random() < 0.2:
        text = f"{text} {rng.choice(TIMES)}"
    return text[0].upper() + text[1:] + "."


def sentence(rng: random.Random) -> str:
    """One sentence of four to twelve words, its first letter a capital, its end punctuated."""
    text = _clause(rng)
    kind = rng.randrange(12)
    if kind < 2:
        text = f"{text} {rng.choice(TIMES)}"
    elif kind == 2:
        text = f"{rng.choice(TIMES)}, {text}"
    elif kind == 3 and rng.random() < 0.2:
        text = f"the code for the {_thing(rng)} is {code(rng)}"
    return text[0].upper() + text[1:] + rng.choice(".........!")


def sentences(rng: random.Random, count: int) -> str:
    """`count` sentences in a row."""
    return " ".join(sentence(rng) for _ in range(count))


def pronoun(name: str) -> str:
    """he or she where the name tells, else an empty string."""
    if name in _MEN:
        return "he"
    return "she" if name in base.NAMES and name not in _EITHER else ""


def article(words: str) -> str:
    """`words` with the indefinite article that fits them."""
    low = words.lower()
    vowel = low[0] in "aeiou" and not low.startswith(("uni", "use", "one", "eu"))
    vowel = vowel or low.startswith(("honest", "hour"))
    return f"{'an' if vowel else 'a'} {words}"


def listing(items: list[str], last: str = "and") -> str:
    """`items` joined as in a sentence: one, two and three."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"
