"""Editing a given text: replace, upper case, number, sort, swap. The answer is the edited text alone: low entropy.

The text to edit is never spoilt by typing mistakes; the instruction may be.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from orthrus.corpus import base, edit_lines, edit_open, edit_pronouns, material
from orthrus.corpus.base import Example
from orthrus.corpus.edit_lines import Task

DOMAIN = "edit"
HELD_OUT = frozenset({"replace_two", "sort_and_number", "first_letter_upper", "bullets_repeated"})
PRESETS = (
    "Replace Mia by Tom in this text: Mia painted the old boat on Sunday. Mia liked the quiet lake.",
    "Number these lines:\nbuy bread\ncall Nora\nwash the car\nfeed the cat",
    "Make this a bullet list:\nred apples\ngreen tea\nwarm bread",
)

_CLASSES = (frozenset(material.NOUNS), frozenset(material.ADJECTIVES), frozenset(base.NAMES))


def _text(rng: random.Random) -> str:
    """One or two plain sentences, at times a line several times over."""
    if rng.random() < 0.25:
        return "\n".join([material.line(rng)] * rng.randrange(3, 6))
    return material.sentences(rng, rng.choice((1, 2, 2, 2)))


def _replaceable(rng: random.Random, text: str) -> tuple[str, str] | None:
    """A word of `text` and a fresh one of its own class."""
    present = re.findall(r"[A-Za-z]+", text)
    spots = [(word, known) for word in present for known in _CLASSES if word in known]
    if not spots:
        return None
    old, known = rng.choice(spots)
    pool = next(p for p in (material.NOUNS, material.ADJECTIVES, base.NAMES) if known == frozenset(p))
    new = rng.choice(pool)
    return None if new in present else (old, new)


def _swap_in(text: str, old: str, new: str) -> str:
    return re.sub(rf"\b{re.escape(old)}\b", new, text)


def _echo(rng: random.Random, text: str, word: str) -> str:
    """`text`, half of the time with one more sentence about `word`, so that every place has to be found."""
    if rng.random() < 0.5 or text.count(" ") > 14 or "\n" in text:
        return text
    subject = word if word[0].isupper() else f"The {word}"
    if word in _CLASSES[1]:
        subject = f"The {word} {rng.choice(material.NOUNS)}"
    return f"{text} {subject} {rng.choice(material.VERBS)} the {rng.choice(material.NOUNS)}."


def _pair(rng: random.Random) -> tuple[str, str, str]:
    """A text, a word of it and its replacement."""
    while True:
        text = _text(rng)
        if found := _replaceable(rng, text):
            old, new = found
            text = _echo(rng, text, old)
            if not re.search(rf"\b{new}\b", text):
                return text, old, new


def _replace(rng: random.Random) -> Task:
    text, old, new = _pair(rng)
    if rng.random() < 0.4:
        old_shown, new_shown = f'"{old}"', f'"{new}"'
    else:
        old_shown, new_shown = old, new
    forms = (
        f"Replace {old_shown} by {new_shown}",
        f"Replace {old_shown} with {new_shown}",
        f"Replace every {old_shown} with {new_shown}",
        f"Change {old_shown} to {new_shown}",
        f"Change the word {old_shown} to {new_shown}" if old[0].islower() else f"Change the name {old} to {new}",
        f"Write {new_shown} instead of {old_shown}",
        f"Swap {old_shown} for {new_shown}",
    )
    return "replace", rng.choice(forms), text, _swap_in(text, old, new)


def _replace_lines(rng: random.Random) -> Task:
    """One word replaced in every line: a line said several times, or lines about the same somebody."""
    old, new = rng.sample(rng.choice((base.NAMES, material.NOUNS)), 2)
    count = rng.randrange(3, 8)
    subject = old if old[0].isupper() else f"The {old}"
    others = [noun for noun in material.NOUNS if noun not in (old, new)]
    lines = [f"{subject} {rng.choice(material.VERBS)} the {rng.choice(others)}." for _ in range(count)]
    if rng.random() < 0.7:
        lines = lines[:1] * count
    text = "\n".join(lines)
    forms = ("Replace every {o} by {n}", "Replace {o} by {n} in every line", "Replace every {o} with {n}",
             "Change every {o} to {n}", "Write {n} instead of {o} in every line")  # fmt: skip
    return "replace_lines", rng.choice(forms).format(o=old, n=new), text, _swap_in(text, old, new)


def _replace_two(rng: random.Random) -> Task:
    text, old, new = _pair(rng)
    for _ in range(20):
        if (found := _replaceable(rng, text)) and old not in found and new not in found:
            break
    else:
        return _replace(rng)
    edited = _swap_in(_swap_in(text, old, new), *found)
    return "replace_two", f"Replace {old} by {new} and {found[0]} by {found[1]}", text, edited


def _cased(rng: random.Random) -> str:
    """What is to change its case: a text, or a few words."""
    if rng.random() < 0.7:
        return _text(rng)
    return " ".join(rng.choices(material.ADJECTIVES + material.NOUNS, k=rng.randrange(1, 4)))


def _upper(rng: random.Random) -> Task:
    text = _cased(rng)
    forms = ("Change to upper case", "Write in capital letters", "Make upper case", "Write in upper case",
             "Convert to uppercase", "Put everything in capitals", "Make uppercase", "Write in capitals")  # fmt: skip
    return "upper", rng.choice(forms), text, text.upper()


def _lower(rng: random.Random) -> Task:
    text = _cased(rng)
    forms = ("Change to lower case", "Write in small letters", "Make lower case", "Convert to lowercase")
    return "lower", rng.choice(forms), text.upper() if rng.random() < 0.5 else text, text.lower()


def _first_letter_upper(rng: random.Random) -> Task:
    text = " ".join(rng.choices(material.NOUNS + material.ADJECTIVES, k=rng.randrange(4, 9)))
    return "first_letter_upper", "Start every word with a capital letter", text, text.title()


def _doubled(rng: random.Random) -> Task:
    text = _text(rng)
    parts = text.split(" ")
    inner = [i for i in range(len(parts) - 1) if parts[i].isalpha() and parts[i].islower()]
    for i in sorted(rng.sample(inner, min(len(inner), rng.choice((1, 1, 2)))), reverse=True):
        parts.insert(i, parts[i])
    forms = ("Fix the doubled words", "Remove the doubled words", "Remove repeated words", "Delete the double words",
             "Some words are written twice; fix them")  # fmt: skip
    return "doubled", rng.choice(forms), " ".join(parts), text


def _swap(rng: random.Random) -> Task:
    for _ in range(50):
        text = _text(rng)
        known = [w for w in re.findall(r"[a-z]+", text) if w in _CLASSES[0]]
        if len(set(known)) >= 2 and len(set(known)) == len(known):
            one, two = rng.sample(known, 2)
            after = "".join({one: two, two: one}.get(part, part) for part in re.split(r"([a-z]+)", text))
            forms = (f"Swap the words {one} and {two}", f'Swap "{one}" and "{two}"', f"Exchange {one} and {two}",
                     f"Swap {one} and {two}")  # fmt: skip
            return "swap", rng.choice(forms), text, after
    return _replace(rng)


def _delete(rng: random.Random) -> Task:
    for _ in range(50):
        text = _text(rng)
        known = [w for w in re.findall(r"[a-z]+(?= [a-z])", text) if w in _CLASSES[1] and w not in _CLASSES[0]]
        # "was old and tired" must keep both words to stay a sentence
        known = [w for w in known if re.search(rf"\b(?:[Tt]he) {w} [a-z]", text) and text.count(w) == 1]
        if known:
            word = rng.choice(known)
            forms = (f"Delete the word {word}", f'Remove "{word}"', f"Leave out the word {word}", f"Remove {word}")
            return "delete", rng.choice(forms), text, text.replace(f" {word} ", " ")
    return _replace(rng)


_TASKS = (
    (_replace, 8), (_replace_lines, 6), (_upper, 3), (_lower, 2), (_doubled, 3), (edit_pronouns.task, 3), (_swap, 2),
    (_delete, 2), (edit_lines.number, 6), (edit_lines.bullets, 6), (edit_lines.sort, 2), (edit_lines.reverse, 2),
    (_replace_two, 1), (edit_lines.sort_and_number, 1), (_first_letter_upper, 1),
)  # fmt: skip
_MAKERS = [task for task, _ in _TASKS]
_WEIGHTS = [weight for _, weight in _TASKS]
_WHERE = ("in this text", "in this text", "in the following text", "in", "here", "in this sentence")
_THIS = ("this text", "this text", "this")
_ABOUT_LINES = frozenset({"number", "sort", "reverse", "bullets", "bullets_repeated", "sort_and_number"})


def _prompt(rng: random.Random, structure: str, instruction: str, text: str) -> str:
    polite = "" if rng.random() < 0.7 else rng.choice(("Please ", "Can you ", "Now "))
    if polite and not instruction.startswith("Some words"):
        instruction = polite + instruction[0].lower() + instruction[1:]
    if structure in _ABOUT_LINES:
        return f"{base.typo(rng, instruction)}:\n{text}"
    if structure in ("upper", "lower"):
        if rng.random() < 0.7:
            instruction = re.sub(
                r"(Change|Write|Make|Convert|change|write|make|convert)\b", rf"\1 {rng.choice(_THIS)}", instruction
            )
    elif structure == "replace_lines":
        return f"{instruction}:\n{text}"
    elif structure.endswith(("_to_she", "_to_he")) and "this" in instruction:
        pass
    elif rng.random() < 0.75:
        instruction = f"{instruction} {rng.choice(_WHERE)}"
    if structure not in ("replace", "replace_two", "swap", "delete"):  # those instructions name words of the text
        instruction = base.typo(rng, instruction)
    return f"{instruction}:{rng.choice((' ', ' ', chr(10)))}{text}"


def sample(rng: random.Random) -> Example:
    """One editing task of any structure."""
    return _asked(rng, rng.choices(_MAKERS, _WEIGHTS)[0])


def wide(rng: random.Random) -> Example:
    """One editing task on a text of any words."""
    return _asked(rng, edit_open.task)


def varied(rng: random.Random) -> Example:
    """What cannot be copied as it stands: letters in the other case, words and lines that change places."""
    return _asked(rng, rng.choice(_CHANGED))


_CHANGED = (
    _upper, _upper, *(edit_open.upper,) * 7, _lower, _lower, edit_open.lower, edit_lines.sort, edit_open.sort,
    edit_lines.reverse, edit_open.reverse, *(_swap,) * 4, *(edit_open.swap,) * 2, *(_replace, edit_open.word) * 2,
)  # fmt: skip


def _asked(rng: random.Random, make: Callable[[random.Random], Task]) -> Example:
    structure, instruction, before, after = make(rng)
    prompt = _prompt(rng, structure, instruction, before)
    letters = structure in ("lower", "upper") and (before.isupper() or after.isupper())  # capitals are such tokens
    return Example(DOMAIN, structure, (("user", prompt), ("assistant", after)), after, letters)


def grade(example: Example, text: str) -> bool:
    """Exactly the edited text; white space around it does not count."""
    return text.strip() == example.expected.strip()
