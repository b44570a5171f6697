"""Self-distillation data: the frozen AR view's own greedy answers to the corpus's prompts.

Prompts of equal length are answered together, so no padding ever enters the arithmetic.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from orthrus.model import Orthrus
from orthrus.training.data import MIXTURE, Document, Rows, draw, encode_dialogue, pack
from orthrus.training.forward import causal_document_bias, forward_rows


@dataclass(frozen=True)
class Rollouts:
    """Answered prompts by domain, for training and for validation."""

    train: dict[str, list[Document]]
    valid: dict[str, list[Document]]
    padding_id: int

    def rows(self, key: str, rows: int, length: int, domain: str | None = None) -> Rows:
        """A packed batch that depends on `key` alone; validation documents when `domain` is given."""
        rng = random.Random(key)
        if domain is not None:
            return pack(lambda: rng.choice(self.valid[domain]), rows, length, self.padding_id)
        domains = list(self.train)
        weights = [MIXTURE[d] for d in domains]
        return pack(lambda: rng.choice(self.train[rng.choices(domains, weights)[0]]), rows, length, self.padding_id)

    def save(self, path: Path) -> None:
        """One safetensors file: tokens end to end, lengths, where each answer starts, domain and split numbers."""
        documents = [(d, s, doc) for s, part in enumerate((self.train, self.valid)) for d in part for doc in part[d]]
        names = list(MIXTURE)
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
    """Answer `prompts` training prompts (shared out by MIXTURE) and `valid` a domain for validation.

    Answers that have not ended after `max_length` tokens in all are left out.
    """
    parts = {}
    for split, total in (("train", prompts), ("valid", None)):
        parts[split] = {}
        for domain, share in MIXTURE.items():
            rng = random.Random(f"rollouts/{seed}/{split}/{domain}")
            wanted = valid if total is None else max(1, round(total * share))
            examples = [draw(domain, rng, split) for _ in range(wanted)]
            encoded = [_prompt_ids(tokenizer, e.messages) for e in examples]
            answered = list(_answer(model, encoded, max_length, model.config.eos_token_ids[0]))
            parts[split][domain] = answered
            note(f"[rollouts] {split} {domain}: {len(answered)} of {wanted} answers ended in time")
    return Rollouts(parts["train"], parts["valid"], tokenizer.pad_token_id)


def _prompt_ids(tokenizer, messages) -> tuple[int, ...]:
    """The dialogue up to where the last answer begins."""
    document = encode_dialogue(tokenizer, messages)
    last = len(document.ids) - 1 - document.answer[::-1].index(True)
    while document.answer[last]:
        last -= 1
    return document.ids[: last + 1]


def _answer(model: Orthrus, prompts: list[tuple[int, ...]], max_length: int, eos: int) -> Iterator[Document]:
    by_length = defaultdict(list)
    for prompt in prompts:
        if len(prompt) < max_length:
            by_length[len(prompt)].append(prompt)
    for size in sorted(by_length):
        for i in range(0, len(by_length[size]), 256):
            batch = torch.tensor(by_length[size][i : i + 256])
            for ids in greedy_batch(model, batch, max_length, eos):
                if ids[-1] == eos:
                    yield Document(tuple(ids), (False,) * size + (True,) * (len(ids) - size))


@torch.inference_mode()
def greedy_batch(model: Orthrus, prompts: Tensor, max_length: int, eos: int) -> list[list[int]]:
    """Greedy continuations of equally long prompts [batch, length], each up to its EOS or `max_length` tokens."""
    batch, size = prompts.shape
    layers = model.fused_layers()
    cos, sin = model.rope
    bias = causal_document_bias(torch.zeros(1, size, dtype=torch.int64))
    hidden, prefix = forward_rows(
        model, prompts, bias.to(model.dtype), cos[:size].to(model.dtype), sin[:size].to(model.dtype)
    )
    shape = (batch, model.config.num_key_value_heads, max_length, model.config.head_dim)
    keys = [torch.zeros(shape, dtype=model.dtype) for _ in layers]
    values = [torch.zeros(shape, dtype=model.dtype) for _ in layers]
    for layer in range(len(layers)):
        keys[layer][:, :, :size], values[layer][:, :, :size] = prefix.keys[layer], prefix.values[layer]
    token = torch.nn.functional.linear(hidden[:, -1], model.head_weight).argmax(-1)
    texts = [row.tolist() for row in prompts]
    alive = torch.arange(batch)  # which text each row of the caches belongs to
    for at in range(size, max_length):
        for row, new in zip(alive.tolist(), token.tolist(), strict=True):
            if texts[row][-1] != eos or len(texts[row]) == size:
                texts[row].append(new)
        running = torch.tensor([texts[row][-1] != eos for row in alive.tolist()])
        if at + 1 == max_length or not running.any():
            break
        if running.sum() <= 0.75 * len(alive):  # dropping finished rows copies the caches: worth it a quarter at a time
            kept = running.nonzero().squeeze(1)
            alive, token = alive[kept], token[kept]
            keys, values = [k[kept] for k in keys], [v[kept] for v in values]
        token = _step(model, token, keys, values, at).argmax(-1)
    return texts


def _step(model: Orthrus, token: Tensor, keys: list[Tensor], values: list[Tensor], at: int) -> Tensor:
    """One AR step of a whole batch at position `at`: [batch] -> logits [batch, vocab]."""
    x = model.model.embed_tokens.weight[token]
    cos, sin = (table[at].view(1, 1, -1) for table in model.rope)
    for layer, k_cache, v_cache in zip(model.fused_layers(), keys, values, strict=True):
        q, k, v = model.project(x, layer.ar, layer.attn_norm, cos, sin)
        k_cache[:, :, at], v_cache[:, :, at] = k, v
        q = q.view(len(x), k.shape[1], -1, k.shape[2])
        scores = torch.matmul(q, k_cache[:, :, : at + 1].transpose(2, 3)).float() * k.shape[2] ** -0.5
        attended = torch.matmul(scores.softmax(-1).to(x.dtype), v_cache[:, :, : at + 1])
        x = x + torch.nn.functional.linear(attended.flatten(1), layer.ar.out)
        x = model.mlp(x, layer)
    return model.logits(x)
