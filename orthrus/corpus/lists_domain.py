"""Sorting, searching, counting and adding up short lists of numbers or words.

Every task is walked through item by item: the items are copied from the prompt in order, and each line holds
one small decision (larger? even? seen before?). Copying is predictable, the decisions are the entropy.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from orthrus.corpus import list_steps, sorting
from orthrus.corpus.asks import LIST, MORE_LISTS
from orthrus.corpus.base import Example, typo
from orthrus.corpus.list_filters import Question, question
from orthrus.corpus.open_words import any_word
from orthrus.corpus.reckoning import between, final_answer, pick

DOMAIN = "lists"
HELD_OUT: frozenset[str] = frozenset("lists:" + form for form in ("count-numbers", "dedupe-numbers", "odds-sum"))
PRESETS: tuple[str, ...] = (
    "What is the largest number in 14, 62, 35 and 8?",
    "Sort these words alphabetically: tree, apple, moon, fish",
    "Add up 12, 7, 25 and 9.",
    "Sort these numbers from smallest to largest: 42, 7, 19, 33, 8",  # answered wrong: it shows what is too hard
)
WORDS = tuple(
    "apple ant bear bird boat book bread cake car cat chair cloud coat cow desk dog door duck eagle egg "
    "farm fish flag flower fox frog garden goat grass green hat hill horse house ice island jar juice key "
    "king kite lake lamp leaf lemon lion map milk moon mouse music nest night nose nut ocean onion orange "
    "owl paper park pear pen pig pizza queen rabbit rain river road rose salt sand school sea sheep ship "
    "shoe snow soup star stone sun table tea tiger train tree uncle valley violin wall water whale wind "
    "wolf wood yard yellow zebra".split()
)
_FORMS = (
    "sort-up sort-up sort-down sort-down sort-words sort-words largest largest smallest smallest sum sum "
    "sum evens odds evens-sum odds-sum count-words count-words count-numbers reverse-numbers "
    "reverse-words dedupe-words dedupe-words dedupe-numbers letter letter first last nth nth length"
).split()

_SORTS = ("sort-up", "sort-up", "sort-down", "sort-words")


def sample(rng: random.Random) -> Example:
    """One task over a random list."""
    return _asked(rng, _items)


def wide(rng: random.Random) -> Example:
    """One task over a list of three to nine items: any word, made up or not, and numbers of up to three digits."""
    return _asked(rng, _any_items)


def _asked(rng: random.Random, draw: Callable[..., tuple[list[str], str]], forms: Sequence[str] = _FORMS) -> Example:
    form = pick(rng, forms)
    task = form.removesuffix("-numbers") if form.endswith("-numbers") else form
    task = task.removesuffix("-words") if task != "sort-words" else task
    items, about = draw(form, task, rng)
    lines, result = _worked(task, items, about)
    asks = MORE_LISTS.get(task, LIST[task]) if draw is _any_items and rng.random() < 0.3 else LIST[task]
    return _example(rng, Question(form, asks, about, items, lines, result))


def varied(rng: random.Random) -> Example:
    """A question composed of a filter and what is done with what it keeps, one about words and numbers mixed, or a
    list to sort, which takes the most lines.
    """
    return _asked(rng, _any_items, _SORTS) if rng.random() < 0.5 else _example(rng, question(rng))


def _example(rng: random.Random, q: Question) -> Example:
    asked = typo(rng, pick(rng, q.asks)).replace("@", q.about).format(_written(q.items, rng))  # items stay as they are
    if rng.random() < 0.12:
        asked += ("" if asked[-1] in ".?" else ".") + pick(
            rng, (" Step by step.", " Explain each step.", " Please.", " Show your work.")
        )
    answer = "\n".join((*q.lines, f"The answer is {q.result}."))
    return Example(DOMAIN, f"lists:{q.form}", (("user", asked), ("assistant", answer)), q.result)


def grade(example: Example, text: str) -> bool:
    """Whether the final answer has the expected items in the expected order."""
    return _normal(final_answer(text)) == _normal(example.expected)


def _normal(answer: str) -> list[str]:
    return answer.lower().replace(" and ", ", ").replace(",", " ").strip(" []").split()


def _items(form: str, task: str, rng: random.Random) -> tuple[list[str], str]:
    """The list, and what is asked about it: an item, a letter, a position or nothing."""
    size = between(rng, 4, 7)
    of_words = (
        form.endswith("-words")
        or task == "letter"
        or (task in ("first", "last", "nth", "length") and rng.random() < 0.5)
    )
    if task in ("count", "dedupe"):
        few = (
            rng.sample(WORDS, between(rng, 2, 4))
            if of_words
            else [str(n) for n in rng.sample(range(1, 60), between(rng, 2, 4))]
        )
        items = few + [pick(rng, few) for _ in range(size - len(few))]
        rng.shuffle(items)
        return items, pick(rng, few)
    if not of_words:
        top = 30 if "sum" in task else pick(rng, (20, 99, 99))  # people type small numbers
        items = [str(n) for n in rng.sample(range(1, top), size - ("sum" in task and size > 5))]
        return items, str(between(rng, 1, len(items)))
    items = rng.sample(WORDS, size)
    if task == "sort-words":  # by the first letter alone
        items = list({word[0]: word for word in items}.values())
        return items, ""
    return items, pick(rng, items)[0] if task == "letter" else str(between(rng, 1, size))


def _any_items(form: str, task: str, rng: random.Random) -> tuple[list[str], str]:
    """As `_items`, from open sets."""
    size = pick(rng, (3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 7, 8, 9))
    of_words = form.endswith("-words") or task == "letter"
    of_words = of_words or (task in ("first", "last", "nth", "length", "reverse") and rng.random() < 0.5)
    top = pick(rng, (20, 99, 99, 999)) if task.startswith("sort") or "est" in task or not of_words else 99
    if "sum" in task:
        size, top = min(size, 6), pick(rng, (20, 99, 99)) if size > 3 else 999
    draw = any_word if of_words else lambda r: str(between(r, 1, top))
    found: list[str] = []
    while len(found) < (few := size if task not in ("count", "dedupe") else between(rng, 2, max(2, size - 1))):
        item = draw(rng)
        if task == "sort-words" and rng.random() < 0.85 and item[0].lower() in {word[0].lower() for word in found}:
            continue
        if item.lower() not in {word.lower() for word in found}:
            found.append(item)
    items = found + [pick(rng, found) for _ in range(size - few)]
    rng.shuffle(items)
    if task == "count":
        return items, pick(rng, items)
    return items, items[0][0] if task == "letter" else str(between(rng, 1, size))


def _written(items: list[str], rng: random.Random) -> str:
    """The list as a visitor would write it."""
    draw = rng.random()
    if draw < 0.15:
        return "[" + ", ".join(items) + "]"
    if draw < 0.25:
        return " ".join(items)
    if draw < 0.4:
        return ", ".join(items[:-1]) + " and " + items[-1]
    return ", ".join(items)


def _worked(task: str, items: list[str], about: str) -> tuple[list[str], str]:
    """The lines of the walk through the list, and the result."""
    if task.startswith("sort"):
        return sorting.worked(task, items)
    if task in ("largest", "smallest"):
        return list_steps.extreme(task, items)
    if task == "sum":
        return list_steps.summed([], items)
    if task.endswith("-sum"):
        return list_steps.filtered_sum(items, list_steps.parity(task.removesuffix("-sum")))
    if task in ("evens", "odds"):
        return list_steps.counted(items, list_steps.parity(task))
    if task == "count":
        return list_steps.occurrences(items, about)
    if task == "letter":
        lines, kept = list_steps.filtered(items, list_steps.initial(about))
        return lines, ", ".join(kept)
    if task == "dedupe":
        return list_steps.deduplicated(items)
    if task == "reverse":
        return list_steps.turned(items)
    return _placed(task, items, about)


def _placed(task: str, items: list[str], about: str) -> tuple[list[str], str]:
    """What stands where: the items are numbered aloud."""
    lines = list_steps.numbered(items)
    if task == "first":
        return [
            f"The list starts with {items[0]}, and after it comes {items[1]}.",
            f"So the first item is {items[0]}.",
        ], items[0]
    if task == "last":
        return [*lines, f"So the last item is {items[-1]}."], items[-1]
    if task == "nth":
        found = items[int(about) - 1]
        return [*lines[: int(about)], f"So item {about} is {found}."], found
    return [*lines, f"So the list has {len(items)} items."], str(len(items))
