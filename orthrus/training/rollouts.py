"""Rollouts, the self-distillation data: the frozen AR view's greedy answers to the corpus's prompts.

Prompts of similar length are answered together, a few hundred at a time.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from orthrus.checkpoints.loading import not_compiled
from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import AR, rope_table
from orthrus.training.data import MIXTURE, WIDE, Document, Rows, draw, encode_dialogue, pack
from orthrus.training.forward import causal_document_bias, close, forward_rows

if TYPE_CHECKING:
    from orthrus.model.compiled_model import CompiledModel

Answer = Callable[
    [list[tuple[int, ...]], int, int | Collection[int]], list[list[int]]
]  # prompts, limit, EOS -> answers
BATCH = 256
MAX_ANSWER = 280  # tokens; hardly an answer of the corpus is longer, so a longer one has failed


@dataclass(frozen=True)
class Rollouts:
    """Answered prompts by domain, for training and for validation."""

    train: dict[str, list[Document]]
    valid: dict[str, list[Document]]
    padding_id: int

    def validation_rows(self, domain: str, rows: int, length: int) -> Rows:
        """A fixed packed batch of one domain's validation documents."""
        rng = random.Random(f"valid/{domain}")
        return pack(lambda: rng.choice(self.valid[domain]), rows, length, self.padding_id)

    def rows(self, key: str, rows: int, length: int, mixture: dict[str, float]) -> Rows:
        """A packed training batch that depends on `key` alone, domains weighted by `mixture`."""
        rng = random.Random(key)
        domains = list(self.train)
        weights = [mixture[d] for d in domains]
        return pack(lambda: rng.choice(self.train[rng.choices(domains, weights)[0]]), rows, length, self.padding_id)

    def save(self, path: Path) -> None:
        """One safetensors file: tokens end to end, lengths, where each answer starts, domain and split numbers."""
        documents = [(d, s, doc) for s, part in enumerate((self.train, self.valid)) for d in part for doc in part[d]]
        names = list(dict.fromkeys([*self.train, *self.valid]))
        tensors = {
            "ids": torch.tensor([i for *_, doc in documents for i in doc.ids], dtype=torch.int32),
            "length": torch.tensor([len(doc.ids) for *_, doc in documents]),
            "start": torch.tensor([doc.answer.index(True) for *_, doc in documents]),
            "domain": torch.tensor([names.index(d) for d, *_ in documents]),
            "split": torch.tensor([s for _, s, _ in documents]),
        }
        save_file(tensors, path, {"padding_id": str(self.padding_id), "domains": ",".join(names)})

    @classmethod
    def load(cls, path: Path) -> Rollouts:
        """Read what `save` wrote."""
        with safe_open(path, "pt") as file:
            meta = file.metadata()
            ids, length, start, domain, split = (
                file.get_tensor(k).tolist() for k in ("ids", "length", "start", "domain", "split")
            )
        names, parts, at = meta["domains"].split(","), (defaultdict(list), defaultdict(list)), 0
        for n, first, d, s in zip(length, start, domain, split, strict=True):
            answer = (False,) * first + (True,) * (n - first)
            parts[s][names[d]].append(Document(tuple(ids[at : at + n]), answer))
            at += n
        return cls(dict(parts[0]), dict(parts[1]), int(meta["padding_id"]))


def collect(
    model: Orthrus, tokenizer, prompts: int, valid: int, seed: int, max_length: int, note: Callable[[str], None]
) -> Rollouts:
    """Answer `prompts` training prompts (split by MIXTURE) and `valid` per domain for validation.

    Answers that have not ended after MAX_ANSWER tokens, or do not fit `max_length` with their prompt, are left out.
    """
    parts, answer = {}, answerer(model)
    for split, total in (("train", prompts), ("valid", None)):
        parts[split] = {}
        for domain, share in MIXTURE.items():
            rng = random.Random(f"rollouts/{seed}/{split}/{domain}")
            wanted = valid if total is None else max(1, round(total * share))
            examples = [draw(domain, rng, split, WIDE) for _ in range(wanted)]
            encoded = [_prompt_ids(tokenizer, e.messages) for e in examples]
            answered = list(_answered(answer, encoded, max_length, model.config.eos_token_ids[0]))
            parts[split][domain] = answered
            note(f"[rollouts] {split} {domain}: {len(answered)} of {wanted} answers ended in time")
    return Rollouts(parts["train"], parts["valid"], tokenizer.pad_token_id)


def _prompt_ids(tokenizer, messages) -> tuple[int, ...]:
    """The token ids of the dialogue up to the last answer."""
    document = encode_dialogue(tokenizer, messages)
    last = len(document.ids) - 1 - document.answer[::-1].index(True)
    while document.answer[last]:
        last -= 1
    return document.ids[: last + 1]


def _answered(answer: Answer, prompts: list[tuple[int, ...]], max_length: int, eos: int) -> Iterator[Document]:
    fitting = sorted((p for p in prompts if len(p) < max_length), key=len)
    for i in range(0, len(fitting), BATCH):
        batch = fitting[i : i + BATCH]
        for prompt, new in zip(batch, answer(batch, MAX_ANSWER, eos), strict=True):
            if new[-1] == eos and len(prompt) + len(new) <= max_length:
                yield Document((*prompt, *new), (False,) * len(prompt) + (True,) * len(new))


def answerer(model: Orthrus) -> Answer:
    """Choose the generator of greedy answers: one by one on the compiled CPU engine, else in batches.

    The compiled engine gives what decoding will give, bit for bit. On one thread it is as fast as batches of 16, and
    a quarter slower than batches of 256 on a busy machine.
    """
    if model.device.type != "cpu" or not_compiled(model.config, None):
        return partial(greedy_batch, model)
    from orthrus.model.compiled_model import compiled

    return partial(greedy_alone, compiled(model))


def greedy_alone(
    model: CompiledModel, prompts: list[tuple[int, ...]], max_new: int, eos: int | Collection[int]
) -> list[list[int]]:
    """As `greedy_batch`, one prompt at a time."""
    ends = {eos} if isinstance(eos, int) else set(eos)
    answers = []
    for prompt in prompts:
        cache, new = model.new_cache(len(prompt) + max_new), list[int]()
        token = torch.tensor(prompt)
        while len(new) < max_new and not (new and new[-1] in ends):
            token = model.argmax(model.forward_ar(token, cache, last_only=True))
            new.append(int(token))
        answers.append(new)
    return answers


@torch.inference_mode()
def greedy_batch(
    model: Orthrus, prompts: list[tuple[int, ...]], max_new: int, eos: int | Collection[int]
) -> list[list[int]]:
    """Greedy answers to `prompts`, each up to its EOS (one or several ids) or `max_new` tokens, computed together.

    Shorter prompts are padded on the right, so the causal mask hides the padding; every row keeps its own position.
    """
    ends, device = {eos} if isinstance(eos, int) else set(eos), model.device
    length = torch.tensor([len(p) for p in prompts], device=device)
    longest = int(length.max())
    padded = torch.tensor([[*p, *([0] * (longest - len(p)))] for p in prompts], device=device)
    bias = causal_document_bias(torch.zeros(1, longest, dtype=torch.int64, device=device))
    rope = rope_table(model.config, longest + max_new, device)
    cos, sin = (table[:longest].to(model.dtype) for table in rope)
    hidden, prefix = forward_rows(model, padded, bias, cos, sin)
    last = hidden[torch.arange(len(prompts), device=device), length - 1]
    token = F.linear(last, model.head_weight).argmax(-1)
    shape = (len(prompts), model.config.num_key_value_heads, longest + max_new, model.config.head_dim)
    keys, values = ([torch.zeros(shape, dtype=model.dtype, device=device) for _ in prefix.keys] for _ in range(2))
    for k_cache, v_cache, k, v in zip(keys, values, *prefix, strict=True):
        k_cache[:, :, :longest], v_cache[:, :, :longest] = k, v
    answers: list[list[int]] = [[] for _ in prompts]
    alive = torch.arange(len(prompts), device=device)  # answer index of each cache row
    for _ in range(max_new):
        for row, new in zip(alive.tolist(), token.tolist(), strict=True):
            if not answers[row] or answers[row][-1] not in ends:
                answers[row].append(new)
        running = torch.tensor([answers[row][-1] not in ends for row in alive.tolist()], device=device)
        if not running.any():
            break
        if running.sum() <= 0.75 * len(alive):  # dropping finished rows copies the caches: done a quarter at a time
            remaining = running.nonzero().squeeze(1)
            alive, token, length = alive[remaining], token[remaining], length[remaining]
            keys, values = [k[remaining] for k in keys], [v[remaining] for v in values]
        token = _step(model, rope, token, keys, values, length).argmax(-1)
        length = length + 1
    return answers


def _step(
    model: Orthrus,
    rope: tuple[Tensor, Tensor],
    token: Tensor,
    keys: list[Tensor],
    values: list[Tensor],
    position: Tensor,
) -> Tensor:
    """One AR step of a whole batch: token, position [batch] -> logits [batch, vocab]; row b writes at position[b]."""
    x = model.model.embed_tokens(token)[:, None]
    cos, sin = (table[position].to(model.dtype)[:, None, None] for table in rope)
    line, end = torch.arange(len(x), device=x.device), int(position.max()) + 1
    unseen = (torch.arange(end, device=x.device) > position[:, None])[:, None, None]
    for layer, k_cache, v_cache in zip(model.model.layers, keys, values, strict=True):
        q, k, v = layer.self_attn.project(layer.input_layernorm(x), AR, cos, sin)
        k_cache[line, :, position], v_cache[line, :, position] = k[:, :, 0], v[:, :, 0]
        q = q.reshape(len(x), k.shape[1], -1, k.shape[3])
        scores = torch.matmul(q, k_cache[:, :, :end].transpose(2, 3)).float() * k.shape[3] ** -0.5
        weights = scores.masked_fill_(unseen, -math.inf).softmax(-1).to(x.dtype)
        x = close(layer, AR, x, torch.matmul(weights, v_cache[:, :, :end]).view(q.shape[0], -1, 1, k.shape[3]))
    return F.linear(model.model.norm(x[:, 0]), model.head_weight)
