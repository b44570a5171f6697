"""Logit statistics for display: log-probabilities, entropies, alternatives. They never change an id.

Every function takes logits of a finished pass and returns plain Python values for the events.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from kernels import ops
from orthrus.decoding.sampling import Sampled, Sampler
from orthrus.events import LOG_PROB_FLOOR, log_probs

RANK_LIMIT = 999


def lps(values: Tensor) -> Sequence:
    """`log_probs` of [n] or [rows, n].

    Right after a pass the code of tensor operations is not in the CPU cache: for one row four of them take
    40 microseconds, Python 12; for a table of rows it is the other way round.
    """
    if values.dim() > 1:
        return values.clamp(LOG_PROB_FLOOR, 0.0).double().round(decimals=3).tolist()
    return log_probs(values.tolist())


def _floats(values: list[float]) -> list[float]:
    """3 decimals, rounded as `log_probs` does; a value that is negative only by rounding becomes 0."""
    return [int(0.5 + 1e3 * x) / 1e3 for x in values]


def _pick(log_p: Tensor, ids: Tensor) -> Tensor:
    return log_p.gather(1, ids[:, None]).squeeze(1)


def gaps(logits: Tensor) -> Tensor:
    """[rows, vocab] -> [rows] float32, top-1 logit minus top-2."""
    return ops.gaps(logits)


class Distribution(NamedTuple):
    """One pass's distributions, kept from the draft to the verdict of a cycle; most fields from detail 1 on."""

    log_p: Tensor  # [rows, vocab] float32
    p: Tensor | None = None  # [rows, vocab] float32
    entropy: Tensor | None = None  # [rows], nats
    likeliest: Tensor | None = None  # [rows, max(2, alternatives)] log-probs, falling
    top: list[list[float]] | None = None  # the same numbers
    top_ids: list[list[int]] | None = None  # and their ids


def _gaps_behind(d: Distribution, choices: Tensor, own: Tensor, sampler: Sampler) -> list[float]:
    """`gaps` of a pass; sorting would take 90 microseconds, a second search for the largest takes 15."""
    if d.top is not None:
        return _floats([row[0] - row[1] for row in d.top])
    if isinstance(sampler, Sampled):  # the chosen token need not be the largest
        return _floats(gaps(d.log_p).tolist())
    second = d.log_p.scatter_(1, choices[:, None], -math.inf).amax(-1)
    return _floats([a - b for a, b in zip(own.tolist(), second.tolist(), strict=True)])


def of_logits(logits: Tensor, detail: int, n_alt: int) -> Distribution:
    """logits [rows, vocab]."""
    log_p, p, entropy, values, ids = ops.distribution(logits, max(2, n_alt) if detail >= 1 else 0)
    if detail < 1:
        return Distribution(log_p)
    return Distribution(log_p, p, entropy, values, values.tolist(), ids.tolist())


def alternatives(d: Distribution, count: int, prefix: str) -> dict[str, Any]:
    """Entropies and the `count` likeliest ids with their log-probs, as `<prefix>_H`, `_top_ids`, `_top_lp`."""
    assert d.entropy is not None and d.top_ids is not None and d.likeliest is not None, "kept from detail 1 on"
    return {
        f"{prefix}_H": _floats(d.entropy.tolist()),
        f"{prefix}_top_ids": [ids[:count] for ids in d.top_ids],
        f"{prefix}_top_lp": lps(d.likeliest[:, :count]),
    }


def draft_fields(
    logits: Tensor, ids: Tensor, detail: int, n_alt: int, sampler: Sampler
) -> tuple[dict[str, Any], Distribution | None]:
    """The draft event's optional fields; logits [N, vocab], ids [N]."""
    if detail < 0:
        return {}, None
    q = of_logits(logits, detail, n_alt)
    fields = {"q_lp": lps(_pick(q.log_p, ids))}
    if isinstance(sampler, Sampled):
        fields["q_f"] = lps(_pick(sampler.scores(logits).log_softmax(-1), ids))
    if detail >= 1:
        fields |= alternatives(q, n_alt, "q")
    return fields, q


def verdict_fields(
    logits: Tensor,
    choices: Tensor,
    proposals: Tensor,
    q: Distribution | None,
    detail: int,
    n_alt: int,
    sampler: Sampler,
) -> dict[str, Any]:
    """The verdict event's optional fields; logits [block, vocab], choices [block], proposals [N], q of the N rows."""
    if detail < 0:
        return {}
    p = of_logits(logits, detail, n_alt)
    n = len(proposals)
    own, drafted = _pick(p.log_p, choices), _pick(p.log_p[:n], proposals)
    fields = {
        "p_lp_draft": lps(drafted),
        "p_lp_ar": lps(own),
        "p_gap": _gaps_behind(p, choices, own, sampler),
    }
    if detail >= 1:
        fields |= alternatives(p, n_alt, "p")
        fields |= {
            "rank_p_of_draft": _ranks(p, proposals, drafted),
            "rank_q_of_ar": [],
            "overlap": [],
        }
    if detail >= 1 and n:
        assert q is not None and q.p is not None and p.p is not None, "kept from detail 1 on"
        fields["rank_q_of_ar"] = _ranks(q, choices[:n], _pick(q.log_p, choices[:n]))
        fields["overlap"] = [min(1.0, x) for x in _floats(torch.minimum(p.p[:n], q.p).sum(-1).tolist())]
    return fields


def _ranks(d: Distribution, ids: Tensor, own: Tensor) -> list[int]:
    """Rank of each id: how many are likelier, or as likely with a lower id (argmax order); -1 beyond 999.

    ids [n] and their log-probs own [n], of d's first n rows. An id likelier than the last listed alternative gets its
    rank from the list, in Python; only the other rows are counted over the vocabulary.
    """
    assert d.top is not None and d.top_ids is not None, "kept from detail 1 on"
    ranks, beyond = [], []
    for row, (wanted, log_p) in enumerate(zip(ids.tolist(), own.tolist(), strict=True)):
        top, rank = d.top[row], 0
        if log_p <= top[-1]:
            beyond.append(row)
        elif log_p <= top[1]:  # else only the likeliest, as most are
            ahead = zip(top, d.top_ids[row], strict=True)
            rank = sum(value > log_p or (value == log_p and index < wanted) for value, index in ahead)
        ranks.append(rank)
    if beyond:
        for row, rank in zip(beyond, _counted(d.log_p[beyond], ids[beyond], own[beyond]), strict=True):
            ranks[row] = rank if rank <= RANK_LIMIT else -1
    return ranks


def _counted(log_p: Tensor, ids: Tensor, own: Tensor) -> list[int]:
    """`_ranks` of rows [n, vocab], ids and own [n], over the whole vocabulary."""
    likelier, no_less = (log_p > own[:, None]).sum(-1).tolist(), (log_p >= own[:, None]).sum(-1).tolist()
    for row, (more, as_many) in enumerate(zip(likelier, no_less, strict=True)):
        if as_many > more + 1:  # ties: two rows per cycle in bfloat16
            likelier[row] += int((log_p[row, : int(ids[row])] == own[row]).sum())
    return likelier


def prefill_fields(logits: Tensor, detail: int, n_alt: int) -> dict[str, Any]:
    """The prefill event's optional fields from its last row, logits [1, vocab]."""
    if detail < 1:
        return {}
    return {name: values[0] for name, values in alternatives(of_logits(logits, detail, n_alt), n_alt, "p").items()}


class RowLog:
    """Fingerprints of the logit rows a lane committed, by absolute position of the row's input token.

    Two rows have equal fingerprints iff their bits are equal, up to hash collisions (64 bits); keeping 8 bytes and
    the top three instead of the row makes whole runs comparable at any vocabulary. The top three are of the scores
    that decided: logits, or in sampling filtered logits with their noise.
    """

    def __init__(self) -> None:
        self.fingerprints: dict[int, int] = {}
        self.top3: dict[int, tuple[tuple[int, float], ...]] = {}

    def add(self, position: int, logits: Tensor, sampler: Sampler) -> None:
        """Rows [rows, vocab] whose input tokens are at position, position + 1, ..."""
        top = sampler.contest(logits, position).topk(3, dim=-1)
        for i, (mark, ids, values) in enumerate(
            zip(_fingerprint(logits), top.indices.tolist(), top.values.float().tolist(), strict=True)
        ):
            self.fingerprints[position + i] = mark
            self.top3[position + i] = tuple(zip(ids, values, strict=True))


def _fingerprint(logits: Tensor) -> list[int]:
    """A wrapping int64 polynomial of the rows' bits, [rows, vocab] -> rows integers."""
    bits = logits.contiguous().view(torch.int32 if logits.element_size() == 4 else torch.int16).long()
    odd = 2 * torch.arange(bits.shape[1], device=bits.device) + 1
    weights = odd * odd * 0x5DEECE66D  # odd multipliers: a single changed element always changes the sum
    return (bits * weights).sum(-1).tolist()
