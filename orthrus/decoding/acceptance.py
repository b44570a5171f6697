"""Acceptance rules of speculative decoding: the accepted prefix, then the AR view's own next token. Pure functions.

by choice      (greedy, gumbel)  a proposal is accepted iff it is the AR view's own choice at that place
by rejection                     with probability min(1, p / q); after a refusal one draw of max(p - q, 0)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from orthrus.config import DecodeConfig
from orthrus.decoding.draft_tree import Branches
from orthrus.decoding.sampling import ACCEPTANCE, NEXT, Sampled, Sampler, draw, uniforms
from orthrus.events.schema import NextKind, TextEnd
from orthrus.model.argmax import greedy, refuse_non_finite


@dataclass(frozen=True, slots=True)
class AcceptResult:
    """The outcome of one cycle; `tokens` are appended to the text, the last of them is `next_id` unless it is None."""

    n_accept: int  # leading matching proposals, before EOS and limits
    tokens: tuple[int, ...]
    next_id: int | None
    next_kind: NextKind  # correction | bonus | none
    stop: TextEnd | None  # eos | length | None
    path: tuple[int, ...] = ()  # rows of the branches appended behind them

    @property
    def kept(self) -> int:
        """Cache rows kept: the anchor and the accepted tokens appended."""
        return 1 + len(self.tokens) - (self.next_id is not None)


def longest_prefix(proposals: Sequence[int], choices: Sequence[int]) -> int:
    """Length of the leading run on which proposals and the AR view's choices agree."""
    for n, (proposal, choice) in enumerate(zip(proposals, choices, strict=False)):
        if proposal != choice:
            return n
    return min(len(proposals), len(choices))


def accept_matching(
    proposals: Sequence[int], choices: Sequence[int], eos_ids: Collection[int], remaining: int
) -> AcceptResult:
    """Acceptance by choice of one block.

    proposals [n], choices [n + 1] (row i is the AR view's choice after slot i), `remaining` >= n + 1 tokens may still
    be generated. An accepted EOS ends the text there; EOS beats the length limit.
    """
    if len(choices) != len(proposals) + 1:
        raise ValueError(f"{len(proposals)} proposals need {len(proposals) + 1} choices, got {len(choices)}")
    n_accept = longest_prefix(proposals, choices)
    return result_of(proposals, n_accept, choices[n_accept], "correction", eos_ids, remaining)


def accept_tree(
    proposals: Sequence[int], branches: Branches, choices: Sequence[int], eos_ids: Collection[int], remaining: int
) -> AcceptResult:
    """Acceptance by choice of a tree: along the chain, then along the branches, as far as the AR view's choices lead.

    proposals [n] of the chain, choices [1 + n + branches], `remaining` > the tree's depth.
    """
    n_accept = longest_prefix(proposals, choices[: len(proposals) + 1])
    path = branches.walk(n_accept, choices)
    tokens = [*proposals[:n_accept], *(branches.ids[row - branches.chain - 1] for row in path)]
    last = path[-1] if path else n_accept
    found = result_of(tokens, len(tokens), choices[last], "correction", eos_ids, remaining)
    kind: NextKind = "correction" if found.next_kind == "bonus" and not branches.is_leaf(last) else found.next_kind
    return replace(found, n_accept=n_accept, next_kind=kind, path=tuple(path[: max(0, found.kept - 1 - n_accept)]))


def result_of(
    proposals: Sequence[int], n_accept: int, next_id: int, refused: NextKind, eos_ids: Collection[int], remaining: int
) -> AcceptResult:
    """The result of `n_accept` accepted proposals and the AR view's own `next_id`.

    `refused` names a next token that follows a refusal: correction or resample.
    """
    for i in range(n_accept):
        if proposals[i] in eos_ids:
            return AcceptResult(n_accept, tuple(proposals[: i + 1]), None, "none", "eos")
    tokens = (*proposals[:n_accept], next_id)
    stop: TextEnd | None = "eos" if next_id in eos_ids else "length" if len(tokens) >= remaining else None
    kind: NextKind = "bonus" if n_accept == len(proposals) else refused
    return AcceptResult(n_accept, tokens, next_id, kind, stop)


class RejectionSample(NamedTuple):
    """The probabilities and uniform draws of one block under rejection sampling."""

    n_accept: int
    next_id: int
    p_f: Tensor  # [n] probabilities of the proposals under the AR view, filtered
    accept_p: Tensor  # [n] double
    u: tuple[float, ...]  # of the judged proposals
    residual: Tensor | None  # [vocab] double, what the next token was drawn from; None after a full block
    residual_mass: float | None


def rejection_sample(
    p: Tensor, q: Tensor, proposals: Sequence[int], u: Sequence[float], u_next: Sequence[float]
) -> RejectionSample:
    """Rejection sampling of one block (Leviathan et al. 2023, Chen et al. 2023).

    p [n + 1, vocab] of the AR view and q [n, vocab] of the diffusion view, both after temperature and filters;
    proposals [n] drawn from q; u [n] and u_next [n + 1] uniform in (0, 1), all independent. The committed tokens are
    distributed exactly as p, whatever q is.
    """
    n = len(proposals)
    if len(p) != n + 1 or len(q) != n:
        raise ValueError(f"{n} proposals need {n + 1} rows of p and {n} of q, got {len(p)} and {len(q)}")
    p, q = p.double(), q.double()
    slots, ids = torch.arange(n), torch.tensor(proposals, dtype=torch.int64)
    p_f = p[slots, ids]
    chances = acceptance_probability(p_f, q[slots, ids])
    n_accept = next((i for i, chance in enumerate(chances.tolist()) if u[i] >= chance), n)
    judged = tuple(u[: min(n_accept + 1, n)])
    if n_accept == n:
        return RejectionSample(n, draw(p[n], u_next[n]), p_f, chances, judged, None, None)
    rest, mass = residual(p[n_accept], q[n_accept])
    return RejectionSample(n_accept, draw(rest, u_next[n_accept]), p_f, chances, judged, rest, mass)


def acceptance_probability(p: Tensor, q: Tensor) -> Tensor:
    """min(1, p / q), elementwise: 1 where p >= q > 0 or q is zero, but 0 where p is zero. p, q [n] -> [n]."""
    return torch.where(p >= q, (p > 0).to(p.dtype), p / q.clamp(min=torch.finfo(q.dtype).tiny))


def residual(p: Tensor, q: Tensor) -> tuple[Tensor, float]:
    """[vocab] twice -> (max(p - q, 0) scaled to sum 1, its mass before).

    If no mass is left (p = q: a refusal can then only come from rounding) it is p itself.
    """
    rest = (p - q).clamp(min=0)
    mass = float(rest.sum())
    return (rest / mass, mass) if mass > 0 else (p / p.sum(), 0.0)


class Verification(NamedTuple):
    """The AR view's judgement of one block."""

    choices: Tensor  # [rows] int64: its own choice after each slot, and after each branch
    listed: list[int]
    settled: AcceptResult
    rejection_sample: RejectionSample | None  # only under rejection sampling


Judge = partial[Verification]  # of `by_choice` or `by_rejection`


def judge_for(config: DecodeConfig, sampler: Sampler, eos: Collection[int]) -> Judge:
    """Acceptance rule: judge(verify logits [n + 1, vocab], draft logits [n, vocab], proposals, position, remaining).

    `position` is the anchor's position.
    """
    if isinstance(sampler, Sampled) and config.coupling == "rejection":
        return partial(by_rejection, sampler, eos)
    return partial(by_choice, sampler, eos)


def by_choice(
    sampler: Sampler,
    eos: Collection[int],
    logits: Tensor,
    drafted: Tensor | None,
    proposals: list[int],
    position: int,
    remaining: int,
    branches: Branches | None = None,
) -> Verification:
    """Greedy and gumbel: a proposal is accepted iff the AR view chooses the same token there.

    logits [n + 1, vocab], more by a row for each branch; drafted [n, vocab] or None.
    """
    if branches is None:
        choices = sampler.sample(logits, position)
        listed = choices.tolist()
        return Verification(choices, listed, accept_matching(proposals, listed, eos, remaining), None)
    choices = sampler.sample(logits, position, torch.tensor(branches.depths, device=logits.device))
    listed = choices.tolist()
    return Verification(choices, listed, accept_tree(proposals, branches, listed, eos, remaining), None)


def by_rejection(
    sampler: Sampled,
    eos: Collection[int],
    logits: Tensor,
    drafted: Tensor | None,
    proposals: list[int],
    position: int,
    remaining: int,
) -> Verification:
    """Rejection sampling as published; `choices` is the AR view's argmax, for display only.

    logits [n + 1, vocab], drafted [n, vocab] or None.
    """
    choices = greedy(logits)
    refuse_non_finite(logits, choices)
    p = sampler.scores(logits).softmax(-1).cpu()
    q = p[:0] if drafted is None else sampler.scores(drafted).softmax(-1).cpu()
    u, u_next = uniforms(sampler.seed, position, len(proposals) + 1, (ACCEPTANCE, NEXT))
    drawn = rejection_sample(p, q, proposals, u[:-1], u_next)
    settled = result_of(proposals, drawn.n_accept, drawn.next_id, "resample", eos, remaining)
    return Verification(choices, choices.tolist(), settled, drawn)
