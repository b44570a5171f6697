"""Copying: repeat a line or a word many times, count, say a known sequence, repeat a text. Entropy is near zero.

Most of it is repetition and counting, which a block of tokens can be guessed at; eight in a hundred are codes, digits
and words nobody wrote before, which only copying can get right. What is said more than six times stands in numbered
lines: without numbers, nothing in the text tells a model of this size how often it has said a thing, and an earlier one
went on for ever. How long an answer is must not tell where it ends either: one whose counts were cut at a fixed length
went on to that length, whatever number it was to stop at.

`drill` is the same skill with everything else left out: several short tasks in a row, for training alone.
"""

from __future__ import annotations

import random

from orthrus.corpus import base, material, sequences
from orthrus.corpus.base import Example
from orthrus.corpus.copy_texts import HARD
from orthrus.corpus.material import variants
from orthrus.corpus.open_words import any_text
from orthrus.corpus.sequences import Asked, spoken

DOMAIN = "copy"
HELD_OUT = frozenset({"mixed", "lines:7", "count:4", "known:months"})
PRESETS = (
    "Repeat this text exactly: The small robot found the golden key.",
    "Repeat this line 5 times: The quick robot painted the yellow bridge.",
    "Count from 12 to 40.",
)

_REPEAT = variants(
    "Repeat this text exactly:|Repeat exactly:|Repeat this:|Repeat after me:|Copy this text:|Copy this exactly:|Copy:|"
    "Please repeat this text word for word:|Say this again, word for word:|Write exactly this:|Echo this back to me:|"
    "Can you repeat this for me?|Give me back this text unchanged:|Please copy the following text:|Repeat this line:|"
    "Write down the following, without changes:|Type this text again:|Repeat the following exactly:|"
    "Copy this without any mistakes:|Say exactly this:"
)
_PHRASES = variants(
    "good morning|good night|good luck|happy birthday|thank you|well done|never give up|take it easy|see you soon|"
    "no problem|once upon a time|I love you|I am a robot|let it snow|hello world|have a nice day|here we go|all is well"
)
_WORDS = tuple(dict.fromkeys(material.NOUNS + material.ADJECTIVES)) + material.words(
    "hello yes no please thanks sorry welcome hooray bravo wow love peace hope music summer winter spring autumn monday"
)
_FEW = (2, 3, 3, 4, 4, 5, 5, 6)  # times that can be kept in mind without numbers
_MANY = (*range(5, 31), 10, 10, 12, 15, 20, 20, 25, 30)
_ANSWER_TOKENS = 170  # about the longest answer


def _lines(text: str, count: int) -> str:
    """`text` on `count` numbered lines."""
    return "\n".join(f"{i}. {text}" for i in range(1, count + 1))


def _many(rng: random.Random, text: str, most: int) -> int:
    """How many numbered lines of `text`: `most` at most, and no more than an answer may be long."""
    fitting = _ANSWER_TOKENS // (5 + len(text) // 3)  # the tokenizer takes about three letters at a time
    return min(most, fitting, rng.choice(_MANY))


def _numbered(rng: random.Random, text: str, count: int, noun: str) -> tuple[str, str]:
    """Prompt and answer of `text` on `count` lines, each with its number, which is what says where to end."""
    n = spoken(rng, count)
    forms = (
        "Write the {k} {w} {n} times, numbered.", "Write {w} {n} times and number the lines.",
        "Make a numbered list with the {k} {w} {n} times.", "Write {w} {n} times, as a numbered list.",
        "Number {n} lines and write {w} on each.", "Repeat {w} {n} times with line numbers.",
    )  # fmt: skip
    quoted = f'"{text}"' if " " in text or rng.random() < 0.3 else text
    return base.typo(rng, rng.choice(forms)).format(k=noun, w=quoted, n=n), _lines(text, count)


def _word(rng: random.Random, most: int = 30) -> Asked:
    """One word: many times in numbered lines, or a few times, apart by spaces unless asked otherwise."""
    word = rng.choice(_WORDS)
    if rng.random() < 0.8:
        return "word_numbered", *_numbered(rng, word, _many(rng, word, most), "word")
    count = rng.choice(_FEW)
    shown = f'"{word}"' if rng.random() < 0.25 else word
    asked, separator = sequences.layout(rng, " ")
    forms = (
        "Write the word {w} {n} times{a}.", "Write the word {w} {n} times{a}.", "Write {w} {n} times{a}.",
        "Repeat the word {w} {n} times{a}.", "Say {w} {n} times{a}.", "Please write the word {w} {n} times{a}.",
        "Can you write {w} {n} times{a}?", "Type the word {w} {n} times{a}.", "Say the word {w} {n} times{a}",
    )  # fmt: skip
    prompt = base.typo(rng, rng.choice(forms)).format(w=shown, n=spoken(rng, count), a=asked)
    return f"word:{count}", prompt, separator.join([word] * count)


def _words_together(rng: random.Random) -> str:
    """Two to five words that belong together, now and then a phrase everybody knows."""
    noun, other, adjective = rng.choice(material.NOUNS), rng.choice(material.NOUNS), rng.choice(material.ADJECTIVES)
    forms = (
        f"the {adjective} {noun}", f"{adjective} {noun}", f"{noun} and {other}", f"my {adjective} {noun}",
        f"I like the {noun}", f"{base.name(rng)} and the {noun}", f"{adjective} and {rng.choice(material.ADJECTIVES)}",
        f"no {noun} today", f"the {noun} is {adjective}", f"{base.name(rng)} {rng.choice(material.VERBS)} the {noun}",
        f"hello {base.name(rng)}", f"{rng.choice(material.CITIES)} in {rng.choice(('spring', 'summer', 'winter'))}",
    )  # fmt: skip
    return rng.choice(_PHRASES) if rng.random() < 0.2 else rng.choice(forms)


def _phrase(rng: random.Random, most: int = 30) -> Asked:
    """A short phrase: many times in numbered lines, or a few times, apart by commas unless asked otherwise."""
    phrase = _words_together(rng)
    if rng.random() < 0.8:
        return "phrase_numbered", *_numbered(rng, phrase, _many(rng, phrase, most), "words")
    count = rng.choice(_FEW)
    asked, separator = sequences.layout(rng, ", ")
    shown = f'"{phrase}"' if rng.random() < 0.4 else phrase
    forms = ("Say {w} {n} times{a}.", "Repeat {w} {n} times{a}.", "Write {w} {n} times{a}.",
             "Please say {w} {n} times{a}.", "Write the words {w} {n} times{a}.")  # fmt: skip
    prompt = base.typo(rng, rng.choice(forms)).format(w=shown, n=spoken(rng, count), a=asked)
    return f"phrase:{count}", prompt, separator.join([phrase] * count)


def _line(rng: random.Random, most: int = 30) -> Asked:
    """A line several times, one below the other; more often where the lines are to be numbered."""
    numbered, line = rng.random() < 0.75, material.line(rng)
    count = _many(rng, line, most) if numbered else min(most, rng.choice(_FEW))
    number = spoken(rng, count)
    forms = (
        'Write the line "{w}" {n} times{a}.', "Write this line {n} times{a}: {w}", "Repeat this line {n} times{a}: {w}",
        "Repeat this line {n} times{a}: {w}", "Repeat this {n} times{a}: {w}", "Say this {n} times{a}:\n{w}",
        "Write {n} times{a}: {w}", "Please copy this sentence {n} times{a}: {w}",
    )  # fmt: skip
    asked = rng.choice((", numbered", " with numbers", " in numbered lines")) if numbered else ""
    prompt = base.typo(rng, rng.choice(forms)).format(w=line, n=number, a=asked)
    if numbered:
        return f"lines:{count}", prompt, _lines(line, count)
    return f"times:{count}", prompt, "\n".join([line] * count)


def _repetition(rng: random.Random) -> Asked:
    return rng.choices((_word, _phrase, _line), (8, 10, 18))[0](rng)


def _counting(rng: random.Random) -> Asked:
    return rng.choices((sequences.count, sequences.evens), (4, 1))[0](rng)


def _repeat(rng: random.Random, structure: str, text: str) -> Asked:
    """Any text, asked for once."""
    instruction = base.typo(rng, rng.choice(_REPEAT))
    roll = rng.random()
    if roll < 0.12:
        return structure, f'{instruction} "{text}"', text
    if roll < 0.2 and "\n" not in text:
        return structure, f'Repeat "{text}" exactly.', text
    return structure, f"{instruction}{rng.choice((' ', ' ', chr(10)))}{text}", text


def _sentences(rng: random.Random) -> Asked:
    """One or two plain sentences, once or, one below the other, two to four times."""
    text = material.sentences(rng, rng.choice((1, 2, 2)))
    if rng.random() < 0.3:
        return _repeat(rng, "sentence", text)
    count = rng.choice((2, 3, 3, 4, 4))
    number = {2: ("twice", "two times"), 3: ("three times", "3 times"), 4: ("four times", "4 times")}[count]
    forms = ("Repeat this text {n}:", "Copy this text {n}:", "Write this {n}:", "Say this {n}:", "Please copy {n}:")
    prompt = base.typo(rng, rng.choice(forms).format(n=rng.choice(number))) + f"{rng.choice((' ', chr(10)))}{text}"
    return f"sentence:{count}", prompt, "\n".join([text] * count)


def _hard(rng: random.Random) -> Asked:
    """Short texts that nothing but the prompt can tell."""
    structure, make, _ = rng.choices(HARD, [weight for _, _, weight in HARD])[0]
    return _repeat(rng, structure, make(rng))


_KINDS = ((_repetition, 50), (_counting, 28), (sequences.known, 4), (_sentences, 10), (_hard, 8))


def sample(rng: random.Random) -> Example:
    """One copying task of any structure."""
    make = rng.choices([kind for kind, _ in _KINDS], [weight for _, weight in _KINDS])[0]
    structure, prompt, text = make(rng)
    return Example(DOMAIN, structure, (("user", prompt), ("assistant", text)), text)


def wide(rng: random.Random) -> Example:
    """One text of any words, once or a few times, or a short count."""
    roll = rng.random()
    if roll < 0.65:
        asked = _repeat(rng, "sentence", " ".join(any_text(rng) for _ in range(rng.choice((1, 1, 1, 2)))))
    elif roll < 0.8:
        asked = _hard(rng)
    else:
        asked = rng.choice((_short_count, _word, _phrase))(rng)
    structure, prompt, text = asked
    return Example(DOMAIN, structure, (("user", prompt), ("assistant", text)), text)


# times in a drill; what is short may be said more often
_DRILLED = {_word: (2, 3, 4, 6, 8, 11, 13, 16, 19), _phrase: (2, 3, 4, 5, 7, 10, 12, 15), _line: (2, 3, 4, 5, 7, 11)}


def drill(rng: random.Random) -> Example:
    """One short task: a count, a repetition or a list that ends after a few items, each of which has to be looked up.

    Long answers ask where to end once in a hundred tokens; these ask it every ten.
    """
    kinds = ((_short_count, 9), (_word, 2), (_phrase, 2), (_line, 1), (_hard, 4))
    make = rng.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
    structure, prompt, text = make(rng, rng.choice(_DRILLED[make])) if make in _DRILLED else make(rng)
    return Example(DOMAIN, structure, (("user", prompt), ("assistant", text)), text)


def _short_count(rng: random.Random) -> Asked:
    terms = range(2, 18) if rng.random() < 0.4 else range(2, 8)
    return rng.choices((sequences.count, sequences.evens), (4, 1))[0](rng, terms)


def grade(example: Example, text: str) -> bool:
    """Exactly the expected text; white space around it does not count."""
    return text.strip() == example.expected.strip()
