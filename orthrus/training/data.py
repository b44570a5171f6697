"""Training data: dialogues packed into rows. A batch depends on (seed, step) alone, so a resumed run repeats it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from orthrus.corpus import domain_module, open_world
from orthrus.corpus.base import Example, split_of

# Shares of the training examples. What is copied or reckoned gets most: there a single slip makes an answer wrong.
MIXTURE = {
    "math": 0.17,
    "equations": 0.11,
    "lists": 0.14,
    "units": 0.07,
    "json": 0.09,
    "code": 0.08,
    "copy": 0.10,
    "edit": 0.15,
    "stories": 0.04,
    "explain": 0.06,
    "chat": 0.12,
}
WIDE = 0.6  # share of the open world among the domains' examples, in all stages
Batch = TypeVar("Batch", bound=tuple)
FIRST_ORDINARY = 6  # token ids below are special
# Special tokens, letters, runs of signs, anything else; letters and signs with the space before, as in the tokenizer.
_LETTERS = re.compile(r"<\|.*?\|>| ?[^\W\d_]| ?[^\s\w<]+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A stage's data mixture: domains by `mixture`; echoes and drills as shares of all documents.

    `wide` is the share of the domains' examples that `corpus.open_world` draws, `varied` the share of those with forms
    composed at random, in domains that have such.
    """

    mixture: dict[str, float]
    echoes: float = 0.0
    drills: float = 0.0
    wide: float = 0.0
    varied: float = 0.0


PRETRAINING = Recipe(MIXTURE, echoes=0.08, drills=0.05, wide=WIDE)
# What pretraining leaves wrong most often, by its errors on held-out prompts: lists, copies, edits and talk; and
# repetitions and counts that are right but never end.
WEAK = {"lists": 0.18, "copy": 0.14, "edit": 0.18, "chat": 0.18, "explain": 0.08, "code": 0.09}
STRONG = {"equations": 0.08, "units": 0.06, "json": 0.07, "stories": 0.03}
ANNEALING = Recipe(MIXTURE | WEAK | STRONG, echoes=0.03, drills=0.12, wide=WIDE)
# What annealing leaves wrong, by its errors on held-out and on visitors' prompts; and forms it has not met.
WRONG = {"math": 0.14, "lists": 0.13, "units": 0.09, "code": 0.09, "copy": 0.11, "edit": 0.16, "chat": 0.22}
PRACTICE = Recipe(
    WRONG | {"equations": 0.09, "json": 0.06, "stories": 0.05, "explain": 0.05},
    echoes=0.03,
    drills=0.08,
    wide=WIDE,
    varied=0.5,
)


def draw(domain: str, rng: random.Random, split: str, wide: float = 0.0, varied: float = 0.0) -> Example:
    """One example of `domain` that belongs to `split`.

    With probability `varied` it has a form composed at random, if the domain has such; with probability `wide` it is
    from the open world.
    """
    module = domain_module(domain)
    make = getattr(module, "varied", None) if varied and rng.random() < varied else None

    def fits(example: Example) -> bool:
        return split_of(example, module.HELD_OUT) == split

    if rng.random() < wide:
        return open_world.sample(module, rng, fits, make)
    while not fits(example := (make or module.sample)(rng)):
        pass
    return example


@dataclass(frozen=True, slots=True)
class Document:
    """One tokenised dialogue; `answer[i]` says that token i was written by the assistant (end-of-turn included)."""

    ids: tuple[int, ...]
    answer: tuple[bool, ...]


def encode_dialogue(tokenizer, messages: Iterable[tuple[str, str]], letters: bool = False) -> Document:
    """The chat template's tokens of a whole dialogue, marking the assistant's own.

    The template's text is assembled turn by turn, so that the assistant's tokens (content and end-of-turn) are
    known exactly; the tokens equal the template's because special tokens separate the parts. `letters`: the assistant's
    words are tokens of one letter each.
    """
    ids: list[int] = []
    answer: list[bool] = []

    def add(text: str, own: bool) -> None:
        pieces = _LETTERS.findall(text) if own and letters else [text]
        new = [token for piece in pieces for token in tokenizer.encode(piece, add_special_tokens=False)]
        ids.extend(new)
        answer.extend([own] * len(new))

    for role, content in messages:
        if role == "assistant":
            add("<|im_start|>assistant\n<think>\n\n</think>\n\n", False)
            add(content + "<|im_end|>", True)
            add("\n", False)
        else:
            add(f"<|im_start|>{role}\n{content}<|im_end|>\n", False)
    return Document(tuple(ids), tuple(answer))


def echo(rng: random.Random, vocabulary: int) -> Document:
    """A copying document: phrases of random tokens, then their repetition, in order or one by one, as the answer.

    Only copying predicts the repetition. A model of this size had learnt arithmetic before it could repeat an unseen
    name; these documents force it to learn to look back.
    """
    phrases = [_phrase(rng, vocabulary) for _ in range(rng.choice((1, 1, 2, 3)))]
    ids = [token for phrase in phrases for token in phrase]
    answer = [False] * len(ids)
    for _ in range(rng.choice((1, 1, 2, 3))):
        for phrase in rng.sample(phrases, len(phrases)):
            ids += phrase
            answer += [len(phrases) == 1] + [True] * (len(phrase) - 1)  # which phrase comes next is unpredictable
    return Document(tuple(ids), tuple(answer))


def drill(tokenizer, rng: random.Random) -> Document:
    """Two to six short copying tasks in one dialogue, all of the split "train"."""
    module, messages, tasks = domain_module("copy"), [], rng.randint(2, 6)
    while tasks:
        example = module.drill(rng)
        if split_of(example, module.HELD_OUT) == "train":
            messages += example.messages
            tasks -= 1
    return encode_dialogue(tokenizer, messages)


def _phrase(rng: random.Random, vocabulary: int) -> list[int]:
    return [rng.randrange(FIRST_ORDINARY, vocabulary) for _ in range(rng.randint(3, 30))]


class Rows(NamedTuple):
    """Packed rows, each [rows, length]; `document` is -1 on padding, positions restart with each document."""

    ids: Tensor  # int64
    document: Tensor  # int64
    position: Tensor  # int64
    answer: Tensor  # bool


def on_device(batch: Batch, device: torch.device) -> Batch:
    """A named tuple of tensors, each on `device`."""
    return type(batch)(*(tensor.to(device) for tensor in batch))


def pack(next_document: Callable[[], Document], rows: int, length: int, padding_id: int) -> Rows:
    """Fill `rows` rows of `length` tokens with whole documents, first fit; stops when one fits nowhere.

    Documents longer than a row are skipped.
    """
    bins: list[list[Document]] = [[] for _ in range(rows)]
    free = [length] * rows
    misses = 0
    while misses < 3:  # the third document that fits nowhere: the rows are about 95 % full
        document = next_document()
        size = len(document.ids)
        if size > length:
            continue
        row = next((r for r in range(rows) if free[r] >= size), None)
        if row is None:
            misses += 1
            continue
        bins[row].append(document)
        free[row] -= size
    return _tensors(bins, length, padding_id)


def _tensors(bins: list[list[Document]], length: int, padding_id: int) -> Rows:
    shape = (len(bins), length)
    ids = torch.full(shape, padding_id)
    document, position = torch.full(shape, -1), torch.zeros(shape, dtype=torch.int64)
    answer = torch.zeros(shape, dtype=torch.bool)
    for r, documents in enumerate(bins):
        at = 0
        for d, doc in enumerate(documents):
            span = slice(at, at + len(doc.ids))
            ids[r, span] = torch.tensor(doc.ids)
            answer[r, span] = torch.tensor(doc.answer)
            document[r, span] = d
            position[r, span] = torch.arange(len(doc.ids))
            at = span.stop
    return Rows(ids, document, position, answer)


def corpus_rows(
    tokenizer, seed: int, step: int, rows: int, length: int, split: str = "train", recipe: Recipe = PRETRAINING
) -> Rows:
    """The packed batch of one training step, drawn by `recipe`; echoes and drills only for "train"."""
    rng = random.Random(f"{split}/{seed}/{step}")
    domains, weights = zip(*recipe.mixture.items(), strict=True)

    def document() -> Document:
        roll = rng.random() if split == "train" else 1.0
        if roll < recipe.echoes:
            return echo(rng, len(tokenizer))
        if roll < recipe.echoes + recipe.drills:
            return drill(tokenizer, rng)
        example = draw(rng.choices(domains, weights)[0], rng, split, recipe.wide, recipe.varied)
        return encode_dialogue(tokenizer, example.messages, example.letters)

    return pack(document, rows, length, tokenizer.pad_token_id)
