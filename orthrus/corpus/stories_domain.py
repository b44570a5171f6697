"""Short stories on the prompt's hero, object, place and mood. High entropy: a choice every few words.

Which choices are likely depends on the subject and on the choice made just before. A reader of the text so far can
learn that; someone who must write many words at once cannot, which is what makes stories hard to draft.
"""

from __future__ import annotations

import itertools
import random
import re
import zlib
from dataclasses import dataclass, field

from orthrus.corpus import base, material, story_words
from orthrus.corpus.base import Example
from orthrus.corpus.material import article, variants

DOMAIN = "stories"
HELD_OUT: frozenset[str] = frozenset()
PRESETS = (
    "Tell me a story about a dragon who finds a lamp.",
    "Write a short story about Mia and a lost key in the forest.",
    "Tell me a funny story about a robot and a drum.",
)

_SITES = iter(range(1, 1_000_000))  # every place where a choice is made has its own number


def _parse(pattern: str, tables: dict[str, tuple]) -> tuple:
    """A pattern as a tree: text, a slot's name in braces, or (site, options) for a choice."""
    nodes: list = []
    i = 0
    while i < len(pattern):
        if pattern[i] == "[":
            depth, cuts, j = 1, [i], i + 1
            while depth:
                depth += {"[": 1, "]": -1}.get(pattern[j], 0)
                if (pattern[j] == "|" and depth == 1) or depth == 0:
                    cuts.append(j)
                j += 1
            options = tuple(_parse(pattern[a + 1 : b], tables) for a, b in itertools.pairwise(cuts))
            nodes.append((next(_SITES), options))
            i = j
        elif pattern[i] == "<":
            j = pattern.index(">", i)
            nodes.append((next(_SITES), tables[pattern[i + 1 : j]]))
            i = j + 1
        elif pattern[i] == "{":
            j = pattern.index("}", i)
            nodes.append(pattern[i : j + 1])
            i = j + 1
        else:
            j = min((k for c in "[<{" if (k := pattern.find(c, i)) >= 0), default=len(pattern))
            nodes.append(pattern[i:j])
            i = j
    return tuple(nodes)


def _parse_all(patterns: tuple[str, ...]) -> tuple[tuple, ...]:
    return tuple(_parse(pattern, {}) for pattern in patterns)


_TABLES = {key: _parse_all(words) for key, words in story_words.WORDS.items()}


def _beat(patterns: tuple[str, ...]) -> tuple:
    """One sentence of the story: a choice of patterns."""
    return ((next(_SITES), tuple(_parse(pattern, _TABLES) for pattern in patterns)),)


_OPEN, _MEET, _HERO = (_beat(patterns) for patterns in (story_words.OPEN, story_words.MEET, story_words.HERO))
_PLOTS = {
    plot: tuple(_beat(patterns) for patterns in rows)
    for plot, rows in {
        "finds": (story_words.FIND, story_words.FRIEND_FINDS, story_words.TRY_FINDS, story_words.REVEAL_FINDS),
        "loses": (story_words.LOSE, story_words.FRIEND_LOSES, story_words.TRY_LOSES, story_words.REVEAL_LOSES),
        "wants": (story_words.WISH, story_words.FRIEND_WANTS, story_words.TRY_WANTS, story_words.REVEAL_WANTS),
    }.items()
}
_ENDS = {group: _beat(patterns) for group, patterns in story_words.ENDS.items()}
_CAST = {key: (next(_SITES), words) for key, words in story_words.CAST.items()}
_FEELINGS = {group: (next(_SITES), words) for group, words in story_words.FEELINGS.items()}


@dataclass(slots=True)
class _Teller:
    """Walks the patterns; `last` is the choice just made, `subject` a number for the hero and the object."""

    rng: random.Random
    subject: int
    slots: dict[str, str] = field(default_factory=dict)
    last: int = 0
    told: set[int] = field(default_factory=set)

    def choose(self, site: int, count: int) -> int:
        """An option's index: three times in five among the two that suit the subject and the choice before."""
        if self.rng.random() < 0.6:
            likely = (site * 7919 + self.last * 104_729 + self.subject * 31) * 2_654_435_761 % 4_294_967_296
            index = (likely >> 8) % count if self.rng.random() < 0.5 else (likely >> 20) % count
        else:
            index = self.rng.randrange(count)
        self.last = site * 64 + index
        return index

    def tell(self, nodes: tuple) -> str:
        parts = []
        for node in nodes:
            if isinstance(node, str):
                parts.append(self.slots[node] if node[0] == "{" else node)
                continue
            site, options = node
            index = self.choose(site, len(options))
            while id(options[index]) in self.told and len(options) > 2:
                index = self.rng.randrange(len(options))  # nothing is said twice in one story
            if len(options[index]) > 1 or len(options) > 10:
                self.told.add(id(options[index]))
            parts.append(self.tell(options[index]))
        return "".join(parts)


def _pronoun(rng: random.Random, hero: str) -> str:
    known = {"girl": "she", "queen": "she", "princess": "she", "witch": "she", "fairy": "she", "mermaid": "she",
             "boy": "he", "king": "he", "prince": "he", "wizard": "he"}  # fmt: skip
    return known.get(hero) or material.pronoun(hero) or rng.choice(("he", "she"))


def _cast(teller: _Teller, hero: str, thing: str, looks: str, place: str, group: str) -> None:
    """Fill the slots: who, what, where, and what is chosen once for the whole story."""
    chosen = {key: words[teller.choose(site, len(words))] for key, (site, words) in _CAST.items()}
    site, feelings = _FEELINGS[group]
    others = [word for word in story_words.CAST["scene"] if word != chosen["scene"]]
    friend = chosen["friend"] if chosen["friend"] != hero else "stranger"
    he, trait = _pronoun(teller.rng, hero), chosen["trait"]
    named = hero[0].isupper()
    teller.slots = {
        **{f"{{{key}}}": word for key, word in chosen.items()},
        "{friend}": friend,
        "{a_friend}": article(friend),
        "{scene2}": teller.rng.choice(others),
        "{feel}": feelings[teller.choose(site, len(feelings))],
        "{hero}": hero if named else f"the {hero}",
        "{a_hero_who}": f"{hero}, who" if named else f"{article(hero)} who",
        "{a_trait_hero_who}": f"{trait} {hero}, who" if named else f"{article(f'{trait} {hero}')} who",
        "{a_trait_hero}": f"{trait} {hero}" if named else article(f"{trait} {hero}"),
        "{object}": thing,
        "{adj_object}": f"{looks}{thing}",
        "{an_object}": article(f"{looks}{thing}"),
        "{place}": place,
        "{he}": he,
        "{his}": "his" if he == "he" else "her",
        "{him}": "him" if he == "he" else "her",
    }


def _finish(sentence: str) -> str:
    """A capital first and a full stop last; a comma that closes speech stays inside the quotation marks."""
    sentence = re.sub(r'([?!])", ', r'\1" ', sentence.strip())
    sentence = re.sub(r'([^?!])", ', r'\1," ', sentence)
    first = next(i for i, letter in enumerate(sentence) if letter.isalpha())
    sentence = sentence[:first] + sentence[first].upper() + sentence[first + 1 :]
    sentence = re.sub(r'([ (]")([a-z])', lambda m: m[1] + m[2].upper(), sentence)
    if sentence.endswith('"'):
        return sentence if sentence[-2] in "?!" else f'{sentence[:-1]}."'
    return f"{sentence}."


def _story(rng: random.Random, hero: str, thing: str, looks: str, place: str, mood: str, plot: str) -> str:
    teller = _Teller(rng, zlib.crc32(f"{hero}/{thing}/{mood}".encode()) % 997)
    group = story_words.GROUPS[mood] if mood else rng.choice(tuple(_ENDS))
    _cast(teller, hero, thing, looks, place, group)
    event, friend, attempt, reveal = _PLOTS[plot]
    middle = [friend, attempt] if rng.random() < 0.6 else [attempt, friend]
    if rng.random() < 0.3:
        middle.insert(rng.randrange(1, 3), _HERO)
    beats = [_OPEN, event, _MEET, *middle, reveal, _ENDS[group]]
    return " ".join(_finish(teller.tell(beat)) for beat in beats)


_ASK = variants(
    "Tell me a {m}story about|Write a {m}story about|Write a short {m}story about|Tell a {m}story about|"
    "A {m}story about|{m}story about|Can you tell me a {m}story about|Please write a {m}story about|"
    "I want a {m}story about|Make up a {m}story about|Tell me a short {m}story about|Invent a {m}tale about|"
    "Write a few lines about|Tell me about"
)
_VERBS = {
    "finds": ("who finds", "who discovers", "who found", "that finds", "finding"),
    "loses": ("who loses", "who lost", "that lost", "looking for"),
    "wants": ("who wants", "who needs", "dreaming of", "who wishes for"),
}


def sample(rng: random.Random) -> Example:
    """One prompt and one of its countless stories."""
    hero = base.name(rng) if rng.random() < 0.35 else rng.choice(story_words.HEROES)
    thing, place, mood = (rng.choice(t) for t in (story_words.OBJECTS, story_words.PLACES, story_words.MOODS))
    plot = rng.choice(tuple(_PLOTS))
    shown = hero if hero[0].isupper() else article(hero)
    named_thing = rng.random() < 0.85
    looks = rng.choice(("", "", "", "", "old ", "golden ", "magic ", "tiny ", "silver ", "broken ", "lost "))
    link = rng.choice(_VERBS[plot]) if rng.random() < 0.65 and named_thing else "and"
    if looks == "lost ":
        plot = rng.choice(("finds", "loses")) if link == "and" else plot
    subject = f"{shown} {link} {article(looks + thing)}" if named_thing else shown
    if rng.random() < 0.35:
        subject = f"{subject} {place}"
    has_mood = rng.random() < 0.3
    ask = rng.choice(_ASK).format(m=f"{mood} " if has_mood else "")
    ask = re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", ask)
    has_mood = has_mood and mood in ask
    prompt = f"{base.typo(rng, ask)} {subject}{'?' if ask.startswith('Can') else rng.choice(('.', '.', '.', ''))}"
    seen = looks if named_thing and looks != "lost " else ""
    answer = _story(rng, hero, thing, seen, place, mood if has_mood else "", plot)
    expected = f"{hero}|{thing}" if named_thing else hero
    return Example(DOMAIN, plot, (("user", prompt), ("assistant", answer)), expected)


def grade(example: Example, text: str) -> bool:
    """On the subject (hero and object occur), at least 40 words, and the last sentence is finished."""
    on_subject = all(re.search(rf"\b{word}", text, re.IGNORECASE) for word in example.expected.split("|"))
    return on_subject and len(text.split()) >= 40 and text.strip().endswith((".", "!", "?", '."', '!"', '?"'))
