"""Greedy decoding that may draft in several diffusion passes, and what it counts; with one pass it is the engine's.

Each pass but the last fixes the most confident proposals; the next pass reads them in the place of masks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from orthrus.decoding.acceptance import accept_matching
from orthrus.model.dual_view import Orthrus
from orthrus.model.kv_cache import SharedCache


@dataclass
class Count:
    """Sums over the prompts of one domain."""

    tokens: int = 0
    cycles: int = 0
    accepted: int = 0
    passes: int = 0  # prefills, drafting passes and verify passes
    text: list[int] = field(default_factory=list)  # of the last prompt

    def figures(self) -> dict[str, float]:
        """Accepted proposals a cycle, tokens a pass."""
        return {"acceptance_length": self.accepted / max(1, self.cycles), "tpf": self.tokens / self.passes}


@torch.inference_mode()
def denoise(model: Orthrus, block: Tensor, cache: SharedCache, n_draft: int, passes: int) -> list[int]:
    """`n_draft` proposals for block [rows] int64, anchor and masks, in so many diffusion passes at most."""
    block, open_slots = block.clone(), torch.ones(n_draft, dtype=torch.bool)
    proposals = torch.zeros(n_draft, dtype=torch.int64)
    for left in range(min(passes, n_draft), 0, -1):
        logits = model.forward_diffusion(block, cache, n_draft)
        sure, token = logits.float().softmax(-1).max(-1)
        wanted = -(-int(open_slots.sum()) // left)
        best = sure.masked_fill(~open_slots, -1.0).topk(wanted).indices
        proposals[best], open_slots[best] = token[best], False
        block[1 + best] = token[best]
    return proposals.tolist()


@torch.inference_mode()
def decode(
    model: Orthrus, ids: list[int], count: Count, max_new: int, block_size: int, passes: int, eos: Collection[int]
) -> None:
    """Decode one prompt greedily and add to `count`; the text is AR's whatever is drafted."""
    cache = model.new_cache(len(ids) + max_new)
    text = [int(model.forward_ar(torch.tensor(ids), cache, last_only=True).argmax(-1))]
    window = torch.full((block_size,), model.config.mask_token_id)
    count.passes += 1
    while text[-1] not in eos and len(text) < max_new:
        start, remaining = cache.length, max_new - len(text)
        n_draft = min(block_size, remaining) - 1
        window[0] = text[-1]
        proposals = denoise(model, window, cache, n_draft, passes) if n_draft else []
        choices = model.forward_ar(torch.tensor([text[-1], *proposals]), cache).argmax(-1).tolist()
        settled = accept_matching(proposals, choices, eos, remaining)
        cache.crop(start + settled.kept)
        text.extend(settled.tokens)
        count.cycles += 1
        count.accepted += settled.kept - 1
        count.passes += min(passes, n_draft) + 1
    count.tokens += len(text)
    count.text = text


def over_domains(
    model: Orthrus, asked: dict[str, list[list[int]]], max_new: int, block_size: int, passes: int, eos: Iterable[int]
) -> dict[str, object]:
    """Every prompt of every domain; means with equal weight for each domain, and the domains' own figures."""
    counts = {domain: Count() for domain in asked}
    for domain, prompts in asked.items():
        for ids in prompts:
            decode(model, ids, counts[domain], max_new, block_size, passes, frozenset(eos))
    each = {domain: count.figures() for domain, count in counts.items()}
    means = {key: sum(f[key] for f in each.values()) / len(each) for key in ("acceptance_length", "tpf")}
    rounded = {domain: {k: round(v, 3) for k, v in f.items()} for domain, f in each.items()}
    return {k: round(v, 3) for k, v in means.items()} | {
        "tokens": sum(c.tokens for c in counts.values()),
        "domains": rounded,
    }
